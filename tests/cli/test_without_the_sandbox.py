"""What `pip install reconcile-azureml` brings, without the extra `sandbox`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.sandbox_launch import NEEDED
from reconciler.diagnostics import ExitCode
from tests.faults.seed import sampled

ROOT = Path(__file__).resolve().parents[2]
SPEC = str(ROOT / "specs" / "phi3-ultrachat.yaml")
DASHES = str.maketrans("_.", "--")
TOOLS = {"hypothesis", "import-linter", "mypy", "pexpect", "pytest", "ruff"}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages like the one in use, but without those of the extra."""
    folder = tmp_path_factory.mktemp("packages")
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(NEEDED):
            (folder / package.name).symlink_to(package)
    return folder


def reconcile(packages: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line without the site-packages of this interpreter (-S)."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "reconciler", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)])},
    )


NEEDS_IT = (
    ("plan", SPEC, "--sandbox"),
    ("sandbox", "serve"),
    ("sandbox", "reset"),
    ("sandbox", "rehearse", SPEC),
)
WORKS = (("--version",), ("plan", "--help"), ("sandbox", "--help"), ("validate", SPEC), ("schema",))


@pytest.mark.parametrize("words", sampled(NEEDS_IT, 2, "needs the sandbox"), ids=" ".join)
def test_what_needs_the_sandbox_says_what_to_type(
    without: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = reconcile(without, tmp_path, *words)
    assert done.returncode == ExitCode.FAILED
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: the sandbox is not installed: aiohttp, trustme, uvloop missing",
        "  hint: pip install 'reconcile-azureml[sandbox]'",
    ]


@pytest.mark.parametrize("words", sampled(WORKS, 2, "works without"), ids=" ".join)
def test_what_needs_no_sandbox_works(without: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = reconcile(without, tmp_path, *words)
    assert done.returncode == ExitCode.OK, done.stderr


def test_the_product_imports_nothing_of_the_extra(without: Path, tmp_path: Path) -> None:
    """All its modules, also those that a command imports late; all but the sandbox's and the loop's."""
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in sorted((ROOT / "reconciler").rglob("*.py"))
        if not {"sandbox", "gitops"} & {*file.relative_to(ROOT).parts} and file.stem != "__main__"
    ]
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import " + ", ".join(modules)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(without)])},
    )
    assert done.returncode == 0, done.stderr


def pinned(lock: str) -> dict[str, set[str]]:
    """Return the versions of every package in a lock."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", one)[0].lower().translate(DASHES) for one in requirements}


def test_the_extra_is_what_the_message_names() -> None:
    assert named(project()["optional-dependencies"]["sandbox"]) == set(NEEDED)


def test_the_runtime_lock_has_the_product_and_its_loop_and_no_tools() -> None:
    runtime, everything = pinned("requirements-runtime.lock"), pinned("requirements.lock")
    loop = named(project()["optional-dependencies"]["loop"])
    assert named(project()["dependencies"]) | loop <= runtime.keys()
    assert not runtime.keys() & ({*TOOLS, *NEEDED} - loop)
    assert {*TOOLS, *NEEDED} <= everything.keys()
    assert all(versions <= everything[name] for name, versions in runtime.items())
