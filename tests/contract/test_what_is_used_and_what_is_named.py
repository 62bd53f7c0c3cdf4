"""What a spec uses must be there, and what it makes must be free to be named so: the plan tells."""

import pytest

from reconciler.diagnostics import RefusedError, SpecError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from tests.support.azure import Quiet, edited
from tests.support.checked import smallest, taken_by_others

GUEST = "examples/existing-workspace.yaml"


def test_a_workspace_that_is_not_there_is_one_error(azure, tmp_path):
    made = azure.plan(edited(tmp_path, GUEST))
    (finding,) = [f for f in made.findings if f.level is Level.BLOCKER]
    assert (finding.id, finding.summary) == ("existing", "`workspace` does not exist")
    assert finding.position is not None and "workspaces/smallest-ws" in finding.detail
    assert azure.writes() == []


def test_a_workspace_that_is_there_is_no_finding(azure, tmp_path, applied):
    assert azure.plan(edited(tmp_path, GUEST)).findings == ()


def test_a_workspace_elsewhere_is_told_with_its_region(azure, tmp_path, applied):
    moved = edited(tmp_path, GUEST, ("location: westeurope", "location: northeurope"))
    (finding,) = azure.plan(moved).findings
    assert "`workspace` is in westeurope" in finding.summary
    assert finding.hint == "set `target.location: westeurope`"


def test_a_hub_is_no_workspace(azure, tmp_path, applied):
    workspace = applied.resources["workspace"].resource_id
    body = {"kind": "Hub"}
    azure.control("POST", "drift", {"op": "patch", "id": workspace, "body": body})
    (finding,) = azure.plan(edited(tmp_path, GUEST)).findings
    assert finding.summary == "`workspace` is no workspace: Azure calls its kind Hub"


def test_the_id_of_another_type_is_an_error_of_the_spec(tmp_path):
    type_ = "Microsoft.MachineLearningServices/workspaces"
    with pytest.raises(SpecError, match=r"is the id of a Microsoft\.Storage/storageAccounts"):
        edited(tmp_path, GUEST, (type_, "Microsoft.Storage/storageAccounts"))


def test_a_name_that_others_have_is_a_finding(azure, tmp_path):
    taken_by_others(azure)
    (finding,) = azure.plan(smallest(tmp_path)).findings
    assert (finding.id, finding.address) == ("name", "workspace.storage_account")
    assert finding.position is not None and finding.checked_by
    assert azure.writes() == []


def test_a_name_that_was_taken_since_is_refused_before_the_first_write(azure, tmp_path):
    loaded = smallest(tmp_path)
    made = azure.plan(loaded)
    taken_by_others(azure)
    with pytest.raises(RefusedError, match="is taken"):
        apply(loaded, azure.connection(loaded), made, progress=Quiet())
    assert azure.writes() == []


def test_a_soft_deleted_twin_is_a_finding(azure, tmp_path, applied):
    vault = applied.resources["workspace.key_vault"].resource_id
    azure.control("POST", "drift", {"op": "delete", "id": vault})
    findings = azure.plan(smallest(tmp_path)).findings
    assert ("soft-deleted", "workspace.key_vault") in {(f.id, f.address) for f in findings}
