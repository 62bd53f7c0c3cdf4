"""What a reader sees at the end of an apply, of status, and of errors."""

from __future__ import annotations

import json
from collections.abc import Callable

from built import GROUP, SPEC_LINES, at_80_columns, in_a_pipe

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.engine.types import Action, Outcome, Status
from reconciler.operations.apply.executor import Report
from reconciler.operations.status import StatusRow
from reconciler.reasons import Interrupted
from reconciler.render.diagnostics_text import MAX_SHOWN, problems
from reconciler.render.graph_text import dot, mermaid
from reconciler.render.report import report_json, report_lines
from reconciler.render.status_text import status_json, status_lines

Golden = Callable[[str, str], None]

NO_CORES = Diagnostic(
    "not enough cores of standardNCADSA100v4Family in eastus: 24 needed, 0 free",
    Position("spec.yaml", 3, 11),
    detail="QuotaExceeded 409 on PUT https://management.azure.com/subscriptions/0000/x "
    "(request 6f1c2a34)",
    hint="lower the size or count, choose another size, or raise the quota in `quota:`",
)
STUDIO = "https://ml.azure.com/runs/finetune-0123456789ab?wsid=/subscriptions/0000/x"

MIXED = Report(
    (
        Outcome("resource_group", Action.NO_OP, Status.UNCHANGED),
        Outcome("workspace", Action.CREATE, Status.DONE, 8.14),
        Outcome("compute.gpu-cluster", Action.CREATE, Status.FAILED, 61.2, (NO_CORES,)),
        Outcome("jobs.other", Action.NO_OP, Status.SKIPPED, because_of="compute.gpu-cluster"),
        Outcome("models.other", Action.NO_OP, Status.SKIPPED, because_of="compute.gpu-cluster"),
        Outcome(
            "jobs.finetune",
            Action.RUN,
            Status.PENDING,
            3725.0,
            (Diagnostic("the job is Running after 62 min"),),
            link=STUDIO,
        ),
        Outcome("models.phi3", Action.NO_OP, Status.SKIPPED, because_of="jobs.finetune"),
    )
)

GONE = Report(
    (
        Outcome("endpoints.chat", Action.DELETE, Status.DONE, 2.0),
        Outcome("workspace.key_vault", Action.DELETE, Status.DONE, 1.0),
    ),
    remains=("key vault kv-chat: soft-deleted, kept for 90 days, its name stays taken",),
)

ROWS = (
    StatusRow("resource_group", "resource group", "Synced", "Healthy"),
    StatusRow("compute.gpu-cluster", "compute cluster", "OutOfSync", "Healthy", "max_instances"),
    StatusRow("jobs.finetune", "job", "Synced", "Progressing", "Running", STUDIO),
    StatusRow("endpoints.chat", "endpoint", "Missing", "Missing"),
    StatusRow(
        "deployments.blue",
        "deployment",
        "Synced",
        "Degraded",
        "provisioning state Failed: the container did not answer its readiness probe in time",
    ),
)


def test_report_of_a_mixed_run(golden: Golden) -> None:
    lines = report_lines(
        MIXED,
        elapsed_s=3791.0,
        next_step="When that is fixed, continue with: reconcile apply spec.yaml",
        source=lambda _name: SPEC_LINES,
    )
    golden("report-80.txt", at_80_columns(lines))
    golden("report-pipe.txt", in_a_pipe(lines))


def test_report_of_a_destroy_says_what_azure_keeps(golden: Golden) -> None:
    golden("destroyed-80.txt", at_80_columns(report_lines(GONE, elapsed_s=3.2)))


def test_report_as_json_has_every_outcome() -> None:
    found = json.loads(report_json(MIXED, elapsed_s=1.0))
    assert [o["status"] for o in found["outcomes"]].count("skipped") == 3
    assert found["exit_code"] == 1


def test_status(golden: Golden) -> None:
    lines = status_lines(ROWS, next_step="To see the differences: reconcile plan spec.yaml")
    golden("status-80.txt", at_80_columns(lines))
    golden("status-pipe.txt", in_a_pipe(lines))
    assert json.loads(status_json(ROWS))["resources"][1]["synced"] == "OutOfSync"


def test_errors(golden: Golden) -> None:
    found = [
        Diagnostic(
            "unknown key `max_instancs` in `compute.gpu-cluster`",
            Position("spec.yaml", 4, 5),
            hint="did you mean `max_instances`?",
        ),
        Diagnostic("`yes` is text here", Position("spec.yaml", 2, 3), severity=Severity.WARNING),
        NO_CORES,
        Diagnostic("cannot sign in to Azure", hint="run `az login`"),
        Diagnostic("beyond the end of the file", Position("spec.yaml", 99, 1)),
    ]
    lines = problems(found, lambda _name: SPEC_LINES)
    golden("errors-80.txt", at_80_columns(lines))
    golden("errors-pipe.txt", in_a_pipe(lines))


def test_the_first_line_of_an_error_is_what_editors_read() -> None:
    first = in_a_pipe(problems([NO_CORES], lambda _name: ())).splitlines()[0]
    assert first.startswith("spec.yaml:3:11: error: not enough cores")


def test_a_thousand_errors_are_cut_and_counted() -> None:
    text = in_a_pipe(problems([Diagnostic(f"problem {n}") for n in range(1000)]))
    assert f"... and {1000 - MAX_SHOWN} more" in text
    assert text.endswith("1000 errors\n")


def test_graph_draws_no_edge_that_others_imply() -> None:
    graph = {
        "a": frozenset[str](),
        "b": frozenset({"a"}),
        "c": frozenset({"a", "b"}),
    }
    assert mermaid(graph, {}).count("-->") == 2
    assert '"a" -> "c"' not in dot(graph, {})


def test_graph(golden: Golden) -> None:
    graph = {
        "workspace": frozenset[str](),
        "compute.gpu-cluster": frozenset({"workspace"}),
        'bad"]; click n0 "javascript:x': frozenset({"compute.gpu-cluster"}),
    }
    kinds = {"workspace": "workspace", "compute.gpu-cluster": "compute cluster"}
    golden("graph.mmd", mermaid(graph, kinds))
    golden("graph.dot", dot(graph, kinds))
    assert GROUP not in mermaid(graph, kinds)


def test_what_waits_for_something_refused_or_stopped_is_not_told_of_a_failure() -> None:
    report = Report(
        (
            Outcome("hub", Action.CREATE, Status.REFUSED, 0.1, (NO_CORES,)),
            Outcome("project", Action.NO_OP, Status.SKIPPED, because_of="hub"),
            Outcome("workspace", Action.NO_OP, Status.SKIPPED, reason=Interrupted()),
            Outcome("models.phi3", Action.NO_OP, Status.SKIPPED, reason=Interrupted()),
        ),
        interrupted=True,
    )
    lines = report_lines(report, elapsed_s=1.0)
    shown = "\n".join("".join(span.text for span in one.spans) for one in lines)
    assert "Not started, because hub was refused: project" in shown
    assert "Not started, because the run was stopped: workspace, models.phi3" in shown
    assert "workspace failed" not in shown
