"""What holds for every spec that we ship: it converges, then it is quiet, then it is gone."""

import pytest

from reconciler.engine.types import Status
from reconciler.kinds import KINDS
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.operations.status import status
from reconciler.render.report import COUNTED, report_lines
from reconciler.render.words import DONE
from tests.support.azure import ROOT, Quiet
from tests.support.lived_in import lived_in
from tests.support.vaults import put_secret

EXAMPLES = sorted(
    str(p.relative_to(ROOT)) for p in (*ROOT.glob("examples/*.yaml"), *ROOT.glob("specs/*.yaml"))
)
NEEDS = {
    "examples/existing-workspace.yaml": "examples/smallest.yaml",
    "examples/secret-of-a-vault.yaml": "examples/smallest.yaml",
}
"""Examples that build on what another one made."""
SECRETS = {"examples/secret-of-a-vault.yaml": ("smallest-ws-kv", "search-key")}
"""The secret that somebody put into a vault for an example."""


def prepared(azure, example):
    if example in NEEDS:
        _, problems = azure.apply(load(str(ROOT / NEEDS[example])))
        assert problems == []
    if example in SECRETS:
        put_secret(azure, *SECRETS[example], "the-key-of-the-search")
    return load(str(ROOT / example))


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_does_what_its_plan_said_is_quiet_and_is_gone(azure, example):
    """A model was announced as created and reported as updated."""
    loaded = prepared(azure, example)
    announced = azure.plan(loaded)
    report = apply(loaded, azure.connection(loaded), announced, progress=Quiet())
    assert [(o.address, o.problems) for o in report.outcomes if o.problems] == []
    assert done_by(report) == changes_of(announced)
    said = report_lines(report, elapsed_s=1)[-1].text
    for action in set(changes_of(announced).values()):
        assert f"{announced.count(action)} {COUNTED.get(DONE[action], DONE[action])}" in said

    nothing_to_do(azure.plan(loaded))
    azure.clear_journal()
    report, problems = azure.apply(loaded)
    assert problems == []
    assert {o.status for o in report.outcomes} == {Status.UNCHANGED}
    assert azure.writes() == []

    world = azure.snapshot()
    azure.restore(lived_in(world))
    nothing_to_do(azure.plan(loaded))
    azure.restore(world)

    rows = status(loaded, azure.connection(loaded, read_only=True))
    assert {(r.synced, r.health) for r in rows} == {("Synced", "Healthy")}

    gone = plan_destroy(loaded, azure.connection(loaded), unprotect=())
    report = apply(loaded, azure.connection(loaded), gone, progress=Quiet())
    assert [o.problems for o in report.outcomes if o.problems] == []
    assert done_by(report) == changes_of(gone)
    left = [c.address for c in azure.plan(loaded).changes if c.observed is not None]
    assert [a for a in left if not a.startswith("quota.")] == (
        ["resource_group"] if example in NEEDS else []
    )


def changes_of(planned):
    """Return what a plan announces, by address."""
    return {c.address: c.action for c in planned.changes if c.action.is_change}


def done_by(report):
    """Return what an apply reports as done, by address."""
    return {o.address: o.action for o in report.outcomes if o.status is Status.DONE}


def nothing_to_do(planned):
    assert [(c.address, c.action, c.fields) for c in planned.changes if c.action.is_change] == []
    assert planned.is_empty
    assert planned.leftovers == ()


def test_every_kind_stands_in_an_example():
    used = {r.kind for e in EXAMPLES for r in load(str(ROOT / e)).resources.values()}
    assert used == {handler.kind for handler in KINDS}


@pytest.mark.parametrize("handler", KINDS, ids=lambda h: h.kind)
def test_every_kind_has_case_files(handler):
    folder = ROOT / "tests" / "kinds" / type(handler).__module__.rpartition(".")[2]
    assert list(folder.glob("*.yaml")), f"no case files in {folder.relative_to(ROOT)}"
