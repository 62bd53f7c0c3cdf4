"""What waits to be told: sent once, again after a failure, and never in the way of a pass."""

from datetime import timedelta

import pytest

from reconciler.diagnostics import ApiError, Diagnostic, UnavailableError
from reconciler.gitops.outbox import Message, Outbox
from reconciler.gitops.records import ConditionReason
from reconciler.gitops.report import Reporter, muted
from tests.support.looped import NOON, Told, ill, well


class Host:
    """A notifier whose host fails for as long as a test says."""

    def __init__(self, name="webhook 1", key=""):
        self.name, self.key = name, key
        self.sent, self.error, self.tries, self.events = [], None, 0, []

    def of_pass(self, end):
        return [Message(end.ended, self.key)]

    def of_event(self, event):
        return [Message(event.reason.value)]

    def send(self, content):
        self.tries += 1
        if self.error:
            raise self.error
        (self.events if isinstance(content, str) else self.sent).append(content)


class World:
    """An outbox with its reporter, at a time that a test moves."""

    def __init__(self, *hosts):
        self.at, self.lines = NOON, Told()
        self.outbox = Outbox(hosts, self._tell, lambda: self.at)
        self.reporter = Reporter(self.lines, [self.outbox])

    def _tell(self, notifier, error, at):
        if error is None:
            self.reporter.over("", ConditionReason.NOTIFICATION_FAILED, at, notifier.name)
        else:
            self.reporter.happened(muted(notifier.name, error, at))

    def run(self, seconds, step=5):
        for _ in range(0, seconds, step):
            self.outbox.deliver()
            self.at += timedelta(seconds=step)


def away():
    return UnavailableError.because("cannot reach hooks.example.com")


def refused(status):
    return ApiError(status, "", Diagnostic(f"hooks.example.com answered {status}"))


def test_a_message_is_sent_once():
    host = Host()
    world = World(host)
    world.reporter.passed(well())
    assert host.sent == []
    world.run(60)
    assert host.sent == [NOON]
    assert world.outbox.deliver() is None


def test_what_failed_is_sent_again_after_ever_longer_waits_up_to_five_minutes():
    host = Host()
    host.error = away()
    world = World(host)
    world.outbox.passed(well())
    waits = []
    for _ in range(9):
        waits.append(world.outbox.deliver())
        world.at += timedelta(seconds=waits[-1])
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    host.error = None
    assert world.outbox.deliver() is None
    assert host.sent == [NOON]


def test_a_failure_is_told_once_and_its_end_once():
    host, other = Host(), Host("webhook 2")
    host.error = away()
    world = World(host, other)
    world.reporter.passed(well())
    world.run(3600)
    assert host.tries > 5
    host.error = None
    world.run(600)
    assert world.lines.reasons == ["NotificationFailed", "Recovered"]
    (failed, over) = world.lines.events
    assert failed.message == (
        "webhook 1 could not be told: cannot reach hooks.example.com; the loop goes on"
    )
    assert over.message.startswith("NotificationFailed at `webhook 1` is over after 1h")
    assert other.events == ["NotificationFailed", "Recovered"]
    assert host.events == ["Recovered"]


def test_a_host_that_is_away_delays_no_other():
    host, other = Host(), Host("webhook 2")
    host.error = away()
    world = World(host, other)
    world.outbox.passed(well())
    world.outbox.passed(well(minutes=1))
    world.outbox.deliver()
    assert (len(other.sent), host.tries) == (2, 1)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 413, 422])
def test_what_a_host_will_never_take_is_not_sent_again(status):
    host = Host()
    host.error = refused(status)
    world = World(host)
    world.outbox.passed(well())
    world.run(600)
    assert host.tries == 1
    host.error = None
    world.outbox.passed(well(minutes=1))
    world.run(10)
    assert host.sent == [NOON + timedelta(minutes=1)]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_a_host_may_take_later_is_sent_again(status):
    host = Host()
    host.error = refused(status)
    world = World(host)
    world.outbox.passed(well())
    world.run(60)
    host.error = None
    world.run(300)
    assert host.sent == [NOON]


def test_the_newest_state_takes_the_place_of_one_that_waits():
    host = Host(key="a commit")
    host.error = away()
    world = World(host)
    for minute in range(50):
        world.outbox.passed(well(minutes=minute))
    world.run(60)
    host.error = None
    world.run(300)
    assert host.sent == [NOON + timedelta(minutes=49)]


def test_after_a_day_a_message_is_given_up():
    host = Host()
    host.error = away()
    world = World(host)
    world.outbox.passed(well())
    world.run(25 * 3600, step=300)
    assert world.outbox.deliver() is None
    host.error = None
    world.run(600)
    assert host.sent == []


def test_a_thousand_messages_wait_at_most_and_the_oldest_go():
    host = Host()
    host.error = away()
    world = World(host)
    for minute in range(1200):
        world.outbox.passed(well(minutes=minute))
    host.error = None
    world.run(60)
    assert len(host.sent) == 1000
    assert host.sent[0] == NOON + timedelta(minutes=200)


def test_a_mistake_of_ours_loses_one_message_only():
    host = Host()
    host.error = TypeError("a mistake")
    world = World(host)
    world.reporter.passed(well())
    world.outbox.deliver()
    host.error = None
    world.reporter.passed(ill("Failed", minutes=1))
    world.run(60)
    assert NOON + timedelta(minutes=1) in host.sent
    assert world.lines.reasons == ["NotificationFailed", "Failed"]
