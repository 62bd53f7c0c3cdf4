"""Progress in a log and on a terminal; the terminal is a real emulator (pyte)."""

from __future__ import annotations

import io
import re

import pyte
import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Action, Outcome, Status
from reconciler.render.event_lines import EventLines
from reconciler.render.live import LiveTable
from reconciler.render.terminal import Terminal
from reconciler.render.words import duration, size


class Watch:
    """A clock that a test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_event_lines_tell_start_turn_and_end(watch: Watch) -> None:
    stream = io.StringIO()
    events = EventLines(Terminal(stream), watch)
    watch.seconds = 4.2
    events.started("workspace", Action.CREATE)
    events.say("workspace", "Creating")
    watch.seconds = 12.3
    events.finished(Outcome("workspace", Action.CREATE, Status.DONE, 8.1))
    assert stream.getvalue().splitlines() == [
        "   4.2s  workspace  creating",
        "   4.2s  workspace  Creating",
        "  12.3s  workspace  created (8.1s)",
    ]


def test_a_message_that_only_counts_is_written_once_a_minute(watch: Watch) -> None:
    stream = io.StringIO()
    events = EventLines(Terminal(stream), watch)
    for second in range(0, 130, 5):
        watch.seconds = float(second)
        events.say("jobs.finetune", f"Running, {second} s", link="https://ml.azure.com/runs/x")
    rows = stream.getvalue().splitlines()
    assert len(rows) == 3
    assert rows[0].endswith("Running, 0 s  https://ml.azure.com/runs/x")
    assert "https" not in rows[1]


def test_an_upload_is_two_lines_in_a_log(watch: Watch) -> None:
    stream = io.StringIO()
    events = EventLines(Terminal(stream), watch)
    for done in range(0, 3_400_001, 100_000):
        events.bytes("datasets.chats", done, 3_400_000)
    assert len(stream.getvalue().splitlines()) == 2
    assert "3.4 MB done" in stream.getvalue()


def test_a_failure_in_a_log_says_why(watch: Watch) -> None:
    stream = io.StringIO()
    problem = Diagnostic("no cores\x1b[2J")
    EventLines(Terminal(stream), watch).finished(
        Outcome("compute.a", Action.CREATE, Status.FAILED, 1.0, (problem,))
    )
    assert stream.getvalue() == "   0.0s  compute.a  failed (1.0s): no cores\\x1b[2J\n"


def _screen(stream: io.StringIO) -> list[str]:
    """Return what a terminal of 80 x 24 shows after these bytes."""
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(stream.getvalue().replace("\n", "\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()]


@pytest.mark.parametrize("colour", [True, False])
def test_live_table_shows_what_is_under_way(watch: Watch, *, colour: bool) -> None:
    stream = io.StringIO()
    with LiveTable(Terminal(stream, colour=colour, width=80), 3, watch) as table:
        table.started("datasets.chats", Action.CREATE)
        table.started("jobs.finetune", Action.RUN)
        table.bytes("datasets.chats", 500_000, 2_000_000)
        table.say("jobs.finetune", "Running, 12 min", link="https://ml.azure.com/runs/x")
        watch.seconds = 12.3
        table.finished(Outcome("workspace", Action.CREATE, Status.DONE, 8.1))
        table.refresh()
        shown = _screen(stream)
    assert shown[0] == "  + workspace created (8.1s)"
    assert re.fullmatch(
        r"  \+ datasets\.chats +creating +12\.3s +\[###\.+\] +25% of 2\.0 MB", shown[1]
    )
    assert re.fullmatch(r"  > jobs\.finetune  +running +12\.3s +Running, 12 min", shown[2])
    assert shown[3] == "    1 of 3 done  12.3s"


def test_live_table_keeps_its_columns_when_addresses_are_long(watch: Watch) -> None:
    stream = io.StringIO()
    address = "identities.finetunephi-managedidentity.storage-blob-data-reader"
    with LiveTable(Terminal(stream, width=80), 3, watch) as table:
        table.started(address, Action.CREATE)
        table.say(address, "waiting for a principal that Azure has only just made known " * 2)
        table.started("hub", Action.UPDATE)
        table.refresh()
        table.finished(Outcome(address, Action.CREATE, Status.DONE, 100.0))
        table.refresh()
        shown = _screen(stream)
    assert shown == [
        f"  + {address} created",
        "      (1m40s)",
        "  ~ hub updating    0.0s",
        "    1 of 3 done  0.0s",
    ]
    assert "identities.finetunep...-blob-data-reader creating    0.0s" in stream.getvalue()


def test_live_table_is_drawn_by_one_at_a_time(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is redrawn meanwhile, no row of what ended stays behind."""
    monkeypatch.setattr("reconciler.render.live.REFRESH_PER_S", 100_000)
    stream = io.StringIO()
    names = [f"compute.cluster-{number}" for number in range(15)]
    with LiveTable(Terminal(stream, width=40), len(names), watch) as table:
        for name in names:
            table.started(name, Action.CREATE)
            table.finished(Outcome(name, Action.CREATE, Status.DONE, 1.0))
    assert _screen(stream) == [f"  + {name} created (1.0s)" for name in names]


def test_live_table_leaves_only_what_ended(watch: Watch) -> None:
    stream = io.StringIO()
    with LiveTable(Terminal(stream, width=80), 2, watch) as table:
        table.started("workspace", Action.CREATE)
        table.refresh()
        table.finished(Outcome("workspace", Action.CREATE, Status.DONE, 8.1))
    assert _screen(stream) == ["  + workspace created (8.1s)"]
    assert stream.getvalue().rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in stream.getvalue()


def test_live_table_never_outgrows_the_screen(watch: Watch) -> None:
    stream = io.StringIO()
    with LiveTable(Terminal(stream, width=80), 100, watch) as table:
        for number in range(100):
            table.started(f"models.model-{number}", Action.CREATE)
            table.say(f"models.model-{number}", "a long message " * 20)
        table.refresh()
        shown = _screen(stream)
    assert len(shown) <= 24
    assert re.search(r"0 of 100 done, \d+ more in progress", shown[-1])


def test_live_table_cannot_be_steered(watch: Watch) -> None:
    stream = io.StringIO()
    with LiveTable(Terminal(stream, width=80), 1, watch) as table:
        table.started("a", Action.CREATE)
        table.say("a", "\x1b[2J[bold]x[/bold]\nnext", link="https://e.example/\x1b\\evil")
        table.refresh()
    assert "\x1b[2J" not in stream.getvalue()
    assert "evil" not in stream.getvalue()
    assert "[bold]x[/bold]" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (8.14, "8.1s"), (59.96, "1m00s"), (125, "2m05s"), (3725, "1h02m")],
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (3_400_000, "3.4 MB")]
)
def test_sizes_in_words(count: int, text: str) -> None:
    assert size(count) == text
