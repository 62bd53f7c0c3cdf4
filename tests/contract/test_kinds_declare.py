"""What every kind must declare of itself: held for all of `KINDS`, and nothing to write for a new one.

A kind is tried by the first shipped spec that states it. `toy_kind` shows that a file and a line
are enough.
"""

import sys
from dataclasses import replace
from functools import lru_cache

import pytest

from reconciler import kinds
from reconciler.engine.decisions import Change, Delete, NoOp
from reconciler.engine.types import Action, Reference, Status
from reconciler.kinds import HANDLERS, KINDS, children
from reconciler.kinds.extensions import FollowsRuns
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import PlanOptions, plan
from reconciler.operations.plan.dependents import foreign_children
from reconciler.operations.plan.prune import ARCHIVE
from reconciler.reasons import IsHistory, Kept
from tests.contract.toy_kind import ToyHandler
from tests.support.azure import ROOT, Azure, Quiet

EXAMPLES = (
    "specs/phi3-ultrachat.yaml",
    *sorted(f"examples/{p.name}" for p in (ROOT / "examples").glob("*.yaml")),
)
SETTINGS = [h for h in KINDS if h.is_setting]
LEAVES = [h for h in KINDS if h.deletable and not h.is_setting and not h.contents]
"""All but what is never ours to delete (a quota), a setting, and what all else is in (a group)."""
RECORDS = [h for h in KINDS if h.keeps_history]
INSIDE = [(h, p) for h in KINDS for p in h.within if h.would_be_missed]


def kind_id(value):
    return getattr(value, "kind", None) or getattr(value, "parent", None)


@lru_cache
def loaded_of(example):
    return load(str(ROOT / example))


def example_of(kind):
    """The first shipped spec that states a kind."""
    for example in EXAMPLES:
        if any(r.kind == kind for r in loaded_of(example).resources.values()):
            return example
    return pytest.fail(f"no spec under specs/ or examples/ states a {kind}: add one")


@pytest.fixture(scope="module")
def world(server):
    return {"azure": Azure(server), "holds": "", "applied": {}}


@pytest.fixture
def applied(world):
    """A sandbox in which a spec was applied, used again by whatever only reads."""

    def make(example):
        if example not in world["applied"]:
            world["applied"][example] = world["azure"].applied_world(loaded_of(example))
        elif world["holds"] != example:
            world["azure"].restore(world["applied"][example])
        world["holds"] = example
        return world["azure"], loaded_of(example)

    return make


def dropped(loaded, gone):
    """A spec without some resources and all that needs them."""
    gone = set(gone)
    while more := {a for a, needs in loaded.graph.items() if needs & gone} - gone:
        gone |= more
    data = {key: value for key, value in loaded.document.data.items() if key in ("name", "target")}
    return replace(
        loaded,
        resources={a: r for a, r in loaded.resources.items() if a not in gone},
        graph={a: needs for a, needs in loaded.graph.items() if a not in gone},
        document=replace(loaded.document, data=data),
    )


def left_of(kind, azure, loaded, **options):
    """What a plan names when the spec has no resource of a kind any more."""
    gone = [r.address for r in loaded.resources.values() if r.kind == kind]
    planned = azure.plan(dropped(loaded, gone), **options)
    assert not [c for c in planned.changes if c.resource.kind == kind and options]
    return [c for c in planned.leftovers if c.resource.kind == kind]


@pytest.mark.parametrize("handler", LEAVES, ids=kind_id)
def test_what_leaves_the_spec_is_named_by_every_plan(handler, applied):
    """To be pruned, or with the reason why it stays."""
    azure, loaded = applied(example_of(handler.kind))
    left = left_of(handler.kind, azure, loaded)
    assert left
    for change in left:
        assert isinstance(change.decision, Delete) or isinstance(change.decision.note, Kept)


@pytest.mark.parametrize("handler", SETTINGS, ids=kind_id)
def test_a_setting_is_never_left_alone(handler):
    """It is a part of what its id leads through, which is found in its place."""
    loaded = loaded_of(example_of(handler.kind))
    one = next(r for r in loaded.resources.values() if r.kind == handler.kind)
    holder = one.resource_id.rpartition("/")[0]
    assert holder in {r.resource_id for r in loaded.resources.values()}


@pytest.mark.parametrize("handler", RECORDS, ids=kind_id)
def test_records_of_work_are_named_and_never_pruned(handler, applied):
    azure, loaded = applied(example_of(handler.kind))
    left = left_of(handler.kind, azure, loaded, prune=True)
    assert [c.decision for c in left] == [NoOp(Kept(IsHistory(), ARCHIVE, left_spec=True))] * len(
        left
    )
    assert left


