"""Functions and files stay small enough to be read: half of all functions in eight lines."""

import ast
import statistics
from pathlib import Path

import reconciler

PACKAGE = Path(reconciler.__file__).parent
MEDIAN, LONGEST, LONGEST_FILE = 8, 45, 330


def sources():
    """Yield the name and the text of every module."""
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")


def functions(text):
    """Yield the name of every function and its lines, from `def` to its end."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def test_half_of_all_functions_are_short():
    lengths = [length for _, text in sources() for _, length in functions(text)]
    assert statistics.median(lengths) <= MEDIAN


def test_no_function_is_long():
    long = {
        f"{name}: {function}": length
        for name, text in sources()
        for function, length in functions(text)
        if length > LONGEST
    }
    assert long == {}


def test_no_file_is_long():
    lengths = {name: len(text.splitlines()) for name, text in sources()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
