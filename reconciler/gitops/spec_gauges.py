"""The figures of each spec as gauges: read from the last passes, so that none is out of date.

Where specs are not told apart, each gauge is one series: the sum of all, or their longest wait.
Only the last success, and the interval that it is held against, are always by spec: an alert that
cannot name the spec helps nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from prometheus_client.core import GaugeMetricFamily, Metric

from reconciler.gitops.last_passes import LastPass
from reconciler.gitops.records import ConditionStatus, ConditionType

Value = Callable[[LastPass], float | None]
Combine = Callable[[Iterable[float]], float]


def gauges(found: list[LastPass], now: datetime, *, per_spec: bool) -> list[Metric]:
    """Return every gauge of specs."""

    def waiting(one: LastPass) -> float:
        return (now - one.waiting_since).total_seconds() if one.waiting_since else 0.0

    def by_spec(name: str, text: str, value: Value, combine: Combine = sum) -> Metric:
        family = GaugeMetricFamily(f"reconcile_{name}", text, labels=["spec"])
        values = [(one.end.spec, value(one)) for one in found]
        known = [(spec, number) for spec, number in values if number is not None]
        if not per_spec:
            known = [("", combine(number for _, number in known))] if known else []
        for spec, number in known:
            family.add_metric([spec], number)
        return family

    return [
        _successes(found),
        _intervals(found),
        by_spec("drift_resources", "Resources that somebody else changed.", _drifted),
        by_spec("approval_waiting_seconds", "How long a plan waits for an approval.", waiting, max),
        by_spec("contended_fields", "Fields left to another writer for now.", _contended),
        by_spec("stalled", "1 where a person is needed.", _is(ConditionType.STALLED)),
        by_spec("lease_held", "1 where this replica may write.", _is(ConditionType.LEASE_HELD)),
        by_spec("azure_reads_per_pass", "Reads of the last pass.", lambda one: one.end.reads),
        _info(found, per_spec=per_spec),
        _costs(found, per_spec=per_spec),
    ]


def _successes(found: list[LastPass]) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_last_success_timestamp_seconds",
        "When a pass last ended without a failure; 0 where none did.",
        labels=["spec"],
    )
    for one in found:
        family.add_metric([one.end.spec], one.succeeded.timestamp() if one.succeeded else 0.0)
    return family


def _intervals(found: list[LastPass]) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_interval_seconds", "How often a spec is looked at.", labels=["spec"]
    )
    for one in found:
        family.add_metric([one.end.spec], one.end.interval_s)
    return family


def _drifted(one: LastPass) -> float:
    return len({row.address for row in one.end.drift})


def _contended(one: LastPass) -> float:
    return len(one.end.contended)


def _is(wanted: ConditionType) -> Value:
    def value(one: LastPass) -> float | None:
        found = one.end.condition(wanted)
        return None if found is None else float(found.status is ConditionStatus.TRUE)

    return value


def _info(found: list[LastPass], *, per_spec: bool) -> Metric:
    names = ["spec", "sync_status", "health_status", "revision"]
    family = GaugeMetricFamily("reconcile_spec_info", "How many specs are so.", labels=names)
    rows = Counter(_state(one, per_spec=per_spec) for one in found)
    for labels, count in sorted(rows.items()):
        family.add_metric(labels, count)
    return family


def _state(one: LastPass, *, per_spec: bool) -> tuple[str, ...]:
    sync, health = (
        found.reason.value if found else "Unknown"
        for found in map(one.end.condition, (ConditionType.SYNCED, ConditionType.HEALTHY))
    )
    if not per_spec:
        return "", sync, health, ""
    return one.end.spec, sync, health, str(one.end.revision or "")


def _costs(found: list[LastPass], *, per_spec: bool) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_cost_per_hour",
        "List price of everything of a spec while it serves, as far as prices are known.",
        labels=["spec", "currency"],
    )
    sums: dict[tuple[str, str], Decimal] = {}
    for one in found:
        if one.cost:
            label = (one.end.spec if per_spec else "", one.cost[0])
            sums[label] = sums.get(label, Decimal()) + one.cost[1]
    for label, amount in sorted(sums.items()):
        family.add_metric(label, float(amount))
    return family
