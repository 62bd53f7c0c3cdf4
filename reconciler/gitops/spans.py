"""Passes as OpenTelemetry sees them: a span and a duration each, by the API alone.

Without an SDK, which whoever wants the data installs and configures, this costs next to nothing.
The names are release candidates of the semantic conventions for CI/CD, and stand here only.
Source: opentelemetry.io/docs/specs/semconv/cicd.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from opentelemetry import metrics, trace
from opentelemetry.trace import Status, StatusCode

from reconciler.gitops.records import ConditionReason, ConditionType, Event, PassEnd
from reconciler.gitops.results import Result, result_of

SCOPE = "reconcile.gitops"
PASS = "reconcile.pass"
PIPELINE_NAME = "cicd.pipeline.name"
PIPELINE_RESULT = "cicd.pipeline.result"
RUN_DURATION = "cicd.pipeline.run.duration"
RUN_STATE = "cicd.pipeline.run.state"
REVISION = "vcs.ref.head.revision"
REF = "vcs.ref.head.name"
READY_REASON = "reconcile.ready.reason"
WRITES = "reconcile.writes"
READS = "reconcile.reads"

RESULTS = {
    Result.SUCCESS: "success",
    Result.PENDING: "success",
    Result.FAILURE: "failure",
    Result.SKIP: "skip",
}
"""A pass that Azure still works for ended as it should; the next one looks again."""


class Spans:
    """A `Listener` that makes them of passes that have ended."""

    def __init__(
        self,
        tracers: trace.TracerProvider | None = None,
        meters: metrics.MeterProvider | None = None,
    ) -> None:
        """Use the providers of the process, which do nothing unless an SDK set others."""
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)
        self._durations = metrics.get_meter(SCOPE, meter_provider=meters).create_histogram(
            RUN_DURATION, unit="s", description="Duration of a pass."
        )

    def passed(self, end: PassEnd) -> None:
        """Make the span of a pass, with its own times, and record how long it took."""
        about = {PIPELINE_NAME: end.spec, PIPELINE_RESULT: RESULTS[result_of(end)]}
        span = self._tracer.start_span(
            PASS, attributes={**about, **_more(end)}, start_time=_nanoseconds(end.began)
        )
        if result_of(end) is Result.FAILURE:
            span.set_status(Status(StatusCode.ERROR, _reason(end)))
        span.end(end_time=_nanoseconds(end.ended))
        took = (end.ended - end.began).total_seconds()
        self._durations.record(took, {**about, RUN_STATE: "executing"})

    def happened(self, event: Event) -> None:
        """Make nothing: events are in the log."""


def _more(end: PassEnd) -> Mapping[str, str | int]:
    found = end.revision
    named = {REVISION: found.commit, REF: found.ref} if found else {}
    return {**named, READY_REASON: _reason(end), WRITES: end.writes, READS: end.reads}


def _reason(end: PassEnd) -> str:
    ready = end.condition(ConditionType.READY)
    return (ready.reason if ready else ConditionReason.UNKNOWN).value


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000_000)
