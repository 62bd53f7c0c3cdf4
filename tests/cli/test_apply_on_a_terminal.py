"""Apply as a person sees it: on a real pseudo-terminal, against a real sandbox."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

from reconciler.diagnostics import ExitCode
from tests.support.commands import attached, reconcile
from tests.support.controls import Pool, state_of
from tests.support.entered import NEVER_STARTED, entering

ROOT = Path(__file__).parents[2]
SPEC = str(ROOT / "examples" / "smallest.yaml")
TIMEOUT_S = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return tmp_path


@pytest.fixture
def empty(home: Path, pool: Pool) -> Iterator[Path]:
    """That directory, with an empty sandbox as the one that is embedded there."""
    with pool.lent() as server:
        yield attached(home, server)


@pytest.fixture
def frozen(home: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a sandbox in which nothing that takes time ever ends."""
    with pool.lent("frozen") as server:
        monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(state_of(server)))
        yield server.url


def on_a_terminal(*words: str) -> pexpect.spawn:
    """Start a command on a terminal of 80 x 24."""
    return pexpect.spawn(
        NEVER_STARTED[0],
        preexec_fn=entering(*words),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=TIMEOUT_S,
    )


def screen_after(text: str, rows: int = 200) -> list[str]:
    """Return what stays on a tall terminal after these bytes."""
    screen = pyte.Screen(80, rows)
    pyte.Stream(screen).feed(text)
    return [row.rstrip() for row in screen.display if row.strip()]


def test_apply_shows_the_plan_asks_and_leaves_a_report(empty: Path) -> None:
    child = on_a_terminal("apply", SPEC, "--sandbox")
    child.expect("Only `yes` is accepted: ")
    asked = child.before
    child.sendline("yes")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "Plan: 7 to create" in asked
    shown = screen_after(child.before)
    assert any(re.fullmatch(r"  \+ workspace created \([\d.]+s\)", row) for row in shown)
    assert any(row.startswith("Done in ") for row in shown)
    assert not any("under way" in row or re.search(r"\d of 7 done", row) for row in shown)
    assert child.before.rstrip().count("\x1b[?25l") <= child.before.count("\x1b[?25h")


def test_any_other_answer_changes_nothing(empty: Path) -> None:
    child = on_a_terminal("apply", SPEC, "--sandbox")
    child.expect("Only `yes` is accepted: ")
    child.sendline("y")
    child.expect("not confirmed, so nothing was changed")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitCode.REFUSED


def test_off_a_terminal_apply_needs_yes(empty: Path) -> None:
    done = reconcile(empty, "apply", SPEC)
    assert done.returncode == ExitCode.REFUSED
    assert "Plan: 7 to create" in done.stdout
    assert "pass --yes" in done.stderr


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_the_first_signal_stops_gently_and_says_how_to_go_on(
    frozen: str, number: signal.Signals, code: ExitCode
) -> None:
    with subprocess.Popen(
        NEVER_STARTED,
        preexec_fn=entering("apply", SPEC, "--yes", "-v", "--sandbox", frozen),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        sent = re.compile(r"PUT .*/vaults/.* 20\d")
        seen = next((row for row in process.stderr if sent.search(row)), None)
        assert seen, process.communicate()
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, err
    assert "nothing new will be started" in err
    assert "Still running in Azure:" in out
    assert f"To continue where this stopped: reconcile apply {SPEC} --sandbox {frozen}" in out


@pytest.mark.parametrize("columns", [40, 60])
def test_a_terminal_made_narrower_shows_each_row_once(frozen: str, columns: int) -> None:
    """Rows of the old width wrapped, and every refresh left a part of them behind.

    A frame that was under way when the width changed may leave a part once: nobody can call it back.
    """
    child = on_a_terminal("apply", SPEC, "--yes", "--sandbox", frozen)
    screen = pyte.Screen(80, 24)
    stream = pyte.Stream(screen)
    child.expect(r"\d of 7 done")
    stream.feed(child.before + child.after)
    child.setwinsize(24, columns)
    screen.resize(24, columns)
    for _ in range(10):
        child.expect(r"\d of 7 done")
        stream.feed(child.before + child.after)
    rows = [row for row in screen.display if re.search(r"\d of 7 done", row)]
    work = [row for row in screen.display if " creating " in row]
    names = [row.split()[1] for row in work]
    child.kill(signal.SIGINT)
    child.kill(signal.SIGINT)
    child.expect(pexpect.EOF)
    child.close()
    assert len(rows) == 1, screen.display
    assert work
    assert max(Counter(names).values()) <= 2, screen.display


def test_ctrl_c_while_nothing_is_written_leaves_at_once(frozen: str) -> None:
    child = on_a_terminal("apply", SPEC, "--sandbox", frozen)
    child.expect("Only `yes` is accepted: ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitCode.INTERRUPTED


def test_a_second_ctrl_c_leaves_at_once_with_the_cursor_back(frozen: str) -> None:
    child = on_a_terminal("apply", SPEC, "--yes", "--sandbox", frozen)
    child.expect(r"\d of 7 done")
    child.kill(signal.SIGINT)
    child.kill(signal.SIGINT)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitCode.INTERRUPTED
    assert "\x1b[?25h" in child.before
