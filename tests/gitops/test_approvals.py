"""An approval binds to the effect: what changes nothing of it keeps it, anything else voids it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.gitops.records import ConditionReason as Reason
from tests.support.one_spec import CLUSTER, STORAGE, OneSpec, reason

Edit = Callable[[OneSpec], None]
SIZED = ("max_instances: 2", "max_instances: 3")


@pytest.fixture
def waiting(kept: OneSpec) -> OneSpec:
    """A change that waits, its effect known."""
    kept.set(changes="approve", drift="report").edit(*SIZED)
    return kept


def approve(one: OneSpec) -> str:
    """Approve what waits, and return its effect."""
    end = one.look()
    assert reason(end) is Reason.WAITING_FOR_APPROVAL
    one.tag("reconcile-approve.small", end.effect)
    return end.effect


def harmless(one: OneSpec, number: int) -> None:
    """Change something of the revision that changes nothing of the effect."""
    match number % 4:
        case 0:
            one.commit()
        case 1:
            one.file.write_text(f"# {number}\n{one.file.read_text('utf-8')}", "utf-8")
        case 2:
            (one.folder / f"other-{number}.yaml").write_text("name: other\n", "utf-8")
        case _:
            one.file.write_text(f"{one.file.read_text('utf-8')}\n", "utf-8")


def test_forty_harmless_revisions_keep_an_approval(waiting: OneSpec) -> None:
    effect = waiting.look().effect
    revisions = {waiting.source.latest().revision}
    for number in range(40):
        harmless(waiting, number)
        revisions.add(waiting.source.latest().revision)
    assert len(revisions) == 41
    assert waiting.look().effect == effect
    waiting.tag("reconcile-approve.small", effect)
    waiting.until_ready()
    assert waiting.nodes() == 3


def replaced(old: str, new: str) -> Edit:
    return lambda one: one.edit(old, new)


EFFECTS: dict[str, Edit] = {
    "another value": replaced("max_instances: 3", "max_instances: 4"),
    "a second field": replaced("scale_down: 300", "scale_down: 600"),
    "another size": replaced("Standard_DS3_v2", "Standard_DS2_v2"),
    "another name": replaced("  cpu-cluster:", "  other-cluster:"),
    "one more": replaced(
        "compute:\n", "compute:\n  more: {size: Standard_DS2_v2, max_instances: 1}\n"
    ),
    "tags": replaced("name: smallest\n", "name: smallest\ntags: {a: b}\n"),
    "nothing any more": replaced("max_instances: 3", "max_instances: 2"),
    "another vault": replaced("smallest-ws-kv", "other-ws-kv"),
    "deleted in Azure": lambda one: one.drift(CLUSTER, None),
    "changed in Azure": lambda one: one.drift(
        CLUSTER, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}}
    ),
    "moved in Azure": lambda one: one.drift(
        CLUSTER, {"properties": {"properties": {"vmSize": "Standard_DS2_v2"}}}
    ),
    "idle time in Azure": lambda one: one.drift(
        CLUSTER,
        {"properties": {"properties": {"scaleSettings": {"nodeIdleTimeBeforeScaleDown": "PT9S"}}}},
    ),
}


@pytest.mark.parametrize("change", EFFECTS.values(), ids=EFFECTS)
def test_what_changes_the_effect_voids_an_approval(waiting: OneSpec, change: Edit) -> None:
    effect = approve(waiting)
    change(waiting)
    waiting.azure.clear_journal()
    end = waiting.look()
    assert waiting.azure.writes() == []
    assert end.effect != effect


def test_an_approval_of_another_group_approves_nothing(waiting: OneSpec) -> None:
    effect = approve(waiting)
    waiting.edit("rg-smallest", "rg-other")
    assert waiting.look().effect != effect


def test_drift_has_an_effect_of_its_own(waiting: OneSpec) -> None:
    approve(waiting)
    waiting.drift(STORAGE, {"properties": {"allowBlobPublicAccess": True}})
    end = waiting.look()
    assert [d.address for d in end.drift] == ["workspace.storage_account"]
    waiting.until_ready()
    assert waiting.nodes() == 3
