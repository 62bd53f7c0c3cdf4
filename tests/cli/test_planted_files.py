"""Nothing in the folder of a spec is ever run: a checkout may be anybody's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = ("reconciler", "sitecustomize", "usercustomize", "conftest", "aiohttp", "uvloop", "ssl")
RECONCILE = Path(sys.executable).with_name("reconcile")
UNREAD = "${HOME}"
SELF = re.compile(r"\[\s*sys\.executable,\s*\"(-\w+)\"")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a spec, and with files that tell when they are run."""
    text = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
    stated = text.replace("name: smallest\n", f"name: smallest\ntags: {{home: '{UNREAD}'}}\n", 1)
    (tmp_path / "spec.yaml").write_text(stated, encoding="utf-8")
    (tmp_path / ".env").write_text("RECONCILE_SANDBOX_STATE=/nowhere\n")
    for name in PLANTED:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'RUN')!r}, 'w')\n")
    for name in ("az", "git", "python", "python3"):
        (tmp_path / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/RUN\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_a_plan_in_a_sandbox_of_its_own_runs_nothing(checkout: Path) -> None:
    words = [RECONCILE, "plan", "spec.yaml", "--sandbox"]
    done = subprocess.run(words, cwd=checkout, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"home={UNREAD}".encode() in done.stdout, "a spec is never filled in from outside"
    assert not (checkout / "RUN").exists()


def test_a_served_sandbox_runs_nothing(checkout: Path) -> None:
    words = [RECONCILE, "sandbox", "serve", "--state", "state"]
    with subprocess.Popen(words, cwd=checkout, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"{"), "it is ready"
        process.kill()
    assert not (checkout / "RUN").exists()


def test_every_python_that_is_started_leaves_the_folder_out() -> None:
    """`-P` and `-I` do; so does a start in another folder."""
    for file in (ROOT / "reconciler").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for found in SELF.finditer(text):
            is_elsewhere = 'cwd="/"' in text[found.start() : found.start() + 800]
            assert found[1] in ("-P", "-I") or is_elsewhere, f"{file}: {found[0]}"


def test_there_are_pythons_to_look_at() -> None:
    texts = (f.read_text(encoding="utf-8") for f in (ROOT / "reconciler").rglob("*.py"))
    assert sum(len(SELF.findall(text)) for text in texts) >= 3
