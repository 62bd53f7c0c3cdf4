"""What Prometheus reads of the loop: figures of the last passes, few series, no ids."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.cloud.throttle import Throttle
from reconciler.cloud.traffic import Traffic
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.metrics import Metrics
from reconciler.gitops.records import Drift, Revision
from reconciler.gitops.vitals import Vitals
from tests.support.looped import NOON, REVISION, condition, ill, well

OF_SECTION_9 = {
    "reconcile_pass_duration_seconds": {"spec"},
    "reconcile_pass": {"spec", "result"},
    "reconcile_spec_info": {"spec", "sync_status", "health_status", "revision"},
    "reconcile_drift_resources": {"spec"},
    "reconcile_last_success_timestamp_seconds": {"spec"},
    "reconcile_approval_waiting_seconds": {"spec"},
    "reconcile_contended_fields": {"spec"},
    "reconcile_azure_requests": {"service", "method", "code"},
    "reconcile_azure_reads_per_pass": {"spec"},
    "reconcile_throttled_seconds": set(),
    "reconcile_lease_held": {"spec"},
    "reconcile_specs_due": set(),
    "reconcile_feed_lag_seconds": set(),
    "reconcile_cost_per_hour": {"spec", "currency"},
}


class Watched:
    """The metrics of a loop whose passes a test makes up."""

    def __init__(self, **more):
        self.last, self.traffic, self.at = LastPasses(), Traffic(), NOON
        self.vitals = Vitals(specs_due=3, feed_lag_s=12.5)
        self.metrics = Metrics(self.last, self.vitals, self.traffic, now=lambda: self.at, **more)

    def passed(self, *ends):
        for end in ends:
            self.last.passed(end)
            self.metrics.passed(end)

    def families(self):
        text = self.metrics.text().decode()
        return {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, sample, **labels):
        found = [
            one.value
            for family in self.families().values()
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        ]
        return found[0] if len(found) == 1 else found


@pytest.fixture
def watched():
    return Watched()


def priced(amount, currency="USD"):
    cost = {"currency": currency, "per_hour_serving": {"amount": amount, "unknown": []}}
    return {"cost": cost}


def test_every_metric_that_is_promised_is_there_with_its_labels(watched):
    watched.traffic.answered("GET", "https://management.azure.com/subscriptions/1", 200)
    held = condition("LeaseHeld", "True", "Held")
    watched.passed(replace(well(plan=priced("1.5")), conditions=(*well().conditions, held)))
    families = watched.families()
    labels = {
        name: {key for one in families[name].samples for key in one.labels if key != "le"}
        for name in OF_SECTION_9
    }
    assert labels == OF_SECTION_9


def test_buckets_reach_an_hour(watched):
    watched.passed(replace(well(), began=NOON - timedelta(seconds=3000)))
    assert watched.value("reconcile_pass_duration_seconds_bucket", le="3600.0") == 1
    assert watched.value("reconcile_pass_duration_seconds_bucket", le="1800.0") == 0
    assert watched.value("reconcile_pass_duration_seconds_bucket", le="1.0") == 0


@pytest.mark.parametrize(
    ("end", "result"),
    [
        (well(), "success"),
        (ill("Failed"), "failure"),
        (ill("Stalled"), "failure"),
        (ill("WaitingForApproval"), "skip"),
        (ill("Suspended"), "skip"),
        (replace(well(), conditions=(condition("LeaseHeld", "False", "HeldByAnother"),)), "skip"),
        (
            replace(
                well(),
                is_pending=True,
                conditions=(condition("Ready", "Unknown", "Progressing"),),
            ),
            "pending",
        ),
    ],
)
def test_a_pass_is_counted_by_what_it_came_to(watched, end, result):
    watched.passed(end, end)
    assert watched.value("reconcile_pass_total", spec="chat", result=result) == 2


def test_a_new_revision_leaves_no_series_of_the_old_one(watched):
    watched.passed(well(), well(revision=Revision("main", "b" * 40)))
    (sample,) = watched.families()["reconcile_spec_info"].samples
    assert sample.labels == {
        "spec": "chat",
        "sync_status": "InSync",
        "health_status": "Unknown",
        "revision": f"main@sha1:{'b' * 40}",
    }


def test_how_long_the_same_plan_waits_for_approval(watched):
    for minutes, effect in ((0, "plan-a"), (10, "plan-a"), (20, "plan-b"), (30, "plan-b")):
        watched.passed(ill("WaitingForApproval", minutes=minutes, effect=effect))
    watched.at = NOON + timedelta(minutes=50)
    assert watched.value("reconcile_approval_waiting_seconds") == 30 * 60
    watched.passed(well(minutes=50))
    assert watched.value("reconcile_approval_waiting_seconds") == 0


def test_a_failure_does_not_move_the_last_success_and_a_wait_for_azure_does(watched):
    watched.passed(ill("Failed"))
    name = "reconcile_last_success_timestamp_seconds"
    assert watched.value(name) == 0
    watched.passed(well(minutes=1), ill("Failed", minutes=2))
    assert watched.value(name) == (NOON + timedelta(minutes=1)).timestamp()
    waits = (condition("Ready", "Unknown", "Progressing"),)
    watched.passed(replace(well(minutes=3), is_pending=True, conditions=waits))
    assert watched.value(name) == (NOON + timedelta(minutes=3)).timestamp()


def test_a_replica_without_the_lease_keeps_what_it_knew_and_says_that_it_may_not_write(watched):
    held = condition("LeaseHeld", "True", "Held")
    drift = (Drift("compute.gpu", "size"), Drift("compute.gpu", "tags"))
    watched.passed(replace(well(drift=drift), conditions=(*well().conditions, held)))
    lost = (condition("LeaseHeld", "False", "HeldByAnother"),)
    watched.passed(replace(well(minutes=5), conditions=lost))
    assert watched.value("reconcile_lease_held") == 0
    assert watched.value("reconcile_drift_resources") == 1
    assert watched.value("reconcile_last_success_timestamp_seconds") == NOON.timestamp()


def test_requests_are_counted_where_every_request_passes():
    traffic = Throttle().traffic
    for status in (200, 200, 429, None):
        traffic.answered("GET", "https://management.azure.com/subscriptions/secret-id", status)
    traffic.answered("PROPFIND", "https://a.blob.core.windows.net:443/b", 201)
    traffic.answered("PUT", "https://localhost:1/x", 200)
    assert {(one.service, one.method, one.code): n for one, n in traffic.requests.items()} == {
        ("arm", "GET", "200"): 2,
        ("arm", "GET", "429"): 1,
        ("arm", "GET", "none"): 1,
        ("blob", "other", "201"): 1,
        ("sandbox", "PUT", "200"): 1,
    }


def test_a_spec_that_is_no_longer_configured_leaves_no_series(watched):
    watched.passed(well("a"), well("b"))
    watched.last.forget(["a"])
    watched.metrics.forget(["a"])
    text = watched.metrics.text().decode()
    assert 'spec="a"' not in text
    assert 'spec="b"' in text


def many(count):
    return [well(f"spec-{number}", plan=priced("0.5")) for number in range(count)]


def test_above_500_specs_only_the_last_success_and_its_interval_are_by_spec(watched):
    watched.passed(*many(500))
    assert watched.value("reconcile_pass_total", spec="spec-7") == 1
    watched.passed(*many(501))
    named = {
        family.name
        for family in watched.families().values()
        for one in family.samples
        if one.labels.get("spec")
    }
    assert named == {"reconcile_last_success_timestamp_seconds", "reconcile_interval_seconds"}
    assert watched.value("reconcile_cost_per_hour", currency="USD") == 501 * 0.5
    assert watched.value("reconcile_spec_info", sync_status="InSync") == 501


def test_specs_are_told_apart_always_or_never_as_asked():
    always, never = Watched(per_spec="always"), Watched(per_spec="never")
    always.passed(*many(501))
    never.passed(*many(2))
    assert always.value("reconcile_pass_total", spec="spec-500") == 1
    assert never.value("reconcile_pass_total", result="success", spec="") == 2


def test_a_hostile_name_cannot_forge_a_series(watched):
    watched.passed(well('a"} 1\nreconcile_specs_due 99\n#', revision=REVISION))
    assert watched.value("reconcile_specs_due") == 3
