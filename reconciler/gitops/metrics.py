"""What Prometheus scrapes. No id of a resource is a label; of specs, none where there are many.

Passes are counted as they end; everything else is read from the last pass of each spec when
somebody scrapes, so that a label whose value changed leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from reconciler.cloud.traffic import Traffic
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.records import Event, PassEnd
from reconciler.gitops.results import result_of
from reconciler.gitops.spec_gauges import gauges
from reconciler.gitops.vitals import Vitals

BUCKETS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
MOST_SPECS = 500
"""With more, 10,000 specs would be 260,000 series."""
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
PerSpec = Literal["auto", "always", "never"]


class Metrics:
    """A `Listener` that counts, and writes the figures in Prometheus' text format."""

    def __init__(
        self,
        last: LastPasses,
        vitals: Vitals,
        traffic: Traffic,
        *,
        per_spec: PerSpec = "auto",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Count from now on; `last` must hear of a pass before this does."""
        self._last, self._per_spec, self._lock = last, per_spec, Lock()
        self._is_told_apart = per_spec != "never"
        # They would double the series of each counter.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus has no types here
        self.registry = CollectorRegistry()
        self._durations = Histogram(
            "reconcile_pass_duration_seconds",
            "How long a pass took.",
            ["spec"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._passes = Counter(
            "reconcile_pass", "Passes by what they came to.", ["spec", "result"],
            registry=self.registry,
        )  # fmt: skip
        self.registry.register(_Rest(lambda: self._gauges(now()), vitals, traffic))

    def passed(self, end: PassEnd) -> None:
        """Count a pass."""
        with self._lock:
            label = self._label(end.spec)
            self._durations.labels(label).observe((end.ended - end.began).total_seconds())
            self._passes.labels(label, result_of(end).value).inc()

    def happened(self, event: Event) -> None:
        """Count nothing: what is wrong now is in the conditions."""

    def text(self) -> bytes:
        """Return all figures."""
        return generate_latest(self.registry)

    def forget(self, specs: Iterable[str]) -> None:
        """Leave out specs that are no longer configured."""
        with self._lock:
            for spec in specs if self._is_told_apart else ():
                self._durations.remove_by_labels({"spec": spec})
                self._passes.remove_by_labels({"spec": spec})

    def _label(self, spec: str) -> str:
        if self._is_told_apart and self._per_spec == "auto" and len(self._last) > MOST_SPECS:
            self._is_told_apart = False
            self._durations.clear()
            self._passes.clear()
        return spec if self._is_told_apart else ""

    def _gauges(self, now: datetime) -> list[Metric]:
        with self._lock:
            return gauges(self._last.all(), now, per_spec=self._is_told_apart)


class _Rest(Collector):
    """What is read when somebody scrapes."""

    def __init__(
        self, of_specs: Callable[[], Iterable[Metric]], vitals: Vitals, traffic: Traffic
    ) -> None:
        self._of_specs, self._vitals, self._traffic = of_specs, vitals, traffic

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._of_specs()
        yield _requests(self._traffic)
        yield CounterMetricFamily(
            "reconcile_throttled_seconds",
            "How long requests waited for their turn because Azure limits their rate.",
            value=self._traffic.throttled_s,
        )
        yield GaugeMetricFamily(
            "reconcile_specs_due", "Specs that wait for a worker.", value=self._vitals.specs_due
        )
        if self._vitals.feed_lag_s is not None:
            yield GaugeMetricFamily(
                "reconcile_feed_lag_seconds",
                "How old the newest change of the change feed was when it was seen.",
                value=self._vitals.feed_lag_s,
            )


def _requests(traffic: Traffic) -> Metric:
    family = CounterMetricFamily(
        "reconcile_azure_requests",
        "Requests by service, method and the code of the answer.",
        labels=["service", "method", "code"],
    )
    for one, count in sorted(traffic.requests.items()):
        family.add_metric([one.service, one.method, one.code], count)
    return family
