"""What apply writes was shown by its plan, and somebody said yes to it.

The world moves between a plan and its apply: a person closes a network, scales a cluster,
deletes an account. None of that is undone unseen.
"""

from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.operations.loading import load
from tests.contract.conftest import ROOT

SMALL = "examples/smallest.yaml"
CLUSTER = "compute.cpu-cluster"
COMPUTES = "2026-05-01"


@pytest.fixture
def applied(azure):
    loaded = load(str(ROOT / SMALL))
    _, problems = azure.apply(loaded)
    assert problems == []
    azure.clear_journal()
    return loaded


def drift(azure, resource_id, body):
    azure.control("POST", "drift", {"op": "patch", "id": resource_id, "body": body})


def scaled(azure, loaded, nodes, state):
    """Let somebody scale the cluster; Azure is at work on it for as long as a test likes."""
    cluster = loaded.resources[CLUSTER].resource_id
    inner = {"scaleSettings": {"maxNodeCount": nodes}}
    drift(azure, cluster, {"properties": {"properties": inner}})
    drift(azure, cluster, {"properties": {"provisioningState": state}})


def nodes(azure, loaded):
    body = azure.connection(loaded).arm.get(loaded.resources[CLUSTER].resource_id, COMPUTES)
    return body["properties"]["properties"]["scaleSettings"]["maxNodeCount"]


def commanded(azure, monkeypatch, *words):
    """Run a command of the tool against this sandbox; return its exit code."""
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(Path(azure.server.ca_file).parent))
    return main([*words, "--sandbox", azure.server.url])


def test_what_apply_may_write_after_a_wait_is_shown_and_asked_for(
    azure, applied, monkeypatch, capsys
):
    scaled(azure, applied, 9, "Updating")
    spec = str(ROOT / SMALL)
    assert commanded(azure, monkeypatch, "plan", spec) == 0
    shown = capsys.readouterr().out
    assert "apply waits for it, and then writes what still differs" in shown
    assert "max_instances: 9 -> 2" in shown
    assert commanded(azure, monkeypatch, "apply", spec) == 5
    assert "not confirmed, so nothing was changed" in capsys.readouterr().err
    assert azure.writes() == []
    assert nodes(azure, applied) == 9
