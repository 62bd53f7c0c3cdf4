"""Functions and files stay small enough to be read: half of all functions in eight lines."""

import ast
import functools
import statistics
from pathlib import Path

import reconciler

PACKAGE = Path(reconciler.__file__).parent
ROOT = Path(__file__).parents[1]
FOLDERS = ("reconciler", "tests", "tools", "benchmarks")
MEDIAN, LONGEST, LONGEST_FILE = 8, 45, 330


@functools.cache
def functions():
    """Return the lines of every function, from `def` to its end, by file and name."""
    return [
        (f"{file.relative_to(PACKAGE).as_posix()}: {node.name}", node.end_lineno - node.lineno + 1)
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_half_of_all_functions_are_short():
    assert statistics.median(length for _, length in functions()) <= MEDIAN


def test_no_function_is_long():
    assert {name: length for name, length in functions() if length > LONGEST} == {}


def test_no_file_is_long():
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    lengths = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in files
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
