"""Patterns fit what regular expressions say they fit, and no pattern takes long."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.engine.wildcards import is_action, path_pattern
from reconciler.limits import PATH_WILDCARDS

MOST_S = 1.0
"""Of processor time; each takes hundredths, and what tries every way takes years."""
WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]", "[ab]": "[ab]", "[!a]": "[^a/]"}


@given(
    st.lists(st.sampled_from([*WORDS, "a", "b", "/", "."]), max_size=6),
    st.text("ab/.", max_size=8),
)
@example(["**/", "a"], "a")
@example(["a", "**/", "**"], "a")
@example(["*", "a", "*", "b"], "aaab")
def test_a_path_fits_as_its_expression_says(parts: list[str], path: str) -> None:
    pattern = "".join(parts)
    known = sorted(WORDS, key=len, reverse=True)
    read = re.findall("|".join(map(re.escape, known)) + "|.", pattern)
    expression = "".join(WORDS.get(part, re.escape(part)) for part in read)
    assert path_pattern(pattern).fits(path) == bool(re.fullmatch(expression, path))


@given(st.text("*a/", max_size=6), st.text("aA/.", max_size=8))
def test_an_action_fits_in_any_case(pattern: str, action: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*")
    assert is_action(pattern, action) == bool(re.fullmatch(expression, action, re.IGNORECASE))


@pytest.mark.parametrize(
    ("pattern", "path", "is_it"),
    [
        ("data/train-[0-9]*.parquet", "data/train-00.parquet", True),
        ("data/train-[0-9]*.parquet", "data/train-x.parquet", False),
        ("x[z-a]", "xb", False),
        ("x[]a]", "x]", True),
        ("x[", "x[", True),
        ("x[^a]", "x/", False),
    ],
)
def test_sets_of_characters(pattern: str, path: str, is_it: bool) -> None:
    assert path_pattern(pattern).fits(path) is is_it


def test_no_pattern_takes_long() -> None:
    began = time.process_time()
    for piece in ("*a", "**a", "?*", "**/a", "[ab]*"):
        pattern = piece * (PATH_WILDCARDS // sum(piece.count(one) for one in "*?[")) + "b"
        assert not path_pattern(pattern.replace("**/", "**")).fits("a" * 1_000)
    assert not is_action("*a" * 2_000 + "b", "a" * 200)
    assert time.process_time() - began < MOST_S


def test_wildcards_are_counted() -> None:
    path_pattern("*a" * PATH_WILDCARDS)
    with pytest.raises(ValueError, match=f"more than {PATH_WILDCARDS} wildcards"):
        path_pattern("*a" * (PATH_WILDCARDS + 1))
