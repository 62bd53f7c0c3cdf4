"""The change feed: a change by others is seen sooner and has an author; nothing rests on it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from reconciler.diagnostics import UnavailableError
from reconciler.gitops.feed import FeedChange, ResourceGraph
from reconciler.gitops.feed_watch import FeedWatch
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.gitops.records import ConditionType
from reconciler.sandbox.arm.permissions import PORTAL_USER
from tests.support.one_spec import STORAGE, SUBSCRIPTION, OneSpec, reason
from tests.support.virtual_loop import Heard, VirtualLoop

MINUTE = 60
SYNCED = ConditionType.SYNCED
OPEN = {"properties": {"allowBlobPublicAccess": True}}
GRAPH = "resourcegraph/resources"


def begun(kept: OneSpec, **config: object) -> VirtualLoop:
    """Return a loop with a feed that has looked at its spec once, on the sandbox's own clock."""
    loop = VirtualLoop(kept, feed=FeedWatch(ResourceGraph(kept.azure.process)), **config)
    now = json.loads(kept.azure.control("GET", "clock"))["now"]
    loop.clock.time = datetime.fromisoformat(now)
    loop.runner = loop._made()
    while not loop.keep(MINUTE):
        pass
    return loop


def test_drift_is_seen_when_the_feed_tells_it_with_its_author(kept: OneSpec) -> None:
    loop = begun(kept)
    kept.azure.control("POST", "settings", {"change_feed_delay_s": 180})
    kept.drift(STORAGE, OPEN)
    assert loop.keep(2 * MINUTE) == []
    (end,) = loop.keep(3 * MINUTE)
    assert reason(end, SYNCED) is Reason.DRIFTED
    (row,) = end.drift
    assert row.field == "properties.allowBlobPublicAccess"
    assert (row.changed_by, row.client) == (PORTAL_USER, "Azure Portal")
    (told,) = [event for event in loop.heard.events if event.reason is Reason.DRIFTED]
    assert told.changed_by == PORTAL_USER
    assert "Azure Portal" in told.message


def test_a_field_that_the_spec_has_a_word_for_has_its_author_too(kept: OneSpec) -> None:
    """It is named by that word, and looked for in the feed by its place in the body."""
    name = "{name: smallestwsstorage"
    kept.edit(f"{name}}}", f"{name}, public_network_access: enabled}}")
    loop = begun(kept)
    kept.drift(STORAGE, {"properties": {"publicNetworkAccess": "Disabled"}})
    (row,) = loop.keep(3 * MINUTE)[-1].drift
    assert (row.field, row.path) == ("public_network_access", "properties.publicNetworkAccess")
    assert row.changed_by == PORTAL_USER


def test_without_the_feed_the_same_drift_is_seen_at_the_next_interval(kept: OneSpec) -> None:
    loop = begun(kept)
    kept.azure.arm_fault(path=GRAPH, times=0, action={"status": 403})
    kept.drift(STORAGE, OPEN)
    assert loop.keep(5 * MINUTE) == []
    end = loop.keep(8 * MINUTE)[-1]
    assert reason(end, SYNCED) is Reason.DRIFTED
    assert [row.changed_by for row in end.drift] == [""]


def test_a_feed_that_is_away_is_told_once_and_when_it_is_back(kept: OneSpec) -> None:
    loop = begun(kept)
    kept.azure.arm_fault(path=GRAPH, times=0, action={"status": 403})
    ends = loop.keep(25 * MINUTE)
    assert {reason(end) for end in ends} == {Reason.SUCCEEDED}
    assert [event.reason for event in loop.heard.events] == [Reason.FEED_UNAVAILABLE]
    kept.azure.clear_faults()
    loop.keep(2 * MINUTE)
    assert [event.reason for event in loop.heard.events][1:] == [Reason.RECOVERED]


def test_what_the_loop_wrote_itself_brings_no_pass(kept: OneSpec) -> None:
    loop = begun(kept)
    kept.edit("location: westeurope", "location: westeurope\n\ntags: {team: x}")
    kept.azure.control("POST", "settings", {"change_feed_delay_s": 240})
    ends = loop.keep(3 * MINUTE)
    assert any(end.writes for end in ends)
    assert loop.keep(5 * MINUTE) == []


def test_one_question_a_minute_is_asked_for_all_specs(kept: OneSpec) -> None:
    loop = begun(kept)
    kept.azure.clear_journal()
    loop.keep(5 * MINUTE)
    asked = [one for one in kept.azure.entries(kind="arm") if GRAPH in one["path"].lower()]
    assert 4 <= len(asked) <= 6
    assert {tuple(one["request_body"]["subscriptions"]) for one in asked} == {(SUBSCRIPTION,)}
    assert kept.azure.writes() == []


class Scripted:
    """A feed that says what it is told to."""

    def __init__(self) -> None:
        self.rows: list[FeedChange] = []
        self.asked: list[datetime] = []

    def changes(self, since: datetime, subscriptions: Iterable[str]) -> list[FeedChange]:
        self.asked.append(since)
        if not self.rows:
            raise UnavailableError.because("away")
        return [row for row in self.rows if row.time > since]


NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def change(id_: str, minutes: float, *fields: str, by: str = "ann") -> FeedChange:
    at = NOON + timedelta(minutes=minutes)
    return FeedChange(id_, STORAGE, at, by, "Azure CLI", "write", frozenset(fields))


def test_a_change_that_is_told_late_is_still_heard_and_none_twice() -> None:
    feed, heard = Scripted(), Heard()
    watch = FeedWatch(feed)
    look = lambda minutes: [  # noqa: E731 - one line, three times
        one.id
        for one in watch.look(NOON + timedelta(minutes=minutes), {"s"}, heard)  # type: ignore[arg-type]
    ]
    feed.rows = [change("b", 0)]
    assert look(1) == ["b"]
    feed.rows = [change("a", -4), change("b", 0), change("c", 1.5)]
    assert look(2) == ["a", "c"]
    assert look(3) == []
    assert feed.asked[1:] == [NOON - timedelta(minutes=9), NOON - timedelta(minutes=8)]


def test_the_author_is_who_changed_that_field_last() -> None:
    feed, heard = Scripted(), Heard()
    watch = FeedWatch(feed)
    feed.rows = [
        change("a", 0, "properties.x", by="ann"),
        change("b", 1, "properties.x.y", "tags.team", by="ben"),
        change("c", 2, "properties.z", by="cyd"),
    ]
    watch.look(NOON + timedelta(minutes=3), {"s"}, heard)  # type: ignore[arg-type]

    def author(path: str, of: str = STORAGE) -> str | None:
        found = watch.author_of(of, path)
        return found.changed_by if found else None

    assert author("properties.x") == author("tags") == "ben"
    assert author("properties.x.other") == "ann"
    assert author("properties.z", STORAGE.upper()) == "cyd"
    assert author("properties.zz") is None
    assert author("properties.z", f"{STORAGE}/other") is None
    assert author("") == "cyd"
