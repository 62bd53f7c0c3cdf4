"""What holds for every spec that we ship: it converges, then it is quiet, then it is gone."""

import pytest

from reconciler.engine.types import Status
from reconciler.kinds import KINDS
from reconciler.operations.load import load
from reconciler.operations.status import status
from tests.support.azure import ROOT
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
def test_it_converges_is_quiet_and_is_gone(azure, example):
    loaded = prepared(azure, example)
    report, problems = azure.apply(loaded)
    assert problems == []
    assert {o.status for o in report.outcomes} <= {Status.DONE, Status.UNCHANGED}

    planned = azure.plan(loaded)
    assert [(c.address, c.action, c.fields) for c in planned.changes if c.action.is_change] == []
    assert planned.is_empty

    azure.clear_journal()
    report, problems = azure.apply(loaded)
    assert problems == []
    assert {o.status for o in report.outcomes} == {Status.UNCHANGED}
    assert azure.writes() == []

    rows = status(loaded, azure.connection(loaded, read_only=True))
    assert {(r.synced, r.health) for r in rows} == {("Synced", "Healthy")}

    report = azure.destroy(loaded)
    assert [o.problems for o in report.outcomes if o.problems] == []
    left = [c.address for c in azure.plan(loaded).changes if c.observed is not None]
    assert [a for a in left if not a.startswith("quota.")] == (
        ["resource_group"] if example in NEEDS else []
    )


def test_every_kind_stands_in_an_example():
    used = {r.kind for e in EXAMPLES for r in load(str(ROOT / e)).resources.values()}
    assert used == {handler.kind for handler in KINDS}


@pytest.mark.parametrize("handler", KINDS, ids=lambda h: h.kind)
def test_every_kind_has_case_files(handler):
    folder = ROOT / "tests" / "kinds" / type(handler).__module__.rpartition(".")[2]
    assert list(folder.glob("*.yaml")), f"no case files in {folder.relative_to(ROOT)}"
