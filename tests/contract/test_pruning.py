"""What left the spec is deleted only when asked, only when ours, and last."""

import pytest

from reconciler.diagnostics import ApiError, RefusedError
from reconciler.engine.protection import PROTECT_TAG
from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.plan.prune import CAP
from reconciler.render.reason_text import explanations
from tests.support.azure import ROOT, Quiet, edited

SMALL = "examples/smallest.yaml"
OTHER = "  cpu-cluster:\n"


def renamed(tmp_path):
    """The smallest spec with its cluster under another name."""
    return edited(tmp_path, SMALL, (OTHER, "  other-cluster:\n"))


def prune(azure, loaded):
    connection = azure.connection(loaded)
    return plan(loaded, connection, PlanOptions(prune=True)), connection


def test_without_prune_nothing_is_deleted(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    planned = azure.plan(renamed(tmp_path))
    assert [c.address for c in planned.changes if c.action is Action.DELETE] == []


def test_with_prune_what_left_the_spec_goes_last(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = renamed(tmp_path)
    planned, connection = prune(azure, loaded)
    gone = [c for c in planned.changes if c.action is Action.DELETE]
    assert [c.address for c in gone] == ["compute.cpu-cluster"]
    azure.clear_journal()
    report = apply(loaded, connection, planned, progress=Quiet())
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}
    deletes = [w for w in azure.writes() if w.startswith("DELETE")]
    assert [w.rpartition("/")[2] for w in deletes] == ["cpu-cluster"]
    assert azure.writes()[-1] == deletes[0]
    assert prune(azure, loaded)[0].is_empty


def test_what_is_not_ours_is_never_pruned(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    arm = azure.connection(loaded).arm
    group = loaded.resources["resource_group"].resource_id
    copied = arm.get(group, "2025-04-01")["tags"]
    stranger = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stranger"
    arm.put(stranger, "2024-11-30", {"location": "westeurope", "tags": copied})
    planned, _ = prune(azure, loaded)
    assert planned.is_empty


def without_workspace(tmp_path):
    """The smallest spec with nothing but an identity in it."""
    text = (ROOT / SMALL).read_text(encoding="utf-8")
    start = text.index("workspace:\n")
    return edited(tmp_path, SMALL, (text[start:], "identities: {left: {}}\n"))


def marked_identities(azure, loaded, count, word=""):
    """Make identities with our own mark that no spec names; return their ids."""
    group = loaded.resources["resource_group"].resource_id
    arm = azure.connection(loaded).arm
    made = []
    for number in range(count):
        one = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/old-{number:02}"
        tags = {OWNER_TAG: mark(loaded.spec.name, one), **({PROTECT_TAG: word} if word else {})}
        arm.put(one, "2024-11-30", {"location": "westeurope", "tags": tags})
        made.append(one)
    return made


def deletions(planned):
    return [c.address for c in planned.changes if c.action is Action.DELETE]


def test_what_was_released_by_its_tag_is_pruned_child_first(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    planned, _ = prune(azure, without_workspace(tmp_path))
    gone = deletions(planned)
    assert len(gone) == 6
    assert gone[0] == "compute.cpu-cluster"
    assert not [c for c in planned.changes if any("kept: " in n for n in explanations(c))]


def test_what_holds_data_is_not_pruned_and_keeps_what_it_needs(azure, tmp_path):
    loaded = edited(tmp_path, SMALL, ("  workspace: {protect: false}", "  compute: {}"))
    azure.apply(loaded)
    fewer = without_workspace(tmp_path)
    planned, connection = prune(azure, fewer)
    kept = {c.resource.kind for c in planned.changes if any("kept: " in n for n in explanations(c))}
    linked = {"application insights", "log analytics workspace"}
    assert kept == {"storage account", "key vault", "workspace"} | linked
    assert not [c for c in planned.changes if c.problems]
    apply(fewer, connection, planned, progress=Quiet())
    left = azure.plan(loaded)
    assert {c.address for c in left.changes if c.observed} >= {
        "workspace",
        "workspace.storage_account",
        "workspace.key_vault",
        "workspace.application_insights",
        "workspace.log_analytics",
    }


def test_a_protected_one_is_not_pruned(azure, tmp_path):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    (theirs,) = marked_identities(azure, loaded, 1, "perhaps")
    planned, _ = prune(azure, loaded)
    assert deletions(planned) == []
    assert any(theirs.rpartition("/")[2] in c.address for c in planned.changes)
    assert "says 'perhaps'" in " ".join(n for c in planned.changes for n in explanations(c))


def test_up_to_the_cap_is_pruned_and_one_more_is_refused(azure):
    loaded = load(str(ROOT / SMALL))
    azure.apply(loaded)
    marked_identities(azure, loaded, CAP)
    planned, _ = prune(azure, loaded)
    assert len(deletions(planned)) == CAP
    assert planned.blocked == []
    marked_identities(azure, loaded, CAP + 1)
    planned, connection = prune(azure, loaded)
    assert deletions(planned) == []
    assert len(planned.blocked) == CAP + 1
    with pytest.raises(RefusedError, match=f"more than the limit of {CAP}"):
        apply(loaded, connection, planned, progress=Quiet())


def test_a_spec_that_states_nothing_prunes_nothing(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    text = (ROOT / SMALL).read_text(encoding="utf-8")
    empty = edited(tmp_path, SMALL, (text[text.index("workspace:\n") :], ""))
    with pytest.raises(RefusedError) as refused:
        prune(azure, empty)
    (problem,) = refused.value.diagnostics
    assert (
        problem.summary
        == "this spec has no resources, so --prune would delete everything it created"
    )
    assert (
        problem.hint
        == "check that the spec is complete; to delete everything, use `reconcile destroy`"
    )


def test_a_list_that_fails_prunes_nothing(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    body = {"error": {"code": "Odd", "message": "odd"}}
    rule = {"method": "GET", "path": r"/resources(\?|$)", "times": 0, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": body}})
    with pytest.raises(ApiError, match="odd"):
        prune(azure, renamed(tmp_path))
    azure.control("DELETE", "faults")


def test_a_resource_that_cannot_be_read_prunes_nothing(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    body = {"error": {"code": "Odd", "message": "odd"}}
    rule = {"method": "GET", "path": r"/vaults/[\w-]+(\?|$)", "times": 0, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": body}})
    loaded = renamed(tmp_path)
    planned, connection = prune(azure, loaded)
    azure.control("DELETE", "faults")
    azure.clear_journal()
    with pytest.raises(RefusedError, match="cannot be read"):
        apply(loaded, connection, planned, progress=Quiet())
    assert azure.writes() == []


def test_a_failure_elsewhere_leaves_what_would_be_pruned(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = renamed(tmp_path)
    planned, connection = prune(azure, loaded)
    body = {"error": {"code": "Odd", "message": "odd"}}
    rule = {"method": "PUT", "path": r"/computes/", "times": 0, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": body}})
    report = apply(loaded, connection, planned, progress=Quiet())
    azure.control("DELETE", "faults")
    by_address = {o.address: o.status for o in report.outcomes}
    assert by_address["compute.other-cluster"] is Status.FAILED
    assert by_address["compute.cpu-cluster"] is Status.SKIPPED
    assert not [w for w in azure.writes() if w.startswith("DELETE")]


def test_a_mark_that_was_taken_off_after_the_plan_saves_the_resource(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = load(str(ROOT / SMALL))
    (one,) = marked_identities(azure, loaded, 1)
    planned, connection = prune(azure, loaded)
    connection.arm.put(one, "2024-11-30", {"location": "westeurope", "tags": {"a": "b"}})
    report = apply(loaded, connection, planned, progress=Quiet())
    assert Status.REFUSED in {o.status for o in report.outcomes}
    assert connection.arm.get(one, "2024-11-30") is not None


def test_a_hub_goes_after_its_project(azure, tmp_path):
    full = (ROOT / "specs/phi3-ultrachat.yaml").read_text(encoding="utf-8")
    foundry = full[full.index("hub: {name") : full.index("connections:")]
    free = "  workspace: {protect: false}"
    released = f"  hub: {{protect: false}}\n  project: {{protect: false}}\n{free}"
    changes = ("compute:\n", f"{foundry}compute:\n"), (free, released)
    _, problems = azure.apply(edited(tmp_path, SMALL, *changes))
    assert problems == []
    planned, connection = prune(azure, edited(tmp_path, SMALL))
    report = apply(
        load(str(tmp_path / "spec.yaml")), connection, planned, progress=Quiet(), parallelism=8
    )
    assert [(o.address, o.problems) for o in report.outcomes if o.problems] == []
    gone = [o.address for o in report.outcomes if o.action is Action.DELETE]
    assert set(gone) == {"hub.finetunephi-hub", "project.finetunephi-project"}


GUEST = "examples/existing-workspace.yaml"
GUESTS = "compute:\n  left-cluster: {size: Standard_DS3_v2, max_instances: 1}\n"


def test_what_left_the_spec_in_somebody_elses_workspace_is_named_and_pruned(azure, tmp_path):
    owner = load(str(ROOT / SMALL))
    azure.apply(owner)
    azure.apply(edited(tmp_path, GUEST, ("compute:\n", GUESTS)))
    loaded = load(str(ROOT / GUEST))
    left = azure.plan(loaded).leftovers
    assert [(c.address, c.action) for c in left] == [("compute.left-cluster", Action.DELETE)]
    planned, connection = prune(azure, loaded)
    azure.clear_journal()
    apply(loaded, connection, planned, progress=Quiet())
    deletes = [w for w in azure.writes() if w.startswith("DELETE")]
    assert [w.rpartition("/")[2] for w in deletes] == ["left-cluster"]
    assert azure.plan(owner).is_empty


def test_a_workspace_of_somebody_else_that_cannot_be_looked_through_is_told(azure, tmp_path):
    azure.hold(load(str(ROOT / SMALL)))
    loaded = load(str(ROOT / GUEST))
    azure.apply(loaded)
    denied = {"error": {"code": "AuthorizationFailed", "message": "injected"}}
    rule = {"method": "GET", "path": r"/smallest-ws/onlineEndpoints\?", "times": 0}
    answer = {"when": "before", "action": {"status": 403, "body": denied}}
    azure.control("POST", "faults", {**rule, **answer})
    planned = azure.plan(loaded)
    assert [w.summary for w in planned.warnings if "no longer" in w.summary] == [
        "could not check for resources that are no longer in the spec"
    ]
