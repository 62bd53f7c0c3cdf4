"""The Python of a flow is somebody else's: to read it costs little, whatever it is made of."""

import resource
import shutil

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.kinds.flow.tools import Parsed, Tool, parsed
from reconciler.limits import PARSE_CPU_S, PYTHON_BYTES
from tests.support.azure import ROOT
from tests.support.commands import in_process

GOOD = b"@tool\ndef ask(a, /, b, c=1, *, d, e=2, **rest):\n    return a\n"
TOO_LARGE = "larger than 256 kB of Python"
TOO_COMPLEX = "too complex to be read within 256 MiB and 2 s"
HOSTILE = {
    "deep attributes": b"a" + b".a" * 100_000,
    "a deep sum": b"a" + b"+a" * 100_000,
    "a deep unary chain": b"-" * 200_000 + b"1",
    "nested lambdas": b"lambda: " * 30_000 + b"1",
    "nested brackets": b"(" * 200_000,
    "a hundred thousand branches": b"if a: pass\n" + b"elif a: pass\n" * 19_000,
    "deep calls": b"f(" * 60_000 + b")" * 60_000,
    "many short lines": b"a\n" * 131_000,
    "an f-string in f-strings": b'f"{' * 20_000,
    "a number of 200,000 digits": b"9" * 200_000,
    "a hexadecimal number": b"0x" + b"f" * 200_000,
    "powers": b"2" + b"**2" * 60_000,
    "deep indents": b"".join(b" " * i + b"if 1:\n" for i in range(600)),
    "decorators": b"@tool\n" * 40_000,
    "null bytes": b"\0" * 200_000,
}


def test_the_parameters_of_a_tool_are_found():
    tool = Tool(frozenset("abcde"), frozenset("abd"), takes_any=True)
    assert parsed(GOOD) == Parsed((tool,))


@pytest.mark.parametrize("size", [PYTHON_BYTES, PYTHON_BYTES + 1])
def test_a_source_may_be_as_large_as_its_limit(size):
    found = parsed(GOOD + b"#" * (size - len(GOOD)))
    assert found.problem == ("" if size == PYTHON_BYTES else TOO_LARGE)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_source_is_told_within_its_limits(name):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = parsed(HOSTILE[name][:PYTHON_BYTES])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (
        found.problem == TOO_COMPLEX
        or found.problem.startswith("not valid Python")
        or (not found.problem and not found.tools)
    )
    assert after.ru_utime - before.ru_utime <= PARSE_CPU_S + 1


def test_nothing_of_a_source_is_run(tmp_path):
    mark = tmp_path / "mark"
    assert parsed(GOOD + f"open({str(mark)!r}, 'w')\n".encode()).problem == ""
    assert not mark.exists()


@pytest.mark.parametrize(
    ("source", "told"),
    [(HOSTILE["a deep sum"], "too complex"), (b"#" * (PYTHON_BYTES + 1), "larger than 256 kB")],
)
def test_validate_names_the_file_and_leaves_with_65(tmp_path, source, told):
    flow = tmp_path / "examples" / "flows" / "phi3-chat"
    shutil.copytree(ROOT / "examples/flows/phi3-chat", flow)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (flow / "chat.py").write_bytes(source)
    done = in_process(tmp_path, "validate", "specs/phi3-ultrachat.yaml")
    assert done.returncode == ExitCode.INVALID_SPEC, done.stderr
    assert f"examples/flows/phi3-chat/chat.py:1:1: error: {told}" in done.stderr
