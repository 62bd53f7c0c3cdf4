"""What left the spec and is ours goes; all else that a group lists stays, and says why."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Blocked, Change, Delete, NoOp
from reconciler.engine.protection import PROTECT_TAG
from reconciler.engine.types import Action, Observed, Owner, Resource
from reconciler.kinds import kind_of
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.load import load
from reconciler.operations.plan import prune
from reconciler.operations.plan.leftovers import Listed
from reconciler.operations.plan.prune import CAP
from reconciler.operations.plan.references import Shown
from reconciler.reasons import (
    GoesWith,
    HoldsData,
    IsHistory,
    Kept,
    LinkedFrom,
    NoLongerInSpec,
    ProtectedByTag,
    SomethingInside,
)

ROOT = Path(__file__).resolve().parents[2]
SPEC = load(str(ROOT / "examples/smallest.yaml"))
GROUP = SPEC.resources["resource_group"].resource_id
ML = "Microsoft.MachineLearningServices/workspaces"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
STORAGE = "Microsoft.Storage/storageAccounts"
INSIGHTS = "Microsoft.Insights/components"
LOGS = "Microsoft.OperationalInsights/workspaces"
STAYS = NoOp(Kept(SomethingInside(), prune.EMPTY_IT))


def listed(azure_type, name, *, inside="", owner=SPEC.spec.name, word=None, **more):
    """A thing as a list shows it: with our mark, unless another owner is named."""
    last = azure_type.rpartition("/")[2]
    one = f"{inside}/{last}/{name}" if inside else f"{GROUP}/providers/{azure_type}/{name}"
    tags = {OWNER_TAG: mark(owner, one), **({} if word is None else {PROTECT_TAG: word})}
    return {"id": one, "type": azure_type, "tags": tags, **more}


def leftovers(bodies, loaded, shown=None):
    """What becomes of the bodies that lists show."""
    return prune.leftovers([Listed(kind_of(body), body) for body in bodies], loaded, shown)


def workspace(name="old", **more):
    return listed(ML, name, **more)


def identities(count):
    return [listed(IDENTITY, f"i{n:02}") for n in range(count)]


def one_change(body):
    (change,) = leftovers([body], SPEC)
    return change


def actions(*bodies):
    return {c.address: c.action for c in leftovers(bodies, SPEC)}


def test_a_deletion_carries_all_that_apply_needs_to_check_it_again():
    body = listed(IDENTITY, "Left")
    assert one_change(body) == Change(
        Resource("identities.Left", "managed identity", body["id"], {}),
        Observed(body, {"id": body["id"]}, Owner.OURS),
        Delete(NoLongerInSpec()),
    )


def test_what_the_spec_names_is_no_leftover_in_any_case_of_its_id():
    one = SPEC.resources["workspace"].resource_id
    for resource_id in (one, one.upper()):
        tags = {OWNER_TAG: mark(SPEC.spec.name, resource_id)}
        assert leftovers([{"id": resource_id, "type": ML, "tags": tags}], SPEC) == []


@pytest.mark.parametrize(
    "body",
    [
        {**listed(IDENTITY, "a"), "tags": None},
        {**listed(IDENTITY, "a"), "tags": listed(IDENTITY, "b")["tags"]},
        listed(IDENTITY, "a", owner="another"),
        listed("Microsoft.Compute/virtualMachines", "a"),
        {**listed(IDENTITY, "a"), "type": None},
        {key: value for key, value in listed(IDENTITY, "a").items() if key != "type"},
        listed("Microsoft.Authorization/roleAssignments", "a"),
        workspace(kind="FeatureStore"),
    ],
)
def test_neither_the_unmarked_nor_unknown_types_are_touched(body):
    assert leftovers([body], SPEC) == []


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (listed(f"{ML}/jobs", "a-1f", inside=workspace()["id"]), "jobs.a-1f"),
        (listed(f"{ML}/data/versions", "1", inside=f"{workspace()['id']}/data/d"), "datasets.d"),
        (
            listed(f"{ML}/data/versions", "1", inside=f"{workspace()['id']}/data/d-test"),
            "datasets.d",
        ),
        (listed(f"{ML}/models/versions", "1", inside=f"{workspace()['id']}/models/m"), "models.m"),
    ],
)
def test_records_of_work_are_named_and_stay(body, address):
    change = one_change(body)
    assert change.address == address
    assert change.decision.note.why == IsHistory()


def test_a_record_in_another_workspace_is_named_though_the_spec_has_its_twin():
    old = workspace()
    stated = workspace("smallest-ws")["id"]
    here, there = (listed(f"{ML}/jobs", "a-1f", inside=home) for home in (stated, old["id"]))
    assert actions(here, there).keys() == {"jobs.a-1f", "jobs.a-1f (fine-tuning job)"}


def test_a_record_in_what_goes_is_said_to_go_with_it():
    old = workspace(word="false")
    record = listed(f"{ML}/jobs", "a-1f", inside=old["id"])
    found = {c.address: c.decision for c in leftovers([old, record], SPEC)}
    assert found["workspace.old"] == Delete(NoLongerInSpec())
    assert found["jobs.a-1f"] == NoOp(GoesWith("workspace.old"))


def test_many_records_of_one_thing_are_named_once():
    runs = [listed(f"{ML}/data/versions", str(n), inside="/w/data/d-train") for n in range(30)]
    assert actions(*runs) == {"datasets.d": Action.NO_OP}


@pytest.mark.parametrize(
    ("azure_type", "more", "kind", "address"),
    [
        (IDENTITY, {}, "managed identity", "identities.x"),
        (STORAGE, {}, "storage account", "workspace.storage_account.x"),
        (STORAGE, {"kind": "StorageV2"}, "storage account", "workspace.storage_account.x"),
        (STORAGE.upper(), {}, "storage account", "workspace.storage_account.x"),
        ("Microsoft.KeyVault/vaults", {}, "key vault", "workspace.key_vault.x"),
        (INSIGHTS, {"kind": "web"}, "application insights", "workspace.application_insights.x"),
        (f"{ML}/computes", {}, "compute cluster", "compute.x"),
        (f"{ML}/onlineEndpoints", {}, "online endpoint", "endpoints.x"),
        (ML, {}, "workspace", "workspace.x"),
        (ML.lower(), {"kind": None}, "workspace", "workspace.x"),
        (ML, {"kind": "Default"}, "workspace", "workspace.x"),
        (ML, {"kind": "Hub"}, "hub", "hub.x"),
        (ML, {"kind": "hub"}, "hub", "hub.x"),
        (ML, {"kind": "Project"}, "project", "project.x"),
    ],
)
def test_each_thing_goes_the_way_of_its_kind(azure_type, more, kind, address):
    change = one_change(listed(azure_type, "x", **more))
    assert (change.resource.kind, change.address) == (kind, address)


def test_a_name_that_the_spec_gives_to_another_thing_is_told_apart():
    """The cluster of a workspace that was renamed has the name of the new one's."""
    elsewhere = listed(f"{ML}/computes", "cpu-cluster", inside=workspace()["id"])
    assert "compute.cpu-cluster" in SPEC.resources
    assert one_change(elsewhere).address == "compute.cpu-cluster (compute cluster)"


