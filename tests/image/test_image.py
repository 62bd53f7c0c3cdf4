"""The image that `docker build .` makes, built and run: see conftest.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.image.conftest import Command, run

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]
MIB = 2**20
LARGEST = 310 * MIB
"""What the product may add to its base; today it is 298."""
RECONCILE = "/opt/reconcile/bin/reconcile"


def size_of(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_symlink())


def done(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def test_it_runs_unprivileged_and_starts_the_loop(image: str) -> None:
    config = json.loads(run("buildah", "inspect", "--type", "image", image))["OCIv1"]["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == [RECONCILE]
    assert config["Cmd"] == ["loop", "/etc/reconcile/loop.yaml"]
    assert config["StopSignal"] == "SIGTERM"


def test_it_is_small_and_brings_no_tools(root: Path) -> None:
    packages = root / "opt/reconcile/lib"
    names = {path.name for path in next(packages.iterdir()).joinpath("site-packages").iterdir()}
    assert names.isdisjoint({"pip", "pytest", "mypy", "ruff", "trustme", "uvloop", "hypothesis"})
    assert size_of(root / "opt/reconcile") < LARGEST


def test_everything_is_compiled_since_the_root_is_read_only(root: Path) -> None:
    modules = [
        file
        for file in (root / "opt/reconcile/lib").rglob("reconciler/**/*.py")
        if not list((file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"))
    ]
    assert modules == []


def test_the_command_works_as_nobody_on_a_read_only_root(contained: Command) -> None:
    shown = done(contained([RECONCILE, "explain", "compute.size"], ()))
    assert shown.returncode == 0, shown.stderr
    assert "VM size" in shown.stdout
    tried = done(contained(["/bin/sh", "-c", "id -u; touch /opt/x /etc/x; touch /tmp/x"], ()))
    assert tried.stdout == "65532\n"
    assert tried.stderr.count("Read-only file system") == 2
    assert tried.returncode == 0
