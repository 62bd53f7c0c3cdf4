"""The promptflow tools in the Python files of a flow, as a process beside ours reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reconciler.kinds.flow import python_parser
from reconciler.limits import KIB, PARSE_CPU_S, PARSE_MEMORY_MIB, PARSE_WALL_S, PYTHON_BYTES

SIMPLER = "make it shorter, or put generated code and data into files that no node names"


@dataclass(frozen=True)
class Tool:
    """The parameters of one function: all, those that must be given, and whether any may be."""

    known: frozenset[str]
    needed: frozenset[str]
    takes_any: bool


@dataclass(frozen=True)
class Parsed:
    """The tools of a Python file, or why there are none and where; a hint where it is one."""

    tools: tuple[Tool, ...] = ()
    problem: str = ""
    line: int = 1
    column: int = 1
    hint: str = ""


def parsed(source: bytes) -> Parsed:
    """Return what is known of a Python file, without executing any of it."""
    if len(source) > PYTHON_BYTES:
        return Parsed(problem=f"larger than {PYTHON_BYTES // KIB} kB of Python", hint=SIMPLER)
    return _parsed(source)


@lru_cache(maxsize=64)
def _parsed(source: bytes) -> Parsed:
    answer = _asked(source)
    if "wrong" in answer:
        line, column = answer.get("line") or 1, answer.get("column") or 1
        return Parsed((), f"not valid Python: {answer['wrong']}", line, column)
    if "tools" not in answer:
        what = f"too complex to be read within {PARSE_MEMORY_MIB} MiB and {PARSE_CPU_S} s"
        return Parsed(problem=what, hint=SIMPLER)
    return Parsed(tuple(_tool(found) for found in answer["tools"]))


def _tool(found: Mapping[str, Any]) -> Tool:
    return Tool(frozenset(found["known"]), frozenset(found["needed"]), bool(found["any"]))


def _asked(source: bytes) -> Mapping[str, Any]:
    """Return the parser's answer; {} where it did not live to give one."""
    command = (sys.executable, "-I", "-S", "-B", python_parser.__file__)
    limits = (str(PARSE_MEMORY_MIB), str(PARSE_CPU_S))
    try:
        done = subprocess.run(
            (*command, *limits),
            input=source,
            capture_output=True,
            timeout=PARSE_WALL_S,
            check=False,
            cwd="/",
            env={},
        )
    except subprocess.TimeoutExpired:
        return {}
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}