def test_two_leftovers_of_one_name_are_both_in_the_plan():
    """Logs and insights stand in one section; one address for both would hide a deletion."""
    assert actions(listed(INSIGHTS, "x"), listed(LOGS, "x")) == {
        "workspace.application_insights.x": Action.DELETE,
        "workspace.application_insights.x (log analytics workspace)": Action.DELETE,
    }


def test_what_holds_data_stays_and_says_how_it_would_go():
    change = one_change(listed(STORAGE, "old"))
    assert change.action is Action.NO_OP
    assert change.resource.holds_data
    assert change.observed and change.observed.owner is Owner.OURS
    hint = "to delete it, set its tag `reconcile-protect` to `false`"
    assert change.decision == NoOp(Kept(HoldsData(), hint, left_spec=True))


@pytest.mark.parametrize(
    ("azure_type", "word", "action"),
    [
        (STORAGE, "false", Action.DELETE),
        (STORAGE, " False", Action.DELETE),
        (STORAGE, "true", Action.NO_OP),
        (STORAGE, "perhaps", Action.NO_OP),
        (IDENTITY, "false", Action.DELETE),
        (IDENTITY, "true", Action.NO_OP),
        (IDENTITY, "", Action.NO_OP),
    ],
)
def test_the_tag_has_the_last_word(azure_type, word, action):
    change = one_change(listed(azure_type, "x", word=word))
    assert change.action is action
    if action is Action.NO_OP:
        assert change.decision.note.why == ProtectedByTag(word)


def test_children_go_before_what_they_are_in():
    parent = workspace(word="false")
    child = listed(f"{ML}/onlineEndpoints", "e", inside=parent["id"])
    grandchild = listed(f"{ML}/onlineEndpoints/deployments", "d", inside=child["id"])
    found = leftovers([parent, grandchild, child], SPEC)
    assert [c.address for c in found] == ["deployments.d", "endpoints.e", "workspace.old"]
    assert {c.action for c in found} == {Action.DELETE}


