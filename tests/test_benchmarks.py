"""The benchmarks are no part of the product: what they need of it must not go unnoticed."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import benchmarks
from benchmarks.__main__ import SIZES, critical_path
from benchmarks.generated import spec_text
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.faults.scenes import ROOT


def test_every_benchmark_can_be_imported():
    names = [found.name for found in pkgutil.iter_modules(benchmarks.__path__)]
    assert "process" in names
    for name in names:
        importlib.import_module(f"benchmarks.{name}")


def test_it_explains_itself():
    command = [sys.executable, "-m", "benchmarks", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "a no-change plan" in done.stdout


@pytest.mark.parametrize("size", SIZES)
def test_a_generated_spec_is_valid_and_as_large_as_asked_for(size):
    loaded = load_document(parse(spec_text(size), "spec.yaml", ROOT))
    assert len(loaded.resources) == size
    assert loaded.warnings == ()


def test_the_critical_path_is_the_longest_chain():
    graph = {"a": frozenset(), "b": frozenset("a"), "c": frozenset("a"), "d": frozenset("bc")}
    assert critical_path(graph, {"a": 1.0, "b": 5.0, "c": 2.0, "d": 1.0}) == (7.0, ["a", "b", "d"])
    assert critical_path({}, {}) == (0.0, [])
