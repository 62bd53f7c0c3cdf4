"""Which ids a body, a spec and what stays hold: what prune goes by when it leaves something."""

import pytest

from reconciler.engine.decisions import Change, Create, Update
from reconciler.engine.types import Observed, Owner, Resource
from reconciler.operations.plan.references import (
    READ_FOR_LINKS,
    Shown,
    ids_in,
    links,
    needs,
    with_outer,
)

GROUP = "/subscriptions/s/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Kv"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/Logs"
FIRST, SECOND = (f"{GROUP}/providers/M.ManagedIdentity/identities/{n}" for n in ("One", "Two"))
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/Ws"


def folded(*ids):
    return {one.casefold() for one in ids}


@pytest.mark.parametrize(
    "value",
    [
        VAULT,
        f"{VAULT}/",
        f"see {VAULT}, please",
        f"{VAULT}?api-version=1",
        {"id": VAULT},
        {VAULT: {}},
        [VAULT],
        (VAULT,),
        {"a": [{"b": ({"c": VAULT},)}]},
    ],
)
def test_an_id_is_found_wherever_it_stands(value):
    assert set(ids_in(value)) == folded(VAULT)


@pytest.mark.parametrize("ends_in", ["Kx", "KX", "x/X"])
def test_of_an_id_only_slashes_at_its_end_are_taken_away(ends_in):
    assert set(ids_in(f"{GROUP}/{ends_in}//")) == folded(f"{GROUP}/{ends_in}")


@pytest.mark.parametrize("value", [None, 5, True, "text", "/providers/a/b", {}, []])
def test_what_holds_no_id_has_none(value):
    assert list(ids_in(value)) == []


def test_an_id_stands_for_all_that_it_lies_in():
    assert with_outer(["/a/b/c"]) == {"/a/b/c", "/a/b", "/a"}
    assert with_outer(["/a/b/c", "/a/x", "/q"]) == {"/a/b/c", "/a/b", "/a", "/a/x", "/q"}
    assert with_outer(["/a/bX/cX"]) == {"/a/bX/cX", "/a/bX", "/a"}
    assert with_outer([]) == frozenset()


def test_something_is_needed_by_its_own_id_and_by_what_is_in_it():
    assert needs(folded(VAULT), VAULT)
    assert needs(folded(f"{VAULT}/secrets/s"), VAULT)
    assert not needs(folded(f"{VAULT}2"), VAULT)
    assert not needs(folded(GROUP), VAULT)


def test_a_link_is_an_id_under_a_property_that_links():
    assert links({"properties": {"keyVault": VAULT}}) == folded(VAULT)
    assert links({"PROPERTIES": {"KEYVAULT": VAULT}}) == folded(VAULT)
    assert links({"identity": {"userAssignedIdentities": {FIRST: {}, SECOND: {}}}}) == folded(
        FIRST, SECOND
    )
    assert links({"list": [{"keyVault": VAULT}, [{"keyVault": LOGS}]]}) == folded(VAULT, LOGS)


@pytest.mark.parametrize(
    "body",
    [
        {"id": WORKSPACE},
        {"properties": {"associatedWorkspaces": [WORKSPACE]}},
        {"tags": {"vault": VAULT}},
        [VAULT],
        VAULT,
        None,
    ],
)
def test_an_id_under_any_other_property_is_no_link(body):
    assert links(body) == frozenset()


class Reads:
    """Azure as far as it is asked: each resource's body, and what was asked for."""

    def __init__(self, **bodies):
        self.bodies, self.asked = bodies, []

    def __call__(self, resource_id, version):
        self.asked.append((resource_id, version))
        return self.bodies.get(resource_id.rpartition("/")[2])


def planned(resource_id, seen, desired, address="workspace"):
    resource = Resource(address, "workspace", resource_id, desired)
    observed = Observed(seen, {}, Owner.OURS) if seen is not None else None
    return {address: Change(resource, observed, Update(()) if observed else Create())}


def test_what_the_spec_states_is_called_by_its_address_and_all_else_by_its_name():
    shown = Shown(Reads(), planned(WORKSPACE, {}, {}))
    assert shown.name({"id": WORKSPACE.upper()}) == "workspace"
    assert shown.name({"id": VAULT}) == "Kv"


def test_what_is_planned_links_to_what_it_will_link_to():
    seen = {"properties": {"keyVault": VAULT, "containerRegistry": "kept"}}
    shown = Shown(Reads(), planned(WORKSPACE, seen, {"properties": {"keyVault": LOGS}}))
    assert shown.body({"id": WORKSPACE.upper()}) == {
        "properties": {"keyVault": LOGS, "containerRegistry": "kept"}
    }


def test_of_several_identities_only_those_stay_that_the_spec_states():
    seen = {"identity": {"userAssignedIdentities": {FIRST: {}, SECOND: {}}}, "location": "l"}
    wanted = {"identity": {"userAssignedIdentities": {SECOND: {}}}}
    found = Shown(Reads(), planned(WORKSPACE, seen, wanted)).body({"id": WORKSPACE})
    assert found == {**seen, **wanted}
    assert links(found) == folded(SECOND)


def test_identities_of_which_the_spec_says_nothing_stay():
    seen = {"identity": {"userAssignedIdentities": {FIRST: {}}}}
    found = Shown(Reads(), planned(WORKSPACE, seen, {"location": "l"})).body({"id": WORKSPACE})
    assert found == {**seen, "location": "l"}


def test_what_is_not_there_yet_is_as_it_will_be_made():
    shown = Shown(Reads(), planned(WORKSPACE, None, {"properties": {"keyVault": VAULT}}))
    assert shown.body({"id": WORKSPACE}) == {"properties": {"keyVault": VAULT}}


def test_what_a_list_shows_without_its_links_is_read_as_its_kind_is():
    kind = "Microsoft.MachineLearningServices/workspaces"
    reads = Reads(Ws={"id": WORKSPACE, "properties": {"keyVault": VAULT}})
    found = Shown(reads, {}).body({"id": WORKSPACE, "type": kind.upper()})
    assert links(found) == folded(VAULT)
    assert reads.asked == [(WORKSPACE, READ_FOR_LINKS[kind.casefold()])]


def test_what_is_gone_when_it_is_read_is_taken_as_it_was_listed():
    listed = {"id": WORKSPACE, "type": "Microsoft.MachineLearningServices/workspaces"}
    assert Shown(Reads(), {}).body(listed) == listed


def test_a_thing_of_another_type_is_not_read():
    reads, listed = Reads(Kv={"id": "another"}), {"id": VAULT, "type": "Microsoft.KeyVault/vaults"}
    assert Shown(reads, {}).body(listed) == listed
    assert reads.asked == []
