"""Reasons are data: each has words in one place, and no code outside of that place reads any."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from reconciler import reasons
from reconciler.reasons import (
    Because,
    HoldsData,
    InputChange,
    InputsChanged,
    Kept,
    KeptBecause,
    Note,
    NotMadeAgain,
)
from reconciler.render.reason_text import because, kept_because, note

PRODUCT = Path(reasons.__file__).parent
WORDS = "reconciler.render.reason_text"
MAY_USE_WORDS = ("render", "library.py")
"""Who may make words: the renderers, and what a program imports them by."""
TEXTS = frozenset({"summary", "detail", "hint", "reason", "note", "notes", "because", "details"})
READING = frozenset(
    {"startswith", "endswith", "partition", "rpartition", "split", "removeprefix", "find", "index"}
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the product but the renderers and the sandbox."""
    for path in sorted(PRODUCT.rglob("*.py")):
        name = str(path.relative_to(PRODUCT))
        if not name.startswith(("sandbox", *MAY_USE_WORDS)):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in TEXTS


def is_words(node: ast.AST) -> bool:
    literal = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return literal or isinstance(node, ast.JoinedStr)


def read_back(tree: ast.Module) -> Iterator[int]:
    """Yield the lines in which a text for people is looked into."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in READING:
                if is_text(value):
                    yield node.lineno
            case ast.Compare(left=left, ops=ops, comparators=others):
                looks = any(isinstance(op, ast.In | ast.NotIn) for op in ops)
                texts = [one for one in (left, *others) if is_text(one)]
                is_literal = any(is_words(one) for one in (left, *others))
                if texts and (looks or is_literal):
                    yield node.lineno


def test_nobody_reads_words_back() -> None:
    found = [f"{name}:{line}" for name, tree in modules() for line in read_back(tree)]
    assert found == []


def test_only_the_renderers_make_words() -> None:
    found = [
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == WORDS
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "x = change.reason.startswith('a')",
        "x = 'a' in problem.summary",
        "x = problem.hint == 'a'",
        "x = problem.detail.partition(': ')[0]",
    ],
)
def test_reading_words_back_would_be_found(code: str) -> None:
    assert list(read_back(ast.parse(code))) == [1]


def made(kind: type) -> object:
    """Return one reason of a type, with something to say in every field."""
    special: dict[type, object] = {
        InputsChanged: InputsChanged((InputChange("rate", None, "1"),), "run", "Failed"),
        NotMadeAgain: NotMadeAgain(HoldsData(gone=True)),
        Kept: Kept(HoldsData(), "hint", left_spec=True),
    }
    if kind in special:
        return special[kind]
    values = {"tuple[str, ...]": ("a", "b"), "str": "a", "int": 1, "bool": True}
    fields = kind.__dataclass_fields__.values()  # type: ignore[attr-defined]
    return kind(*(values[str(field.type)] for field in fields))


@pytest.mark.parametrize("kind", get_args(Because), ids=lambda kind: kind.__name__)
def test_every_reason_has_words_of_its_own(kind: type) -> None:
    assert because(made(kind)).strip()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", get_args(Note), ids=lambda kind: kind.__name__)
def test_every_note_has_words(kind: type) -> None:
    assert note(made(kind)).strip()  # type: ignore[arg-type]


def test_no_two_reasons_are_told_alike() -> None:
    told = [because(made(kind)) for kind in get_args(Because)]  # type: ignore[arg-type]
    told += [kept_because(made(kind)) for kind in get_args(KeptBecause)]  # type: ignore[arg-type]
    shared = {"its tag `reconcile-protect` says 'a'", "the spec protects it", "it held data"}
    assert sorted(t for t in told if told.count(t) > 1 and t not in shared) == []
