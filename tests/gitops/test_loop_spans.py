"""Passes in OpenTelemetry: read back from its SDK, which the product does not need."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from reconciler.gitops.spans import Spans
from tests.support.looped import REVISION, ill, well


def exported(*ends):
    """Return the spans and the durations that passes make."""
    spans, reader, tracers = InMemorySpanExporter(), InMemoryMetricReader(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    listener = Spans(tracers, MeterProvider([reader]))
    for end in ends:
        listener.passed(end)
    (scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
    return spans.get_finished_spans(), scope.metrics


def test_a_pass_is_a_span_with_its_own_times():
    end = well(writes=2, reads=9)
    ((span,), _) = exported(end)
    assert span.name == "reconcile.pass"
    assert (span.start_time, span.end_time) == (
        int(end.began.timestamp()) * 10**9,
        int(end.ended.timestamp()) * 10**9,
    )
    assert dict(span.attributes) == {
        "cicd.pipeline.name": "chat",
        "cicd.pipeline.result": "success",
        "vcs.ref.head.revision": REVISION.commit,
        "vcs.ref.head.name": "main",
        "reconcile.ready.reason": "Succeeded",
        "reconcile.writes": 2,
        "reconcile.reads": 9,
    }


def test_a_failure_is_an_error_and_a_held_plan_is_skipped():
    ((failed, held), _) = exported(ill("Failed"), ill("WaitingForApproval"))
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "Failed")
    assert failed.attributes["cicd.pipeline.result"] == "failure"
    assert held.status.status_code is StatusCode.UNSET
    assert held.attributes["cicd.pipeline.result"] == "skip"


def test_how_long_passes_took_is_recorded():
    _, (metric,) = exported(well(), well(minutes=5))
    assert (metric.name, metric.unit) == ("cicd.pipeline.run.duration", "s")
    (point,) = metric.data.data_points
    assert (point.count, point.sum) == (2, 4.0)


def test_without_an_sdk_nothing_happens():
    Spans().passed(well())
