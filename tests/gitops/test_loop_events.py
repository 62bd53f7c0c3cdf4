"""What the loop tells, and how often: once, again after a day, and when it is over."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.diagnostics import Severity
from reconciler.gitops.records import ConditionReason, Drift, Event
from reconciler.gitops.report import JsonLines, Reporter
from reconciler.secrets import remember
from tests.support.looped import DAY, NOON, REVISION, Told, condition, ill, refused, well


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def reporter(told):
    return Reporter(told)


def failed(minutes=0, *problems, **more):
    return ill("Failed", minutes=minutes, problems=problems, **more)


def test_a_pass_that_changes_nothing_tells_nothing(reporter, told):
    for minute in range(1000):
        reporter.passed(well(minutes=minute))
    assert told.events == []
    assert len(told.ends) == 1000


def test_the_same_error_with_500_request_ids_is_one_event(reporter, told):
    for number in range(500):
        reporter.passed(failed(number, refused(request=f"{number:036d}")))
    (event,) = told.events
    assert (event.reason, event.address, event.code) == (
        ConditionReason.FAILED,
        "endpoints.chat",
        "QuotaExceeded",
    )


def test_another_code_of_the_same_resource_is_another_event(reporter, told):
    reporter.passed(failed(0, refused()))
    reporter.passed(failed(1, refused(code="SkuNotAvailable")))
    assert [event.code for event in told.events] == ["QuotaExceeded", "SkuNotAvailable"]


def test_what_is_still_wrong_after_a_day_is_told_again_with_how_often_it_came(reporter, told):
    day = int(DAY.total_seconds() // 60)
    for minute in range(0, day + 60, 60):
        reporter.passed(failed(minute, refused()))
    assert [event.count for event in told.events] == [1, 24]
    assert told.events[1].time - told.events[0].time == DAY


def test_it_is_told_that_it_is_over_with_how_long_it_lasted(reporter, told):
    reporter.passed(failed(0, refused()))
    reporter.passed(well(minutes=90))
    assert told.reasons == ["Failed", "Recovered"]
    over = told.events[1]
    assert (over.severity, over.address) == (Severity.NOTE, "endpoints.chat")
    assert over.message == "Failed at `endpoints.chat` is over after 1h30m"


def test_what_fails_again_after_it_was_over_is_told_at_once(reporter, told):
    for minute in range(3):
        reporter.passed(failed(2 * minute, refused()))
        reporter.passed(well(minutes=2 * minute + 1))
    assert told.reasons == ["Failed", "Recovered"] * 3


def test_a_resource_that_a_pass_did_not_reach_has_not_recovered(reporter, told):
    reporter.passed(failed(0, refused("endpoints.chat")))
    reporter.passed(failed(1, refused("compute.gpu")))
    reporter.passed(ill("Suspended", minutes=2))
    assert "Recovered" not in told.reasons
    reporter.passed(well(minutes=3))
    over = [event.address for event in told.events if event.reason is ConditionReason.RECOVERED]
    assert over == ["endpoints.chat", "compute.gpu", ""]


def test_codes_that_alternate_are_not_told_each_time(reporter, told):
    for minute in range(50):
        code = "TooManyRequests" if minute % 2 else "ServerBusy"
        reporter.passed(failed(minute, refused(code=code)))
    assert sorted(event.code for event in told.events) == ["ServerBusy", "TooManyRequests"]


def test_a_service_that_makes_up_codes_is_told_of_a_few_times_only(reporter, told):
    for minute in range(300):
        reporter.passed(failed(minute, refused(code=f"Code{minute}")))
    assert len(told.events) == 21


def test_drift_is_told_by_resource_with_who_did_it(reporter, told):
    rows = (
        Drift("deployments.blue", "instance_count", "ann@contoso.com", "Azure Portal"),
        Drift("deployments.blue", "tags.team"),
        Drift("compute.gpu", "max_instances"),
    )
    drifted = (condition("Ready", "True", "Succeeded"), condition("Synced", "False", "Drifted"))
    reporter.passed(replace(well(), conditions=drifted, drift=rows))
    by_address = {event.address: event for event in told.events}
    assert set(by_address) == {"deployments.blue", "compute.gpu"}
    blue = by_address["deployments.blue"]
    assert (blue.reason, blue.changed_by) == (ConditionReason.DRIFTED, "ann@contoso.com")
    assert blue.message == (
        "`deployments.blue`: `instance_count`, `tags.team` were changed by ann@contoso.com "
        "with Azure Portal"
    )
    reporter.passed(well(minutes=5))
    assert told.reasons.count("Recovered") == 2


def test_a_field_that_is_left_alone_is_told_with_the_other_writer(reporter, told):
    row = Drift("deployments.blue", "instance_count", "scaler@contoso.com")
    left = Drift("deployments.blue", "instance_count")
    for minute in range(3):
        reporter.passed(well(minutes=minute, contended=(left,), drift=(row,)))
    (event,) = told.events
    assert (event.reason, event.changed_by) == (ConditionReason.CONTENDED, "scaler@contoso.com")
    assert event.message == (
        "`instance_count` of `deployments.blue` is left alone for now: scaler@contoso.com writes "
        "it again and again; stop the other writer, or add it to `ignore`"
    )
    reporter.passed(well(minutes=360))
    assert told.reasons == ["Contended", "Recovered"]


def test_a_spec_that_people_suspended_is_told(reporter, told):
    said = (condition("Ready", "Unknown", "Suspended", "suspended by a tag"),)
    for minute in range(3):
        reporter.passed(replace(well(minutes=minute), conditions=said))
    (event,) = told.events
    assert (event.reason, event.severity) == (ConditionReason.SUSPENDED, Severity.NOTE)


@pytest.mark.parametrize(
    "conditions",
    [
        (condition("LeaseHeld", "False", "HeldByAnother"),),
        (condition("Ready", "False", "DependencyNotReady"),),
        (condition("Ready", "Unknown", "Suspended"),),
    ],
)
def test_a_pass_that_did_not_look_proves_that_nothing_is_over(reporter, told, conditions):
    stalled = condition("Stalled", "True", "InvalidSpec", "bad")
    reporter.passed(replace(well(), conditions=(stalled, condition("Ready", "False", "Stalled"))))
    reporter.passed(failed(1, refused()))
    reporter.passed(replace(well(minutes=2), conditions=conditions))
    assert "Recovered" not in told.reasons
    reporter.passed(well(minutes=3))
    over = {e.address for e in told.events if e.code in ("InvalidSpec", "Failed")}
    assert over == {"", "endpoints.chat"}


def test_another_plan_that_waits_is_told_though_one_waits_already(reporter, told):
    for effect in ("plan-aaaaaaaaaaaa", "plan-aaaaaaaaaaaa", "plan-bbbbbbbbbbbb"):
        reporter.passed(ill("WaitingForApproval", effect=effect))
    assert [event.effect for event in told.events] == ["plan-aaaaaaaaaaaa", "plan-bbbbbbbbbbbb"]


def test_an_invalid_spec_is_one_event_not_one_for_each_condition(reporter, told):
    stalled = condition("Stalled", "True", "InvalidSpec", "specs/a.yaml:3:1: error: bad")
    ready = condition("Ready", "False", "Stalled")
    reporter.passed(replace(well(), conditions=(stalled, ready)))
    (event,) = told.events
    assert (event.reason, event.message) == (ConditionReason.INVALID_SPEC, stalled.message)


def test_every_apply_is_told(reporter, told):
    for minute in range(2):
        reporter.passed(well(minutes=minute, writes=3))
    assert told.reasons == ["Succeeded", "Succeeded"]
    assert told.events[0].message == "ready after 3 writes in 2.0s"


def test_what_a_pass_began_is_told_and_a_pass_that_only_waits_is_not(reporter, told):
    waits = (condition("Ready", "Unknown", "Progressing"),)
    for minute, writes in enumerate((4, 0, 0)):
        end = well(minutes=minute, writes=writes, is_pending=True)
        reporter.passed(replace(end, conditions=waits))
    (event,) = told.events
    assert (event.reason, event.severity) == (ConditionReason.PROGRESSING, Severity.NOTE)
    assert event.message == "4 writes in 2.0s; Azure is at work, the next pass looks"


def test_what_is_not_of_a_pass_is_told_once_and_when_it_is_over(reporter, told):
    lost = Event(NOON, Severity.WARNING, "", ConditionReason.SOURCE_UNAVAILABLE, "no route")
    for minute in range(5):
        reporter.happened(replace(lost, time=NOON + timedelta(minutes=minute)))
    reporter.over("", ConditionReason.SOURCE_UNAVAILABLE, NOON + timedelta(minutes=9))
    reporter.over("", ConditionReason.SOURCE_UNAVAILABLE, NOON + timedelta(minutes=9))
    assert told.reasons == ["SourceUnavailable", "Recovered"]


class Broken(Told):
    def passed(self, end):
        raise RuntimeError(f"out of order at {end.ended}")


def test_a_listener_that_fails_stops_nobody_and_is_told_once(told):
    after = Told()
    reporter = Reporter(told, [Broken(), after])
    for minute in range(20):
        reporter.passed(well(minutes=minute))
    assert len(after.ends) == 20
    (event,) = told.events
    assert (event.reason, event.address) == (ConditionReason.NOTIFICATION_FAILED, "Broken")


def written(*ends):
    stream = io.StringIO()
    reporter = Reporter(JsonLines(stream))
    for end in ends:
        reporter.passed(end)
    return stream.getvalue()


def test_a_line_of_the_log_is_json_with_the_documented_names():
    text = written(failed(0, refused(), effect="plan-3f2a9c1b7d20"))
    assert json.loads(text) == {
        "time": "2026-11-29T12:00:00Z",
        "severity": "error",
        "spec": "chat",
        "reason": "Failed",
        "message": "error: no quota (request 1)",
        "revision": str(REVISION),
        "plan": "plan-3f2a9c1b7d20",
        "address": "endpoints.chat",
        "code": "QuotaExceeded",
        "count": 1,
    }


def test_no_line_of_the_log_steers_a_terminal_a_runner_or_tells_a_secret():
    secret = "Zx8Q~verysecretvalue0123456789abcdef"
    remember(secret)
    hostile = f"##vso[task.setvariable]x\n::error::y \x1b[31m {secret} \u202e"
    text = written(ill("Failed", spec="a\n::warning::b", message=hostile))
    assert text.count("\n") == 1
    assert secret not in text
    for harmful in ("##vso[", "\x1b", "\u202e"):
        assert harmful not in text
        assert harmful not in json.loads(text)["message"]
