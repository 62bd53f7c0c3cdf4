"""A caret points at its word, in any width and any script."""

from __future__ import annotations

import io

import pytest

from reconciler.diagnostics import Position
from reconciler.render.excerpt import excerpt
from reconciler.render.lines import cells
from reconciler.render.terminal import Terminal

LINES = {
    "short": ("    size: Standard_X", "Standard_X"),
    "far to the right": (f"a: {{{'b: 1, ' * 60}typo: here}}", "typo"),
    "in the middle": (f"{'x' * 70} wrong {'y' * 300}", "wrong"),
    "a long word": ("name: " + "w" * 400, "w" * 400),
    "wide characters": (f"# {'日本語' * 30} wrong", "wrong"),
    "a name with a version": ("    model: azureml:chat:1", "azureml:chat:1"),
    "an address": (
        "path: azureml://registries/a/models/b, x: 1",
        "azureml://registries/a/models/b",
    ),
    "a reference": (
        "key: ${{ endpoints.chat.primary_key }}  # x",
        "${{ endpoints.chat.primary_key }}",
    ),
    "a reference in a text": ("path: ${{ a.b }}/c", "${{ a.b }}/c"),
    "in a flow sequence": ("runs: [azureml:one:1, two]", "azureml:one:1"),
    "a key": ("    size: Standard_X", "size"),
    "a key at the end": ("  chat:", "chat"),
    "tabs": ("\ta:\t\twrong", "wrong"),
    "a wide word": ("name: 日本語の名前", "日本語の名前"),
    "combining": ("name: e\u0301e\u0301e\u0301 wrong", "wrong"),
}


@pytest.mark.parametrize("width", [40, 60, 80, 120, None])
@pytest.mark.parametrize(("text", "word"), LINES.values(), ids=LINES)
def test_the_caret_is_under_its_word(text: str, word: str, width: int | None) -> None:
    stream = io.StringIO()
    place = Position("spec.yaml", 2, text.index(word) + 1)
    Terminal(stream, width=width).write(excerpt(("before", text, "after" * 90), place))
    rows = stream.getvalue().splitlines()
    assert len(rows) == 4
    assert all(cells(row) <= (width or 166) for row in rows)
    _, shown, caret, _ = rows
    at = cells(caret.split("^")[0])
    before = next(n for n in range(len(shown) + 1) if cells("".join(shown[:n])) >= at)
    marked = "".join(shown[before:])
    assert marked.startswith(word[:4]), (shown, caret)
    assert caret.count("^") == min(cells(word), 60) or caret.endswith("...")


def test_the_rest_of_a_line_is_left_out_with_dots() -> None:
    text, word = LINES["in the middle"]
    stream = io.StringIO()
    place = Position("spec.yaml", 1, text.index(word) + 1)
    Terminal(stream, width=80).write(excerpt((text,), place))
    row = stream.getvalue().splitlines()[0]
    assert row.startswith("   1 | ...")
    assert row.endswith("...")
    assert len(row) == 80
