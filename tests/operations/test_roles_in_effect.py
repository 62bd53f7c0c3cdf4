"""A grant that Azure does not know everywhere yet is waited for; a denial that stays is told."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.engine.types import Status
from reconciler.operations.apply import wait
from reconciler.operations.apply.executor import Report, apply
from reconciler.render.reason_text import detail_of
from tests.support.azure import granting_in
from tests.support.faulted import arm, error, of, sent
from tests.support.passing_time import PassingTime
from tests.support.serving import GROUP, SPEC, Azure, Events

ASSIGNMENTS = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
READER = "/storageAccounts/acct1/providers/Microsoft.Authorization/roleAssignments/"
UNKNOWN = error(400, "PrincipalNotFound")
DENIED = error(403, "AuthorizationFailed")
NO_GRANTS = SPEC.replace(
    '    identity: {type: user_assigned, user_assigned_identities: ["${{ identities.server }}"]}\n',
    "",
)
NO_DEPLOYMENT = SPEC.partition("deployments:")[0].replace("    traffic: {blue: 100}\n", "")
MINUTES_5, MINUTES_10 = 300.0, 600.0


def without_hint(action: dict[str, Any]) -> dict[str, Any]:
    """Return a fault that does not say when to come again: the waits are our own."""
    return {**action, "headers": {}}


def applied_in(azure: Azure, time: PassingTime, text: str = SPEC) -> Report:
    loaded, connection, planned = azure.load(text), azure.connection(), azure.plan(text)
    connection.stop = time
    return apply(loaded, connection, planned, progress=Events(), parallelism=1)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> PassingTime:
    return PassingTime(monkeypatch)


def aged(azure: Azure, monkeypatch: pytest.MonkeyPatch, age_s: float) -> None:
    """Let our clock be so many seconds after the youngest role assignment."""
    made = max(
        datetime.datetime.fromisoformat(item["properties"]["createdOn"])
        for item in azure.arm.list(ASSIGNMENTS, "2022-04-01")
    )
    then = made + datetime.timedelta(seconds=age_s)
    clock = SimpleNamespace(now=lambda _zone: then, fromisoformat=datetime.datetime.fromisoformat)
    monkeypatch.setattr(wait, "datetime", clock)


def grants(azure: Azure, since: int) -> list[dict[str, Any]]:
    puts = [e for e in azure.everything(since) if e["method"] == "PUT"]
    return [e for e in puts if READER in e["path"]]


def test_a_principal_that_is_not_found_is_waited_for_under_one_name(
    azure: Azure, time: PassingTime
) -> None:
    since = azure.now()
    arm(azure, "PUT", READER, without_hint(UNKNOWN), times=12)
    assert applied_in(azure, time).exit_code == 0
    tries = grants(azure, since)
    assert len(tries) == 13
    assert len({e["path"] for e in tries}) == 1
    assert tries[-1]["request_body"]["properties"]["principalType"] == "ServicePrincipal"
    assert 60 < time.passed_s < MINUTES_5
    assert len(azure.arm.list(ASSIGNMENTS, "2022-04-01")) == 2


def test_a_principal_that_is_never_found_fails_in_five_minutes_and_the_next_run_converges(
    azure: Azure, time: PassingTime
) -> None:
    since = azure.now()
    arm(azure, "PUT", READER, without_hint(UNKNOWN), times=0)
    report = applied_in(azure, time)
    failed = [o for o in report.outcomes if o.status is Status.FAILED]
    assert [o.address for o in failed] == ["identities.server.storage-blob-data-reader"]
    assert "PrincipalNotFound" in detail_of(failed[0].problems[0])
    assert MINUTES_5 <= time.passed_s < MINUTES_5 + 60
    azure.control("DELETE", "faults")
    azure.applied()
    assert len({e["path"] for e in grants(azure, since)}) == 1
    assert len(azure.arm.list(ASSIGNMENTS, "2022-04-01")) == 2


def test_a_denial_after_a_grant_of_this_run_is_waited_out(azure: Azure, time: PassingTime) -> None:
    since = azure.now()
    arm(azure, "PUT", r"onlineEndpoints/phi3-ep\?", without_hint(DENIED), times=6)
    assert applied_in(azure, time).exit_code == 0
    assert 30 < time.passed_s < MINUTES_10
    assert [e["status"] for e in sent(azure, since, "PUT", "/phi3-ep")][:7] == [403] * 6 + [201]
    assert azure.changes() == {}


def test_a_denial_that_stays_is_told_after_ten_minutes(azure: Azure, time: PassingTime) -> None:
    arm(azure, "PUT", r"onlineEndpoints/phi3-ep\?", without_hint(DENIED), times=0)
    outcome = of(applied_in(azure, time), "endpoints.phi3-ep")
    assert outcome.status is Status.FAILED
    assert "AuthorizationFailed 403" in detail_of(outcome.problems[0])
    assert MINUTES_10 <= time.passed_s < MINUTES_10 + 60


@pytest.mark.parametrize("action", [DENIED, error(403, "RequestDisallowedByPolicy")])
def test_a_denial_that_no_grant_can_explain_is_not_repeated(
    azure: Azure, time: PassingTime, action: dict[str, Any]
) -> None:
    """The endpoint has no identity of ours; a policy is none that a role lifts."""
    since = azure.now()
    text = NO_GRANTS if action is DENIED else SPEC
    arm(azure, "PUT", r"onlineEndpoints/phi3-ep\?", action, times=0)
    assert of(applied_in(azure, time, text), "endpoints.phi3-ep").status is Status.FAILED
    assert len(sent(azure, since, "PUT", "/phi3-ep")) == 1


@pytest.mark.parametrize(("age_min", "tries"), [(5, 2), (40, 1)])
def test_a_grant_of_an_earlier_run_counts_while_it_is_young(
    live: Azure, time: PassingTime, monkeypatch: pytest.MonkeyPatch, age_min: int, tries: int
) -> None:
    aged(live, monkeypatch, age_min * 60)
    since = live.now()
    arm(live, "PATCH", "deployments/blue", without_hint(DENIED))
    two = SPEC.replace("instance_count: 1", "instance_count: 2")
    outcome = of(applied_in(live, time, two), "deployments.blue")
    assert len(sent(live, since, "PATCH", "/blue")) == tries
    assert outcome.status is (Status.DONE if tries == 2 else Status.FAILED)


@pytest.mark.parametrize(
    ("age_s", "waits_s"), [(100, 200), (400, 0), (-7200, 300)], ids=["young", "old", "clock behind"]
)
def test_the_wait_for_a_grant_is_finished_by_the_run_after_a_kill(
    azure: Azure,
    time: PassingTime,
    monkeypatch: pytest.MonkeyPatch,
    age_s: float,
    waits_s: float,
) -> None:
    """A deployment whose identity may not read yet fails for good: no PUT before the wait."""
    azure.applied(NO_DEPLOYMENT)  # as a run leaves it that is killed just after its grants
    aged(azure, monkeypatch, age_s)
    loaded, planned = azure.load(), azure.plan()
    connection = granting_in(MINUTES_5, azure.connection())
    connection.stop, since, waited = time, azure.now(), []

    def say(address: str, message: str, **_: Any) -> None:
        if "role assignments" in message:
            waited.append((address, sent(azure, since, "PUT", "/blue")))

    monkeypatch.setattr(Events, "say", staticmethod(say))
    report = apply(loaded, connection, planned, progress=Events(), parallelism=1)
    assert report.exit_code == 0
    assert waited == ([("deployments.blue", [])] if waits_s else [])
    assert waits_s <= time.passed_s < waits_s + 60
