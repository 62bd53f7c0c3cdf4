"""Print what the product costs: start-up, a no-change plan, an apply, the sandbox itself.

    python -m benchmarks [--runs 5] [--spec specs/phi3-ultrachat.yaml] [--only plan]

Whole processes, medians of at least five runs; wall seconds of the whole process, CPU seconds of it
and its children. Figures move with the machine: compare them within one run only. Dependent round
trips are what a second of latency on every request adds to the wall time, in seconds; a sign-in that
goes on while the spec is read counts for what is left of it then.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.generated import spec_text
from benchmarks.process import Measured, measure
from benchmarks.sandbox import rows as sandbox_rows
from benchmarks.world import SandboxProcess
from reconciler.engine.graph import Edges, ordered
from reconciler.engine.types import Address
from reconciler.operations.load import load

LATENCY_S = 0.1
COUNTING_LATENCY_S = 1.0
"""Enough for a busy machine to count by."""
SIZES = (20, 100, 500)
PARTS = ("start", "apply", "plan", "sandbox")
RECONCILE = [sys.executable, "-m", "reconciler"]


def main() -> int:
    """Run every benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--spec", default="specs/phi3-ultrachat.yaml")
    parser.add_argument("--only", choices=PARTS, help="one part; by default all")
    options = parser.parse_args()
    rows = [row for part in PARTS if options.only in (None, part) for row in _rows(part, options)]
    width = max(len(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name:<{width}}  {figure}")
    return 0


def _rows(part: str, options: argparse.Namespace) -> list[tuple[str, str]]:
    if part == "start":
        return start_up(options.spec, options.runs)
    if part == "sandbox":
        return sandbox_rows(options.runs)
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(Path(folder)) as sandbox:
        if part == "apply":
            return apply_from_empty(options.spec, sandbox)
        return no_change_plans(options.runs, sandbox, Path(folder))


def start_up(spec: str, runs: int) -> list[tuple[str, str]]:
    """Return the cost of commands that need no network, over a bare interpreter."""
    bare = measure([sys.executable, "-c", "pass"], runs)
    rows = [("python -c pass", str(bare))]
    for name, words in (("--help", ["--help"]), ("validate", ["validate", spec])):
        cost = measure([*RECONCILE, *words], runs)
        rows.append((name, f"{cost}, {1000 * (cost.cpu_s - bare.cpu_s):.0f} ms CPU over bare"))
    return rows


def apply_from_empty(spec: str, sandbox: SandboxProcess) -> list[tuple[str, str]]:
    """Return an apply from nothing, beside the longest chain of its own durations."""
    done = subprocess.run(
        [*RECONCILE, "apply", spec, "--yes", "--sandbox", sandbox.url],
        capture_output=True,
        text=True,
        check=False,
        env=sandbox.environment,
    )
    if done.returncode != 0:
        raise SystemExit(f"apply failed:\n{done.stdout}\n{done.stderr}")
    seconds = durations(done.stdout + done.stderr)
    path_s, chain = critical_path(load(spec).graph, seconds)
    total = max(float(m) for m in re.findall(r"(?m)^\s*(\d+\.\d+)s", done.stderr) or ["0"])
    requests = sandbox.journal()
    writes = sum(r["method"] in ("PUT", "PATCH", "DELETE") for r in requests)
    return [
        (
            "apply from empty",
            f"{total:.2f} s walking the graph, {len(requests)} requests, {writes} writes",
        ),
        (
            "  its critical path",
            f"{path_s:.2f} s ({total / path_s if path_s else 0:.2f}x): {' > '.join(chain)}",
        ),
    ]


def durations(text: str) -> dict[str, float]:
    """Return seconds per address out of the event lines (`12.3s  workspace  created (8.1s)`)."""
    found = re.findall(r"(?m)^\s*\d+\.\d+s\s+(\S+)\s.*\((\d+\.\d+)s\)", text)
    return {address: float(seconds) for address, seconds in found}


def no_change_plans(runs: int, sandbox: SandboxProcess, folder: Path) -> list[tuple[str, str]]:
    """Return plans of generated specs of several sizes, all of which is there already."""
    sandbox.set_clock("instant")
    rows = []
    for size in SIZES:
        file = folder / f"bench{size}.yaml"
        file.write_text(spec_text(size), encoding="utf-8")
        words = [*RECONCILE, "apply", str(file), "--yes", "-q", "--sandbox", sandbox.url]
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **sandbox.environment},
        )
        if done.returncode != 0:
            raise SystemExit(f"apply failed:\n{done.stdout}\n{done.stderr}")
        rows += no_change_plan(str(file), runs, sandbox)
    return rows


def no_change_plan(spec: str, runs: int, sandbox: SandboxProcess) -> list[tuple[str, str]]:
    """Return a plan with nothing to do, without and with latency on every request."""
    walls: dict[float, Measured] = {}
    rows, resources = [], len(load(spec).resources)
    for latency_s in (0.0, LATENCY_S):
        sandbox.set_latency(latency_s)
        sandbox.clear_journal()
        words = [*RECONCILE, "plan", spec, "--detailed-exitcode", "--sandbox", sandbox.url]
        walls[latency_s] = measure(words, runs, environment=sandbox.environment)
        requests = sandbox.journal()
        reads = len(requests) // (runs + 1)
        name = f"no-change plan, {resources} resources, {1000 * latency_s:.0f} ms latency"
        rows.append((name, f"{walls[latency_s]}, {reads} requests"))
    sandbox.set_latency(COUNTING_LATENCY_S)
    slowest = measure(words, 1, environment=sandbox.environment)
    sandbox.set_latency(0.0)
    trips = (slowest.wall_s - walls[0.0].wall_s) / COUNTING_LATENCY_S
    rows.append(("  dependent round trips", f"{trips:.1f}, the sign-in among them"))
    return rows


def critical_path(graph: Edges, seconds: Mapping[Address, float]) -> tuple[float, list[Address]]:
    """Return the longest chain of the graph by the given durations, and its members."""
    best: dict[Address, tuple[float, list[Address]]] = {}
    for address in ordered(graph):
        length, chain = max((best[b] for b in graph[address]), default=(0.0, []))
        best[address] = (length + seconds.get(address, 0.0), [*chain, address])
    return max(best.values(), default=(0.0, []))


if __name__ == "__main__":
    sys.exit(main())
