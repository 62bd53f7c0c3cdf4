"""What people read decides nothing: with other words the same is planned, written and returned.

A history is lived through twice, once with the words as they are, once with every reason, note
and problem replaced by one constant. Decisions, requests, outcomes and exit codes are the same.
"""

import pytest

from reconciler.cloud.run_scope import RunScope
from tests.support.controls import state_of
from tests.support.history import IDS, History, without_words


def lived_through(azure, folder, capsys):
    """Create, replace, refuse, prune, keep and destroy; return what was told of each step."""
    one = History(azure, folder, capsys)
    one.spec()
    assert one.run("plan", "--out", str(one.saved)) == 0
    assert one.apply_saved() == 0
    assert one.run("plan", "--detailed-exitcode") == 0
    _changes(one)
    _refusals(one)
    _failures(one)
    _deletions(one)
    return one.told


def _changes(one):
    one.spec(("Standard_DS3_v2", "Standard_DS2_v2"))
    assert one.run("plan", "--detailed-exitcode") == 2, "replaced"
    assert one.run("apply", "--yes") == 0
    one.drift("account", {"properties": {"provisioningState": "Failed"}})
    assert one.run("plan", "--detailed-exitcode") == 2, "written again after a failure"
    assert one.run("apply", "--yes") == 0
    one.drift("cluster", {"properties": {"provisioningState": "Updating"}})
    assert one.run("plan") == 0, "waited for"
    one.drift("cluster", {"properties": {"provisioningState": "Succeeded"}})


def _refusals(one):
    one.spec(("name: smallest\n", "name: another\n"))
    assert one.run("apply", "--yes") == 5, "belongs to another spec"
    one.spec(("Standard_DS3_v2", "Standard_DS2_v2"), ("max_instances: 2", "max_instances: 3"))
    assert one.run("plan", "--out", str(one.saved)) == 0
    scale = {"scaleSettings": {"maxNodeCount": 9}}
    one.drift("cluster", {"properties": {"properties": scale}})
    assert one.apply_saved() == 5, "a saved plan that is stale"
    assert one.run("apply", "--yes") == 0
    one.spec(("westeurope", "northeurope"))
    assert one.run("plan") == 5, "the group is elsewhere"
    one.spec(
        ("workspace: {protect: false}", "workspace.key_vault: {protect: true}"),
        ("Standard_DS3_v2", "Standard_DS2_v2"),
    )
    assert one.run("apply", "--yes") == 0


def _failures(one):
    for status, code in ((403, 4), (503, 75)):
        fault = {"method": "GET", "path": IDS["vault"], "times": 0, "action": {"status": status}}
        one.azure.control("POST", "faults", fault)
        assert one.run("plan") == code
        assert one.run("apply", "--yes") == code
        assert one.run("status") == code
        one.azure.control("DELETE", "faults")


def _deletions(one):
    one.spec(
        ("cpu-cluster:", "other-cluster:"),
        ("workspace: {protect: false}", "workspace: {protect: true}"),
    )
    assert one.run("plan", "--prune", "--detailed-exitcode") == 2
    assert one.run("apply", "--prune", "--yes") == 0
    assert one.run("destroy", "--yes") == 0, "the workspace is kept, and what it needs"
    one.spec(("cpu-cluster:", "other-cluster:"))
    assert one.run("apply", "--yes") == 0
    assert one.run("destroy", "--yes") == 0
    assert one.run("status") == 0


@pytest.fixture
def commands(azure, monkeypatch):
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(state_of(azure.server)))
    monkeypatch.setattr(RunScope, "sleep", lambda _self, _seconds: None)


def test_a_history_goes_the_same_way_with_other_words(
    azure, commands, tmp_path, capsys, monkeypatch
):
    with_words = lived_through(azure, tmp_path, capsys)
    azure.empty()
    with monkeypatch.context() as patch:
        without_words(patch)
        assert lived_through(azure, tmp_path, capsys) == with_words
    acted = {action for told in with_words for _, action, _, _ in told[2][1]}
    assert acted >= {"no-op", "create", "update", "replace", "delete"}
