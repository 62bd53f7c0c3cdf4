"""One pass of a spec against Azure: what it does, what it leaves, what it says, what it remembers."""

from __future__ import annotations

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.gitops.records import ConditionStatus, ConditionType, Revision
from tests.support.one_spec import CLUSTER, STORAGE, OneSpec, of, reason

NODES = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 7}}}}
SYNCED = ConditionType.SYNCED


def test_passes_bring_a_spec_up_and_none_of_them_waits(
    looped: OneSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(RunScope, "sleep", lambda _, seconds: slept.append(seconds))
    ends = looped.until_ready()
    ends.append(looped.look())
    assert slept == []
    assert [reason(end) for end in ends[-2:]] == [Reason.SUCCEEDED] * 2
    assert ends[0].is_pending
    puts = [line for line in looped.azure.writes() if line.startswith("PUT")]
    assert len(puts) == len(set(puts)), "nothing is begun twice"
    assert ends[-1].writes == 0


def test_what_was_applied_is_remembered_once(looped: OneSpec) -> None:
    end = looped.until_ready()[-1]
    tags = looped.tags()
    assert Revision.parse(tags["reconcile-revision.small"]) == end.revision == end.applied
    looped.azure.clear_journal()
    looped.restart()
    assert looped.look().writes == 0
    assert looped.azure.writes() == []


def test_a_commit_that_changes_nothing_of_the_spec_writes_nothing(kept: OneSpec) -> None:
    for _ in range(3):
        kept.commit()
        end = kept.look()
        assert reason(end) is Reason.SUCCEEDED
        assert end.revision != end.applied
    assert kept.azure.writes() == []


def test_drift_is_reported_and_left(kept: OneSpec) -> None:
    kept.drift(CLUSTER, NODES)
    end = kept.look()
    assert (reason(end), reason(end, SYNCED)) == (Reason.SUCCEEDED, Reason.DRIFTED)
    assert [(d.address, d.field) for d in end.drift] == [("compute.cpu-cluster", "max_instances")]
    assert kept.azure.writes() == []
    assert kept.nodes() == 7


def test_drift_is_corrected_where_it_is_to_be(kept: OneSpec) -> None:
    kept.set(drift="correct").drift(CLUSTER, NODES)
    ends = [kept.look(), kept.look()]
    assert kept.nodes() == 2
    assert reason(ends[-1], SYNCED) is Reason.IN_SYNC
    assert all("/computes/cpu-cluster" in line for line in kept.azure.writes())


def test_a_change_of_the_spec_leaves_drift_alone(kept: OneSpec) -> None:
    kept.drift(STORAGE, {"properties": {"allowBlobPublicAccess": True}})
    kept.edit("max_instances: 2", "max_instances: 3")
    end = kept.until_ready()[-1]
    assert kept.nodes() == 3
    assert reason(end, SYNCED) is Reason.DRIFTED
    assert not [line for line in kept.azure.writes() if "storageAccounts" in line]


def test_a_change_waits_for_the_approval_of_its_effect(kept: OneSpec) -> None:
    kept.set(changes="approve").edit("max_instances: 2", "max_instances: 3")
    end = kept.look()
    assert reason(end) is Reason.WAITING_FOR_APPROVAL
    assert end.effect in of(end, ConditionType.READY).message
    kept.commit()
    assert kept.look().effect == end.effect
    kept.tag("reconcile-approve.small", f"plan-000000000000 {end.effect}")
    assert reason(kept.until_ready()[-1]) is Reason.SUCCEEDED
    assert kept.nodes() == 3


def test_an_approval_of_another_effect_approves_nothing(kept: OneSpec) -> None:
    kept.set(changes="approve").edit("max_instances: 2", "max_instances: 3")
    kept.tag("reconcile-approve.small", kept.look().effect)
    kept.edit("max_instances: 3", "max_instances: 4")
    assert reason(kept.look()) is Reason.WAITING_FOR_APPROVAL
    assert kept.nodes() == 2


def test_what_was_approved_goes_on_though_less_of_it_is_left(looped: OneSpec) -> None:
    looped.set(changes="approve").make_group()
    end = looped.look()
    assert reason(end) is Reason.WAITING_FOR_APPROVAL
    looped.tag("reconcile-approve.small", end.effect)
    ends = looped.until_ready()
    assert len(ends) > 3
    assert len({end.effect for end in ends}) > 3, "what is left is another effect each time"


def test_a_look_at_what_did_not_change_asks_little(kept: OneSpec) -> None:
    kept.look()
    assert kept.look().reads <= 10


@pytest.mark.parametrize("word", ["true", "", "yes", "someone asked"])
def test_a_suspended_spec_is_left_alone(kept: OneSpec, word: str) -> None:
    kept.set(drift="correct").drift(CLUSTER, NODES)
    kept.tag("reconcile-suspend.small", word)
    assert reason(kept.look()) is Reason.SUSPENDED
    assert kept.azure.writes() == []
    kept.tag("reconcile-suspend.small", "false")
    kept.until_ready()
    assert kept.nodes() == 2


def test_an_invalid_spec_needs_a_person_and_has_a_place_in_the_source(kept: OneSpec) -> None:
    kept.edit("max_instances: 2", "max_instance: 2")
    end = kept.look()
    assert (reason(end), reason(end, ConditionType.STALLED)) == (
        Reason.STALLED,
        Reason.INVALID_SPEC,
    )
    assert of(end, ConditionType.STALLED).message.startswith("smallest.yaml:")
    assert kept.azure.journal() == []


def test_a_spec_that_is_gone_deletes_nothing(kept: OneSpec) -> None:
    kept.set(prune=True)
    kept.file.unlink()
    kept.commit()
    assert reason(kept.look(), ConditionType.STALLED) is Reason.NOT_FOUND
    assert kept.azure.journal() == []


def test_nothing_is_written_while_it_is_closed(kept: OneSpec) -> None:
    kept.closed = Reason.OUTSIDE_WINDOW
    assert reason(kept.look()) is Reason.SUCCEEDED
    kept.edit("max_instances: 2", "max_instances: 3")
    assert reason(kept.look()) is Reason.OUTSIDE_WINDOW
    kept.closed = None
    kept.until_ready()
    assert kept.nodes() == 3


def test_a_field_that_another_corrects_back_is_left_to_it(kept: OneSpec) -> None:
    kept.set(drift="correct")
    for _ in range(3):
        kept.drift(CLUSTER, NODES)
        kept.look()
        assert kept.nodes() == 2
    kept.drift(CLUSTER, NODES)
    kept.look()
    assert kept.nodes() == 7
    assert of(kept.look(), SYNCED).status is ConditionStatus.TRUE


def test_more_deletions_than_allowed_stop_the_pass(kept: OneSpec) -> None:
    kept.set(prune=True, deletes_per_pass=0)
    text = kept.file.read_text("utf-8")
    kept.file.write_text(text.partition("compute:")[0], "utf-8")
    assert reason(kept.look()) is Reason.TOO_MANY_DELETES
    assert kept.azure.writes() == []
    kept.set(prune=True, deletes_per_pass=1).until_ready()
    assert [line for line in kept.azure.writes() if line.startswith("DELETE")]
