"""A machine that gives little: no disk, no home, few files, 256 MiB. A run needs none of it.

A limit on the size of files that may be written, of nothing, is a full disk for every file,
wherever it lies and whoever runs the tests.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.faults.arena import is_write
from tests.faults.scenes import FULL, ROOT, SMALL
from tests.support.forked import forked

MIB = 1 << 20
RUN = f"""
import os, sys
from reconciler.cli import main
leave = main.leave
def measured(code):
    # Not ru_maxrss: that begins with what whoever forked us had.
    status = open("/proc/self/status").read()
    used = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    os.write(2, f"used {{used}} MiB\\n".encode())
    leave(code)
main.leave = measured
sys.path.insert(0, {str(ROOT)!r})
main.entry()
"""


def run(arena, *words, limits=(), cwd="/proc", stdout=subprocess.PIPE, **environment):
    """Run a command under limits, without a terminal, by default where nothing can be written."""

    def limit():
        for what, most in limits:
            resource.setrlimit(what, (most, most))

    own = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, "-c", RUN, *words, "--sandbox", arena.server.url],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
        cwd=cwd,
        preexec_fn=limit,
        env=poor(**own),
    )


def forked_run(arena, *words, limits=()):
    """Run a command under limits in a fork, where what was imported before takes no limit."""

    def limit():
        for what, most in limits:
            resource.setrlimit(what, (most, most))

    words = (*words, "--sandbox", arena.server.url)
    return forked(*words, environment=poor(), folder="/proc", prepare=limit)


def poor(**more):
    """Return the environment of who has no home and no folder for what passes."""
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    return {**kept, **more}


def used_mib(done):
    return int(done.stderr.rpartition("used ")[2].split()[0])


@pytest.fixture(autouse=True)
def empty(arena):
    arena.reset()


TIGHT = ((resource.RLIMIT_AS, 256 * MIB), (resource.RLIMIT_NOFILE, 64))
FULL_DISK = ((resource.RLIMIT_FSIZE, 0),)


def test_a_plan_of_everything_needs_256_mib_and_64_files(arena):
    done = run(arena, "plan", str(FULL), limits=TIGHT)
    assert done.returncode == 0, done.stderr
    assert "Plan: " in done.stdout
    assert used_mib(done) < 100


def test_an_apply_needs_no_disk_no_home_little_memory_and_few_files(arena):
    done = run(arena, "apply", str(SMALL), "--yes", limits=(*TIGHT, *FULL_DISK))
    assert done.returncode == 0, done.stderr
    assert used_mib(done) < 100
    again = forked_run(arena, "plan", str(SMALL), "--detailed-exitcode", limits=FULL_DISK)
    assert again.code == 0, again.out
    assert run(arena, "destroy", str(SMALL), "--yes", limits=FULL_DISK).returncode == 0


def test_without_a_disk_only_what_prepares_data_fails_and_says_so(arena, tmp_path):
    """With one, an apply with training data and azure-ai-ml ends it, and stays below 256 MiB.

    Resident: duckdb and azure-ai-ml reserve far more address space than they use.
    """
    cache = {"RECONCILE_CACHE": str(tmp_path)}
    done = run(arena, "apply", str(FULL), "--yes", "-o", "json", limits=FULL_DISK, **cache)
    assert done.returncode == ExitCode.FAILED, done.stderr
    ended = {o["address"]: o for o in json.loads(done.stdout)["outcomes"]}
    assert ended["datasets.ultrachat"]["status"] == "failed"
    assert ended["jobs.finetune"]["status"] == "skipped"
    assert ended["compute.gpu-cluster"]["status"] == "done"
    assert "Traceback" not in done.stderr
    files = ((resource.RLIMIT_NOFILE, 64),)
    last = run(arena, "apply", str(FULL), "--yes", limits=files, **cache)
    assert last.returncode == 0, last.stderr
    assert used_mib(last) < 256


def test_a_plan_that_cannot_be_saved_is_an_error_and_leaves_no_half_file(arena, tmp_path):
    for out in (tmp_path / "plan.json", "/proc/plan.json", "/no/such/folder/plan.json"):
        done = forked_run(arena, "plan", str(SMALL), "--out", str(out), limits=FULL_DISK)
        assert done.code == ExitCode.FAILED, done.err
        assert done.err.count("error: ") == 1
        assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []
    assert [e for e in arena.journal() if is_write(e) and e["kind"] != "token"] == []


def test_an_apply_that_cannot_show_its_plan_writes_nothing(arena):
    with Path("/dev/full").open("w") as full:
        done = run(arena, "apply", str(SMALL), "--yes", stdout=full)
    assert done.returncode == ExitCode.FAILED
    assert "No space left on device" in done.stderr
    assert [e for e in arena.journal() if is_write(e) and e["kind"] != "token"] == []
