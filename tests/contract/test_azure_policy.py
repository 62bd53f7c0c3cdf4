"""What Azure Policy denies is told by a plan that was asked to look, and nothing is written."""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from reconciler.operations.plan.build import PlanOptions, plan
from tests.support.azure import Quiet
from tests.support.checked import CLUSTER, SUB, assign_policy, blockers, smallest
from tests.support.robot import Robot

STORAGE = "Microsoft.Storage/storageAccounts"
MACHINES = "Microsoft.MachineLearningServices/workspaces/computes"
NO_KEYS = {
    "allOf": [
        {"field": "type", "equals": STORAGE},
        {"field": f"{STORAGE}/publicNetworkAccess", "notEquals": "Disabled"},
    ]
}
SMALL_ONES = {
    "allOf": [
        {"field": "type", "equals": MACHINES},
        {"not": {"field": f"{MACHINES}/properties.vmSize", "in": ["STANDARD_DS2_V2"]}},
    ]
}
TEAM = {
    "allOf": [
        {"field": "type", "like": "Microsoft.*"},
        {"field": "tags['owner']", "exists": "false"},
        {"field": "location", "in": ["eastus", "westeurope"]},
    ]
}


def refused(azure, loaded):
    """Apply without having asked; return what Azure then refused."""
    _, problems = azure.apply(loaded)
    return {address: problem.detail for address, problem in problems}


@pytest.mark.parametrize(
    ("rule", "address"),
    [(NO_KEYS, "workspace.storage_account"), (SMALL_ONES, CLUSTER)],
)
def test_what_a_policy_denies_is_blocked_with_its_name(azure, tmp_path, rule, address):
    loaded = smallest(tmp_path)
    assign_policy(azure, loaded, rule)
    made = azure.plan(loaded, check_policy=True)
    (finding,) = made.findings
    assert (finding.id, finding.level, finding.address) == ("azure-policy", Level.BLOCKER, address)
    assert "`ours-only` denies it" in finding.summary and finding.position.line
    assert "policyAssignments/ours-only" in finding.detail and "exemption" in finding.hint
    assert "Azure Policy" in finding.checked_by
    with pytest.raises(RefusedError, match="denies it"):
        apply(loaded, azure.connection(loaded), made, progress=Quiet())
    assert azure.writes() == []
    assert "Azure Policy" in refused(azure, loaded)[address]


def test_each_resource_that_a_policy_is_about_is_blocked(azure, tmp_path):
    loaded = smallest(tmp_path)
    assign_policy(azure, loaded, TEAM)
    found = blockers(azure.plan(loaded, check_policy=True))
    assert {"workspace", "workspace.key_vault", CLUSTER} <= {address for _, address in found}
    assert azure.writes() == []


@pytest.mark.parametrize(
    ("effect", "scope"), [("audit", SUB), ("deny", f"{SUB}/resourceGroups/rg-of-others")]
)
def test_a_policy_that_only_audits_or_holds_elsewhere_stops_nothing(azure, tmp_path, effect, scope):
    other = {
        "op": "put",
        "id": f"{SUB}/resourceGroups/rg-of-others",
        "body": {"location": "eastus"},
    }
    azure.control("POST", "drift", other)
    loaded = smallest(tmp_path)
    assign_policy(azure, loaded, SMALL_ONES, effect=effect, scope=scope)
    assert azure.plan(loaded, check_policy=True).findings == ()
    assert refused(azure, loaded) == {}


def test_nobody_is_asked_without_the_option(azure, tmp_path):
    loaded = smallest(tmp_path)
    assign_policy(azure, loaded, SMALL_ONES)
    assert azure.plan(loaded).findings == ()
    assert [e for e in azure.journal() if "PolicyInsights" in e["path"]] == []


def test_an_update_is_judged_by_what_azure_would_hold(azure, tmp_path, applied):
    assign_policy(azure, applied, SMALL_ONES)
    grown = smallest(tmp_path, ("max_instances: 2", "max_instances: 3"))
    assert blockers(azure.plan(grown, check_policy=True)) == {("azure-policy", CLUSTER)}
    assert azure.plan(applied, check_policy=True).findings == ()


def test_who_may_only_read_is_told_that_it_was_not_checked(azure, tmp_path):
    loaded = smallest(tmp_path)
    assign_policy(azure, loaded, SMALL_ONES)
    reader = Robot(azure, loaded)
    reader.is_given("Reader")
    found = plan(loaded, reader.connection(), PlanOptions(check_policy=True)).findings
    assert [(f.id, f.level) for f in found if f.id == "azure-policy"] == [
        ("azure-policy", Level.WARNING)
    ]


def test_the_command_takes_it_and_repeats_it(azure, tmp_path, run):
    loaded = smallest(tmp_path)
    spec = str(tmp_path / "spec.yaml")
    code, out = run("plan", "--check", "policy", spec=spec)
    assert code == 0 and "--check policy" in out.rpartition("To apply it:")[2]
    assign_policy(azure, loaded, SMALL_ONES)
    assert run("apply", "--yes", "--check", "policy", spec=spec)[0] == 5
    assert azure.writes() == []
