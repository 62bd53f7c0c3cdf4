"""Whatever happens between a plan and its apply: what is written was announced (I8).

A random edit of the spec is planned, random things happen in Azure, and then that plan is
carried out. The oracle reads bodies only: each value that apply changed must be one that the
plan named for that resource, or belong to something that the plan made.
"""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.engine.diff import ASKED_TAG
from reconciler.engine.types import Action
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import plan
from tests.support.azure import Azure, Quiet

EXAMPLES = int(os.environ.get("RECONCILE_HISTORIES", "12"))
API = {"storage": "2026-04-01", "workspace": "2026-05-01", "cluster": "2026-05-01"}
ADDRESS = {
    "storage": "workspace.storage_account",
    "workspace": "workspace",
    "cluster": "compute.cpu",
}
SPEC = """\
version: 1
name: only-shown
target:
  subscription_id: 00000000-0000-0000-0000-000000000000
  resource_group: rg-only-shown
  location: westeurope
workspace:
  name: only-shown-ws
  description: {description}
  storage_account: {{name: onlyshownstorage, tags: {{team: {team}}}}}
  key_vault: {{name: only-shown-kv}}
  application_insights: {{name: only-shown-insights}}
compute:
  cpu: {{size: Standard_DS3_v2, min_instances: 0, max_instances: {nodes}}}
"""
AZURES_OWN = (
    "systemData",
    "etag",
    "modifiedOn",
    "allocationStateTransitionTime",
    ASKED_TAG,  # what was asked for, beside it
    "provisioningState",  # fails where what it links to is gone
)
FIRST = {"description": "first", "team": "one", "nodes": 1}
EDITS = st.fixed_dictionaries(
    {
        "description": st.sampled_from(["first", "second"]),
        "team": st.sampled_from(["one", "two"]),
        "nodes": st.sampled_from([1, 2]),
    }
)
SCALED = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 7}}}}
HAPPENINGS = st.lists(
    st.sampled_from(
        [
            ("storage", "patch", {"properties": {"publicNetworkAccess": "Disabled"}}),
            ("storage", "patch", {"properties": {"minimumTlsVersion": "TLS1_0"}}),
            ("storage", "tag", {"team": "three"}),
            ("storage", "delete", None),
            ("workspace", "patch", {"properties": {"description": "by hand"}}),
            ("workspace", "patch", {"properties": {"publicNetworkAccess": "Disabled"}}),
            ("cluster", "patch", SCALED),
            ("cluster", "delete", None),
        ]
    ),
    max_size=3,
)


def loaded(folder, words):
    file = Path(folder) / "spec.yaml"
    file.write_text(SPEC.format(**words), encoding="utf-8")
    return load(str(file))


def bodies(azure, spec):
    arm = azure.connection(spec).arm
    return {
        name: arm.get(spec.resources[ADDRESS[name]].resource_id, version)
        for name, version in API.items()
    }


def leaves(value, path=()):
    """Yield the path and value of each leaf but those that Azure keeps by itself."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in AZURES_OWN:
                yield from leaves(item, (*path, key))
    else:
        yield ".".join(path), value


def changed(before, after):
    old, new = dict(leaves(before)), dict(leaves(after))
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def happen(azure, spec, happenings):
    gone = set()
    for name, op, body in happenings:
        if name not in gone:
            found = {"op": op, "id": spec.resources[ADDRESS[name]].resource_id}
            azure.control("POST", "drift", {**found, "body": body} if body else found)
        gone |= {name} if op == "delete" else set()


@pytest.fixture(scope="module")
def start(server):
    azure = Azure(server)
    azure.control("POST", "reset", {})
    with tempfile.TemporaryDirectory() as folder:
        _, problems = azure.apply(loaded(folder, FIRST))
    assert problems == []
    return azure, json.loads(azure.control("GET", "snapshot"))


@given(edit=EDITS, happenings=HAPPENINGS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_apply_changes_only_what_its_plan_named(start, edit, happenings):
    azure, snapshot = start
    azure.control("POST", "restore", snapshot)
    with tempfile.TemporaryDirectory() as folder:
        spec = loaded(folder, edit)
    connection = azure.connection(spec)
    planned = plan(spec, connection)
    happen(azure, spec, happenings)
    before = bodies(azure, spec)
    apply(spec, connection, planned, progress=Quiet())
    for name, body in bodies(azure, spec).items():
        change = planned.change_of(ADDRESS[name])
        if change.action is not Action.CREATE:
            assert changed(before[name], body) <= {f.path for f in change.fields}