@pytest.mark.parametrize(("handler", "place"), INSIDE, ids=kind_id)
def test_a_foreign_child_blocks_the_delete_of_its_parent(handler, place, applied):
    azure, loaded = applied(example_of(handler.kind))
    resources = loaded.resources.values()
    child = next(r for r in resources if r.kind == handler.kind)
    parents = [r for r in resources if r.kind == place.parent]
    inside = [p for p in parents if child.resource_id.startswith(f"{p.resource_id}/")]
    parent = (inside or parents)[0]
    run = azure.connection(loaded)
    if not inside:
        name = f"{parent.resource_id}/{place.collection}/foreign-one"
        child = replace(child, resource_id=name)
        run.arm.put(name, handler.api_version, plain(child.desired))
    found = foreign_children(run, Change(parent, None, Delete()), [parent.resource_id])
    assert child.resource_id.casefold() in {one.casefold() for one in found}
    if not inside:
        run.arm.delete(child.resource_id, handler.api_version, handler.delete_params)


def plain(body):
    """A body without what only a spec could resolve."""
    return {
        key: plain(value) if isinstance(value, dict) else value
        for key, value in body.items()
        if key not in ("identity", "tags") and not isinstance(value, Reference)
    }


def test_prune_deletes_all_that_it_named_children_first(applied, world):
    """The whole of a spec at once, but what it stands in; then nothing of it can be pruned."""
    azure, loaded = applied(EXAMPLES[0])
    world["holds"] = ""
    keep = {"resource_group", "workspace", "project", "hub"}
    fewer = dropped(loaded, [])
    held = {a for a, r in loaded.resources.items() if a.split(".")[0] in keep}
    fewer = dropped(fewer, [a for a in fewer.resources if a not in held])
    named = {c.address for c in azure.plan(fewer).leftovers if c.action is Action.DELETE}
    run = azure.connection(fewer)
    planned = plan(fewer, run, PlanOptions(prune=True, allow_outage=named))
    assert {c.address for c in planned.changes if c.action is Action.DELETE} == named
    assert len(named) > 5
    report = apply(fewer, run, planned, progress=Quiet())
    assert [p for o in report.outcomes for p in o.problems] == []
    assert {o.status for o in report.outcomes if o.address in named} == {Status.DONE}
    again = azure.plan(fewer)
    assert [c.address for c in again.leftovers if c.action is Action.DELETE] == []
    assert all(isinstance(c.decision, NoOp) for c in again.leftovers)


@pytest.mark.parametrize("handler", KINDS, ids=kind_id)
def test_what_it_lives_in_is_a_kind(handler):
    assert {place.parent for place in handler.within} <= HANDLERS.keys()


@pytest.mark.parametrize("handler", KINDS, ids=kind_id)
def test_what_runs_can_be_followed(handler):
    assert handler.policy.runs == isinstance(handler, FollowsRuns)


@pytest.fixture
def with_toy(monkeypatch):
    """All kinds and the toy: its one line of registration."""
    every = (*KINDS, ToyHandler())
    for module in list(sys.modules.values()):
        if getattr(module, "KINDS", None) is KINDS:
            monkeypatch.setattr(module, "KINDS", every)
    monkeypatch.setitem(kinds.HANDLERS, ToyHandler.kind, every[-1])
    return load(str(ROOT / "examples/smallest.yaml"))


def test_a_toy_kind_is_made_quiet_found_and_pruned(with_toy, world):
    """A file and a line: made, quiet, found when it leaves the spec, pruned; a foreign one blocks."""
    azure = world["azure"]
    azure.empty()
    world["holds"] = ""
    _, problems = azure.apply(with_toy)
    assert problems == []
    (toy,) = [r for r in with_toy.resources.values() if r.kind == ToyHandler.kind]
    assert azure.plan(with_toy).is_empty

    fewer = dropped(with_toy, [toy.address])
    run = azure.connection(fewer)
    (left,) = [c for c in azure.plan(fewer).leftovers if c.resource.kind == ToyHandler.kind]
    assert left.resource.resource_id.casefold() == toy.resource_id.casefold()
    parent = with_toy.resources["workspace.storage_account"]
    assert (ToyHandler.kind, parent.kind) in {
        (child.kind, parent.kind) for child, _ in children(parent.kind)
    }
    found = foreign_children(run, Change(parent, None, Delete()), [parent.resource_id])
    assert toy.resource_id.casefold() in {one.casefold() for one in found}

    report = apply(fewer, run, plan(fewer, run, PlanOptions(prune=True)), progress=Quiet())
    assert [p for o in report.outcomes for p in o.problems] == []
    assert run.arm.get(toy.resource_id, ToyHandler.api_version) is None
