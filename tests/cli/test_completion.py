"""What Tab completes: by the function that the scripts call, and in the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.completion import SCRIPTS
from reconciler.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
SPEC = str(ROOT / "specs" / "phi3-ultrachat.yaml")
FILES = "@files"


def completed(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return what may stand at the last of the words."""
    assert main(["__complete", *words]) == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("pl",), ["plan"]),
        (("help", "val"), ["validate"]),
        (("--color", ""), ["auto", "always", "never"]),
        (("--color", "never", "stat"), ["status"]),
        (("plan", ""), [FILES]),
        (("plan", "--sandbox", ""), [FILES]),
        (("plan", "x", "--det"), ["--detailed-exitcode"]),
        (("plan", "x", "-o", ""), ["text", "json", "markdown", "github", "azure-devops"]),
        (("plan", "x", "--output=j"), ["--output=json"]),
        (("plan", "x", "--output", "=", "j"), ["json"]),
        (("plan", "x", "--currency", "EU"), ["EUR"]),
        (("plan", "x", "--out", ""), [FILES]),
        (("plan", "x", "--timeout", ""), []),
        (("plan", SPEC, "--target", "compute"), ["compute.gpu-cluster", "compute"]),
        (("--sandbox", "plan", SPEC, "--target", "compute"), ["compute.gpu-cluster", "compute"]),
        (("plan", SPEC, "--allow-outage", "dep"), ["deployments.blue", "deployments"]),
        (("destroy", SPEC, "--only", "flows.chat", "hu"), ["hub", FILES]),
        (("plan", "--target", "comp"), []),
        (("explain", "comp"), ["compute"]),
        (("explain", "compute.gpu.si"), ["compute.gpu.size"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("sandbox", "jour"), ["journal"]),
        (("plna", ""), []),
    ],
)
def test_each_place_has_its_words(
    words: tuple[str, ...], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(capsys, *words) == expected


def test_every_command_completes_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert "--help" in completed(capsys, command, "--")


def test_a_broken_spec_still_has_its_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("compute:\n  gpu: {sise: none}\n", encoding="utf-8")
    assert completed(capsys, "plan", str(spec), "--target", "") == ["compute.gpu", "compute"]
    spec.write_text("compute: [", encoding="utf-8")
    assert completed(capsys, "plan", str(spec), "--target", "") == []


def test_a_name_that_a_shell_would_run_is_not_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "compute:\n  $(touch run): {size: x}\n  '`id`': {size: x}\n  gpu;ls: {size: x}\n  ok: {}\n",
        encoding="utf-8",
    )
    assert completed(capsys, "plan", str(spec), "--target", "") == ["compute.ok", "compute"]


@pytest.fixture
def shell_home(tmp_path: Path) -> Path:
    """A folder with a command `reconcile`, two specs, and the scripts of every shell."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "reconcile"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    for name in ("one spec.yaml", "two.yaml"):
        shutil.copy(ROOT / "examples" / "smallest.yaml", tmp_path / name)
    for shell, script in SCRIPTS.items():
        (tmp_path / f"script.{shell}").write_text(script, encoding="utf-8")
    return tmp_path


def in_shell(folder: Path, *words: str) -> list[str]:
    """Return the lines that a shell prints in a folder with our command on its path."""
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    environment |= {"HOME": str(folder), "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan --det", ["--detailed-exitcode"]),
        ("plan two.yaml -o m", ["markdown"]),
        ("plan two.yaml --target comp", ["compute", "compute.cpu-cluster"]),
        ("plan o", ["one spec.yaml"]),
    ],
)
def test_bash_completes(line: str, expected: list[str], shell_home: Path) -> None:
    words = line.split()
    probe = (
        f"source script.bash; COMP_WORDS=(reconcile {line}); COMP_CWORD={len(words)}; "
        "_reconcile; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    assert sorted(in_shell(shell_home, "bash", "-c", probe)) == expected


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan two.yaml -o m", ["markdown"]),
        ("plan two.yaml --target comp", ["compute", "compute.cpu-cluster"]),
        ("plan tw", ["two.yaml"]),
    ],
)
def test_fish_completes(line: str, expected: list[str], shell_home: Path) -> None:
    probe = f"source script.fish; complete -C 'reconcile {line}'"
    found = in_shell(shell_home, "fish", "--no-config", "-c", probe)
    assert sorted(row.split("\t")[0] for row in found) == expected


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("plan two.yaml -o mark", "plan two.yaml -o markdown"),
        ("plan two.yaml --target compute.", "plan two.yaml --target compute.cpu-cluster"),
        ("plan tw", "plan two.yaml"),
    ],
)
def test_zsh_completes(line: str, expected: str, shell_home: Path) -> None:
    import pexpect

    environment = {**os.environ, "PATH": f"{shell_home / 'bin'}:{os.environ['PATH']}"}
    environment |= {"HOME": str(shell_home), "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    with pexpect.spawn(
        "zsh", ["-f"], cwd=shell_home, env=environment, encoding="utf-8", timeout=60
    ) as zsh:
        zsh.sendline("PS1=; autoload -U compinit; compinit -u -D; source script.zsh; echo re''ady")
        zsh.expect("ready")
        zsh.send(f"reconcile {line}\t")
        zsh.expect_exact(f"reconcile {expected}")
        zsh.send("\x15")
