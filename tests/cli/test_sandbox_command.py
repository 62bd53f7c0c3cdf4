"""The sandbox from the command line: served, asked, emptied."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pytest

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import find
from tests.support.commands import process
from tests.support.controls import Controls


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Path]]:
    """A sandbox that `reconcile sandbox serve` runs, and the folder where it was started."""
    folder = tmp_path_factory.mktemp("serving")
    words = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--state", "world"]
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "home")}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline()), folder
        server.terminate()


@pytest.fixture
def served(serving: tuple[dict[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """That sandbox, empty; the working directory is where it was started."""
    found, folder = serving
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "home"))
    Controls(find(found["url"])).empty("auto")
    return found


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


def test_a_state_of_somebody_else_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder in the place of the lock cannot be opened, whoever we are (root opens all else)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "world" / "lock").mkdir(parents=True)
    for action in ("env", "journal"):
        assert main(["sandbox", action, "--state", "world"]) == ExitCode.FAILED
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: the sandbox cannot start: ")
        assert err.rstrip().endswith("world/lock: Is a directory")


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
    words = [word.format(**served) for word in words]
    ended = process(Path.cwd(), "sandbox", "serve", *words)  # it becomes the server
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


@pytest.mark.parametrize("words", [(), ("-o", "json")], ids=["as it is", "-o json"])
def test_serve_shows_no_secret_on_a_terminal_unless_it_is_asked_to(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", *words]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "home")}
    with subprocess.Popen(command, stdout=theirs, env=environment, cwd=tmp_path) as server:
        os.close(theirs)
        with os.fdopen(ours, encoding="utf-8") as screen:
            first = screen.readline()
            server.terminate()
            shown = first + "".join(_rest(screen))
    record = json.loads((tmp_path / ".reconcile" / "sandbox" / "server.json").read_text())
    secrets = [record[key] for key in ("client_secret", "control_token", "identity_header")]
    assert record["url"] in shown
    assert [secret in shown for secret in secrets] == [bool(words)] * 3
    if not words:
        assert f"sandbox env --state {tmp_path / '.reconcile' / 'sandbox'}" in shown


def _rest(screen: TextIO) -> Iterator[str]:
    """Yield what else comes; the end of a terminal whose process is gone is an error to Linux."""
    with suppress(OSError):
        yield from screen
