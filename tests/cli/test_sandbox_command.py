"""The sandbox from the command line: served, asked, emptied."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A sandbox that `reconcile sandbox serve` runs; the working directory is an empty one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    words = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--state", "world"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_env_points_the_sdks_at_a_served_sandbox(
    served: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "env", "--state", "world"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert f"export AZURE_CLIENT_ID={served['client_id']}\n" in out
    assert all(row.startswith("export ") for row in out.splitlines())


def test_journal_and_reset_reach_a_served_sandbox(
    served: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "journal", "--state", "world"]) == ExitCode.OK
    assert capsys.readouterr().out == ""
    assert main(["sandbox", "reset", "--sandbox", served["url"]]) == ExitCode.OK
    assert capsys.readouterr().err == "the sandbox is empty\n"


def test_env_says_when_nothing_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sandbox", "env"]) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert "no sandbox is running" in err
    assert "reconcile sandbox serve" in err


def test_a_state_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["sandbox", "journal", "--state", "file"]) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--state", "other", "--port", "{port}"], "cannot listen on port {port}: it is in use"),
        (["--state", "world"], "another sandbox already serves world"),
    ],
)
def test_what_cannot_be_served_is_told_as_every_error_is(
    served: dict[str, str], words: list[str], told: str
) -> None:
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve"]
    ended = subprocess.run(
        [*command, *(word.format(**served) for word in words)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == ExitCode.FAILED
    assert ended.stdout == ""
    first, second = ended.stderr.splitlines()
    assert first == "error: " + told.format(**served)
    assert second.startswith("  hint: ")


def test_the_journal_is_read_line_by_line(
    served: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    spec = str(Path(__file__).resolve().parents[2] / "examples" / "smallest.yaml")
    assert main(["apply", spec, "--yes", "--sandbox", served["url"]]) == ExitCode.OK
    capsys.readouterr()
    assert main(["sandbox", "journal", "--state", "world"]) == ExitCode.OK
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert {row[2] for row in rows if row[3] == "GET"} == {"read"}
    assert {row[2] for row in rows if row[3] == "PUT"} == {"committed"}