def test_what_something_kept_lives_in_is_kept_and_its_neighbours_are_not():
    parent = workspace(word="false")
    near = workspace("old-and-longer", word="false")
    endpoint = listed(f"{ML}/onlineEndpoints", "e", inside=parent["id"].upper(), word="true")
    other = listed(f"{ML}/onlineEndpoints", "f", inside=parent["id"])
    inside_near = listed(f"{ML}/computes", "c", inside=near["id"])
    found = {c.address: c for c in leftovers([parent, near, endpoint, other, inside_near], SPEC)}
    stay = {address for address, change in found.items() if change.action is Action.NO_OP}
    assert stay == {"workspace.old", "endpoints.e"}
    assert found["workspace.old"].decision == STAYS
    assert found["endpoints.e"].decision.note.why == ProtectedByTag("true")
    assert found["workspace.old"].resource.resource_id == parent["id"]


def test_what_is_kept_itself_keeps_its_own_reason():
    parent = workspace()
    endpoint = listed(f"{ML}/onlineEndpoints", "e", inside=parent["id"], word="true")
    kept = {c.address: c.decision.note.why for c in leftovers([parent, endpoint], SPEC)}
    assert kept["workspace.old"] == HoldsData()


def test_an_identity_that_something_of_others_acts_as_is_kept():
    acts_as = {"type": "UserAssigned", "userAssignedIdentities": {}}
    left, near = listed(IDENTITY, "left"), listed(IDENTITY, "left-too")
    acts_as["userAssignedIdentities"][left["id"].upper()] = {}
    machine = listed("Microsoft.Compute/virtualMachines", "vm", owner="another", identity=acts_as)
    found = {c.address: c for c in leftovers([left, near, machine], SPEC)}
    assert found["identities.left"].decision == NoOp(
        Kept(LinkedFrom("vm"), prune.UNLINK.format(name="vm"), left_spec=True)
    )
    assert found["identities.left-too"].action is Action.DELETE


def test_what_something_of_others_lives_in_is_kept():
    parent = workspace(word="false")
    theirs = listed(f"{ML}/onlineEndpoints", "e", inside=parent["id"], owner="another")
    (change,) = leftovers([theirs, parent], SPEC)
    assert (change.address, change.action) == ("workspace.old", Action.NO_OP)
    assert change.decision == STAYS


def test_what_is_kept_keeps_what_it_is_linked_to_in_turn():
    """Each link is found whatever the order of the lists is."""
    logs, insights = listed(LOGS, "logs"), listed(INSIGHTS, "insights")
    home = workspace(word="false")
    cluster = listed(f"{ML}/computes", "c", inside=home["id"], word="true")
    bodies = {
        insights["id"]: {**insights, "properties": {"WorkspaceResourceId": logs["id"]}},
        home["id"]: {**home, "properties": {"applicationInsights": insights["id"]}},
    }
    shown = Shown(lambda one, version: bodies[one], {})
    for order in permutations([logs, insights, home, cluster]):
        assert {c.action for c in leftovers(order, SPEC, shown)} == {Action.NO_OP}


def test_as_many_as_the_cap_go():
    found = leftovers([*identities(CAP), listed(STORAGE, "kept")], SPEC)
    assert [c.action for c in found].count(Action.DELETE) == CAP
    assert [c.problems for c in found] == [()] * (CAP + 1)


def test_one_more_than_the_cap_and_none_goes():
    kept = listed(STORAGE, "kept")
    found = {c.address: c for c in leftovers([*identities(CAP + 1), kept], SPEC)}
    assert {c.action for c in found.values()} == {Action.NO_OP}
    assert found.pop("workspace.storage_account.kept").problems == ()
    assert len(found) == CAP + 1
    first = identities(1)[0]
    assert found["identities.i00"] == Change(
        Resource("identities.i00", "managed identity", first["id"], {}),
        Observed(first, {"id": first["id"]}, Owner.OURS),
        Blocked(
            (
                Diagnostic(
                    f"`identities.i00` would be deleted with {CAP} others, more than the limit of {CAP}",
                    hint="check that the spec is complete; delete by hand what should really go",
                ),
            )
        ),
    )


TYPES = st.sampled_from([IDENTITY, STORAGE, ML, INSIGHTS, LOGS, f"{ML}/computes", "X.Y/z"])
BODIES = st.builds(
    listed,
    TYPES,
    st.sampled_from("abcd"),
    owner=st.sampled_from([SPEC.spec.name, "another"]),
    word=st.sampled_from([None, "true", "false"]),
)


@given(st.lists(BODIES, max_size=30, unique_by=lambda b: b["id"]))
def test_only_what_is_ours_and_released_ever_goes(bodies):
    by_id = {body["id"]: body for body in bodies}
    found = leftovers(bodies, SPEC)
    assert len({c.address for c in found}) == len(found)
    for change in found:
        body = by_id[change.resource.resource_id]
        assert body["tags"][OWNER_TAG] == mark(SPEC.spec.name, body["id"])
        if change.action is Action.DELETE:
            assert body["tags"].get(PROTECT_TAG, "false") == "false"
            assert change.resource.kind not in ("storage account", "workspace") or (
                body["tags"][PROTECT_TAG] == "false"
            )
