"""What left the spec but is still needed by its id stays: by the spec, or by what stays in Azure.

An id in the spec uses what exists, whoever made it; a workspace that stays needs its storage,
and its insights need their logs, whether or not anybody states them.
"""

from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Action
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.render.reason_text import explanations
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
DATA = "examples/bring-your-own-data.yaml"
WORKSPACE_API, INSIGHTS_API, LOGS_API = "2026-05-01", "2020-02-02", "2025-07-01"
INSIGHTS = "application_insights: {name: smallest-ws-insights}"
REGISTRY = f"{INSIGHTS}\n  container_registry: {{name: smallestregistry}}"


def prune(azure, loaded):
    connection = azure.connection(loaded)
    return plan(loaded, connection, PlanOptions(prune=True)), connection


def deletions(planned):
    return {c.address for c in planned.changes if c.action is Action.DELETE}


def kept(planned):
    """Return why what left the spec stays."""
    notes = {c.address: " ".join(explanations(c)) for c in planned.changes}
    return {address: note for address, note in notes.items() if note.startswith("kept: ")}


def test_what_the_spec_now_names_by_its_id_stays_and_so_does_what_that_needs(
    azure, applied, tmp_path
):
    insights = applied.resources["workspace.application_insights"].resource_id
    logs = applied.resources["workspace.log_analytics"].resource_id
    loaded = edited(tmp_path, SMALL, (INSIGHTS, f"application_insights: {insights}"))
    planned, connection = prune(azure, loaded)
    assert deletions(planned) == set()
    assert apply(loaded, connection, planned, progress=Quiet()).exit_code is ExitCode.OK
    assert connection.arm.get(insights, INSIGHTS_API)
    assert connection.arm.get(logs, LOGS_API)


def test_a_cluster_that_a_job_names_by_its_id_stays(azure, tmp_path):
    text = (ROOT / DATA).read_text(encoding="utf-8")
    block = text[text.index("compute:\n") : text.index("datasets:\n")]
    rest = text[text.index("datasets:\n") : text.index("lifecycle:")]
    before = edited(tmp_path, DATA, (rest, ""), ("  models: {protect: false}", ""))
    _, problems = azure.apply(before)
    assert problems == []
    cluster = before.resources["compute.gpu-cluster"].resource_id
    by_id = ("${{ compute.gpu-cluster }}", cluster.replace("resourceGroups", "resourcegroups"))
    planned, _ = prune(azure, edited(tmp_path, DATA, (block, ""), by_id))
    assert deletions(planned) == set()
    renamed = ("gpu-cluster", "other-cluster")
    planned, _ = prune(azure, edited(tmp_path, DATA, renamed))
    assert deletions(planned) == {"compute.gpu-cluster"}


def test_what_a_workspace_is_linked_to_stays_where_the_spec_is_silent(azure, tmp_path):
    _, problems = azure.apply(edited(tmp_path, SMALL, (INSIGHTS, REGISTRY)))
    assert problems == []
    planned, connection = prune(azure, load(str(ROOT / SMALL)))
    assert deletions(planned) == set()
    (note,) = kept(planned).values()
    assert note == (
        "kept: no longer in the spec, but workspace refers to it "
        "(let workspace use another one, or delete it first)"
    )
    loaded = load(str(ROOT / SMALL))
    assert apply(loaded, connection, planned, progress=Quiet()).exit_code is ExitCode.OK
    assert [w for w in azure.writes() if w.startswith("DELETE")] == []


def test_what_a_workspace_is_linked_to_no_more_goes(azure, applied, tmp_path):
    loaded = edited(tmp_path, SMALL, ("smallest-ws-insights", "newer-insights"))
    planned, connection = prune(azure, loaded)
    report = apply(loaded, connection, planned, progress=Quiet())
    assert [o.problems for o in report.outcomes if o.problems] == []
    assert (
        connection.arm.get(applied.resources["workspace.log_analytics"].resource_id, LOGS_API)
        is None
    )
    workspace = connection.arm.get(loaded.resources["workspace"].resource_id, WORKSPACE_API)
    assert workspace["properties"]["applicationInsights"].endswith("/newer-insights")


def test_what_the_workspace_of_somebody_else_is_linked_to_stays(azure, applied, tmp_path):
    """Another team's workspace reports to our insights; our own spec has moved to others."""
    arm = azure.connection(applied).arm
    ours = arm.get(applied.resources["workspace"].resource_id, WORKSPACE_API)
    theirs = ours["id"].replace("smallest-ws", "their-ws")
    links = ("storageAccount", "keyVault", "applicationInsights")
    body = {
        "location": ours["location"],
        "identity": {"type": "SystemAssigned"},
        "properties": {name: ours["properties"][name] for name in links},
    }
    arm.put(theirs, WORKSPACE_API, body)
    loaded = edited(tmp_path, SMALL, ("smallest-ws-insights", "newer-insights"))
    planned, _ = prune(azure, loaded)
    assert deletions(planned) == set()
    reasons = sorted(kept(planned).values())
    assert reasons == [
        "kept: no longer in the spec, but smallest-ws-insights refers to it "
        "(let smallest-ws-insights use another one, or delete it first)",
        "kept: no longer in the spec, but their-ws refers to it "
        "(let their-ws use another one, or delete it first)",
    ]
