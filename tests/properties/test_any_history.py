"""Whatever others did and however the spec was edited: what apply and prune leave behind.

A random history of edits of the spec, of things that others do in Azure, of runs with and
without a fault, is told twice: to the product, over real HTTPS, and to a reference model of a
few lines that knows neither plans nor diffs. After every run Azure must hold what the model
says. `RECONCILE_HISTORIES=200` runs more of them; one seed (`--hypothesis-seed`) is one history.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.diagnostics import RefusedError
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from tests.support.azure import Azure, Quiet

HISTORIES = int(os.environ.get("RECONCILE_HISTORIES", "6"))
STEPS = 12
NAMES = st.sampled_from(["red", "green", "blue"])
NODES = st.integers(1, 4)
COMPUTES = "2025-06-01"
SPEC = """\
version: 1
name: any-history
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-any-history
  location: westeurope

tags: {{team: {team}}}

workspace:
  name: any-history-ws
  description: {description}
  storage_account: {{name: anyhistorystorage}}
  key_vault: {{name: any-history-kv}}
  application_insights: {{name: any-history-insights}}
"""
CLUSTER = """\
  {name}:
    type: amlcompute
    size: Standard_DS3_v2
    min_instances: 0
    max_instances: {nodes}
"""


def somebodys(nodes):
    scale = {"maxNodeCount": nodes, "minNodeCount": 0}
    size = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
    return {"computeType": "AmlCompute", "properties": size}


class AnyHistory(RuleBasedStateMachine):
    """`wanted` is the spec; `there` what Azure holds: cluster -> (most nodes, whose)."""

    azure: Azure

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.team, self.description = "one", "first"
        self.wanted: dict[str, int] = {}
        self.there: dict[str, tuple[int, str]] = {}
        self.strangers: set[str] = set()
        self.applied: dict[str, str] = {}
        self.group = self.workspace = ""

    @initialize()
    def an_empty_subscription(self):
        self.azure.control("POST", "reset", {})
        loaded = self.loaded()
        self.group = loaded.resources["resource_group"].resource_id
        self.workspace = loaded.resources["workspace"].resource_id
        self.arm = self.azure.connection(loaded).arm
        self.run(prune=False, nth=0, when="before")

    def loaded(self):
        text = SPEC.format(team=self.team, description=self.description)
        if self.wanted:
            clusters = (CLUSTER.format(name=n, nodes=m) for n, m in self.wanted.items())
            text += "\ncompute:\n" + "".join(clusters)
        file = Path(self.folder.name) / "spec.yaml"
        file.write_text(text, encoding="utf-8")
        return load(str(file))

    # Edits of the spec.

    @rule(name=NAMES, nodes=NODES)
    def a_cluster_is_stated(self, name, nodes):
        self.wanted[name] = nodes

    @rule(name=NAMES)
    def a_cluster_leaves_the_spec(self, name):
        self.wanted.pop(name, None)

    @rule(word=st.sampled_from(["one", "two"]))
    def another_team(self, word):
        self.team = word

    @rule(word=st.sampled_from(["first", "second"]))
    def another_description(self, word):
        self.description = word

    # What others do.

    @rule(name=NAMES, nodes=NODES)
    def somebody_else_makes_or_changes_a_cluster(self, name, nodes):
        old = self.there.get(name)
        if old:
            body = self.arm.get(self.cluster(name), COMPUTES)
            body["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = nodes
        else:
            body = {"location": "westeurope", "properties": somebodys(nodes)}
        self.arm.put(self.cluster(name), COMPUTES, body)
        self.there[name] = (nodes, old[1] if old else "somebody")

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def somebody_else_deletes_a_cluster(self, data):
        name = data.draw(st.sampled_from(sorted(self.there)))
        options = {"underlyingResourceAction": "Delete"}
        self.arm.delete(self.cluster(name), COMPUTES, options)
        del self.there[name]

    @rule(name=NAMES)
    def a_stranger_moves_into_the_group(self, name):
        """With a copy of our own mark on it, as a cloned template would have."""
        copied = self.arm.get(self.workspace, COMPUTES)["tags"]
        body = {"location": "westeurope", "tags": copied}
        self.arm.put(self.stranger(name), "2024-11-30", body)
        self.strangers.add(name)

    @rule()
    def somebody_else_writes_another_description(self):
        self.arm.patch(self.workspace, COMPUTES, {"properties": {"description": "drifted"}})
        self.applied["description"] = "drifted"

    # Runs.

    @rule(prune=st.booleans(), nth=st.integers(0, 8), when=st.sampled_from(["before", "after"]))
    def run(self, prune, nth, when):
        """One run, perhaps with a connection cut at its nth write, then one without."""
        taken = {n for n in self.wanted if self.there.get(n, (0, "ours"))[1] != "ours"}
        before = self.clusters()
        if nth:
            fault = {"method": "PUT", "nth": nth, "when": when, "action": {"drop": True}}
            self.azure.control("POST", "faults", fault)
            self.apply(prune=prune, refused=bool(taken))
            self.azure.control("DELETE", "faults")
        self.apply(prune=prune, refused=bool(taken))
        if taken:
            assert self.clusters() == before
            return
        gone = {n for n, (_, whose) in self.there.items() if whose == "ours"} - set(self.wanted)
        self.there = {n: v for n, v in self.there.items() if not (prune and n in gone)}
        self.there |= {name: (nodes, "ours") for name, nodes in self.wanted.items()}
        self.applied = {"team": self.team, "description": self.description}
        self.nothing_is_left_to_do(prune=prune)

    def apply(self, *, prune, refused):
        loaded = self.loaded()
        connection = self.azure.connection(loaded)
        if not refused:
            apply(
                loaded,
                connection,
                plan(loaded, connection, PlanOptions(prune=prune)),
                progress=Quiet(),
            )
            return
        self.azure.clear_journal()
        with pytest.raises(RefusedError):
            apply(
                loaded,
                connection,
                plan(loaded, connection, PlanOptions(prune=prune)),
                progress=Quiet(),
            )
        assert self.azure.writes() == []

    def nothing_is_left_to_do(self, *, prune):
        self.azure.clear_journal()
        loaded = self.loaded()
        connection = self.azure.connection(loaded)
        planned = plan(loaded, connection, PlanOptions(prune=prune))
        assert planned.is_empty
        apply(loaded, connection, planned, progress=Quiet())
        assert self.azure.writes() == []

    # What must hold at any time.

    @invariant()
    def azure_holds_what_the_model_says(self):
        if not self.applied:
            return
        workspace = self.arm.get(self.workspace, COMPUTES)
        assert workspace["properties"]["description"] == self.applied["description"]
        assert workspace["tags"]["team"] == self.applied["team"]
        assert workspace["tags"][OWNER_TAG] == mark("any-history", self.workspace)
        assert self.clusters() == self.there
        for name in self.strangers:
            assert self.arm.get(self.stranger(name), "2024-11-30")["location"] == "westeurope"

    def clusters(self):
        if not self.applied:  # the very first run: there is no workspace to ask
            return {}
        listed = self.arm.list(f"{self.workspace}/computes", COMPUTES)
        return {body["name"]: self.seen(body) for body in listed}

    def seen(self, body):
        scale = body["properties"]["properties"]["scaleSettings"]
        ours = (body.get("tags") or {}).get(OWNER_TAG) == mark("any-history", body["id"])
        return scale["maxNodeCount"], "ours" if ours else "somebody"

    def cluster(self, name):
        return f"{self.workspace}/computes/{name}"

    def stranger(self, name):
        return f"{self.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"

    def teardown(self):
        self.folder.cleanup()


def test_after_any_history_azure_holds_what_was_asked_for(server):
    AnyHistory.azure = Azure(server)
    machine = AnyHistory.TestCase()
    machine.settings = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=HISTORIES == 6,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a history of 12 is short enough
    )
    machine.runTest()
