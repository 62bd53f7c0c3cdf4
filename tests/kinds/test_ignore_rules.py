"""The rules of an ignore file mean what Git's do, and cost no more than the name is long."""

import random
import time
import warnings

import pytest
from pathspec import GitIgnoreSpec

from reconciler.kinds.local.folder import FLOW_FILE, read_folder
from reconciler.kinds.local.ignore_rules import PatternError, rules_of
from reconciler.limits import (
    IGNORE_FILE_BYTES,
    IGNORE_FILE_LINES,
    IGNORE_FILE_WILD_FOLDERS,
)

MOST_S = 1.0
"""Of processor time. Each takes milliseconds; what goes back over a name takes years."""
COSTLY = (
    *("*a*a*a*a*a*a*a*a*a*a*b", "*" * 40 + "b", "*?" * 20 + "b", "*[!b]" * 20 + "b", "*\\a" * 20),
    *("/".join(["**/*a*a*a*a"] * 4) + "/b", "*a*" * 20 + "/**/" + "*a*" * 20 + "b"),
)


def named(chance):
    parts = ("".join(chance.choices("aab.-", k=chance.randint(1, 6))) for _ in range(3))
    return "/".join(list(parts)[: chance.randint(1, 3)])


def test_a_line_means_what_it_means_to_pathspec():
    """But for a class that would take a slash, which Git's does not: none is tried here."""
    chance = random.Random(1)
    said = set()
    for _ in range(4000):
        line = "".join(chance.choices("aab*?/.!-*b", k=chance.randint(1, 9)))
        line = line.replace("?", chance.choice(("?", "[ab]", "[a-c.]", "\\*")))
        if line.split("/").count("**") > IGNORE_FILE_WILD_FOLDERS:
            continue
        name = named(chance)
        usual = outcome(lambda line=line: GitIgnoreSpec.from_lines([line]), name)
        assert outcome(lambda line=line: rules_of(line.encode()), name) == usual, (line, name)
        said.add(usual)
    assert said == {True, False, None}


def outcome(make, name):
    """Return whether a name is left out; None for a line that is not a valid pattern."""
    try:
        return make().match_file(name)
    except ValueError:
        return None


@pytest.mark.parametrize("line", COSTLY)
@pytest.mark.parametrize("name", ["a" * 255, "/".join(["a" * 120] * 32)])
def test_a_line_goes_over_a_name_once(line, name):
    began = time.thread_time()
    rules_of(line.encode()).match_file(name)
    assert time.thread_time() - began < MOST_S


@pytest.mark.parametrize("line", ["[z-a]", "[a--]b", "a\\", "**/" * 5 + "a"])
def test_a_line_that_is_no_pattern_is_told_with_its_place(tmp_path, line):
    (tmp_path / FLOW_FILE).write_text("nodes: []\n")
    (tmp_path / ".gitignore").write_text(f"*.log\n{line}\n")
    (told,) = read_folder(tmp_path, "flow").problems
    assert str(told.position) == "flow/.gitignore:2:1"
    assert told.summary.startswith(".gitignore cannot be used: a line ")


def test_a_class_of_strange_members_warns_nobody():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for line in ("[[a]", "[a&&b]", "[a||b]", "[a~~b]", "[--b]", "[]a]", "[!]a]"):
            rules_of(line.encode()).match_file("a")


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("limit", ["bytes", "lines"])
def test_an_ignore_file_is_so_large(limit, over):
    if limit == "bytes":
        content = b"#" * (IGNORE_FILE_BYTES + over)
    else:
        content = b"#\n" * (IGNORE_FILE_LINES + over)
    if over:
        with pytest.raises(PatternError, match=r"larger than 64 KiB|more than 1000 lines"):
            rules_of(content)
    else:
        assert not rules_of(content).match_file("a")
