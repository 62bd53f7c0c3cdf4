"""When output is coloured, and that words never depend on it."""

from __future__ import annotations

import io
import re

import pytest
from built import everything

from reconciler.render.plan_text import plan_lines
from reconciler.render.terminal import Terminal, wants_colour


@pytest.mark.parametrize(
    ("choice", "environment", "is_terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_option_then_environment_then_stream(
    choice: str, environment: dict[str, str], *, is_terminal: bool, expected: bool
) -> None:
    assert wants_colour(choice, environment, is_terminal=is_terminal) is expected


@pytest.mark.parametrize("width", [None, 80])
def test_colour_changes_no_word(width: int | None) -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    Terminal(plain, width=width).write(plan_lines(everything()))
    Terminal(coloured, width=width, colour=True).write(plan_lines(everything()))
    assert "\x1b[" in coloured.getvalue()
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.getvalue()) == plain.getvalue()
