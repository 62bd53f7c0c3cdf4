"""What goes wrong in a pass: no write that should not be, the right word, and well again by itself."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.gitops.due import Result, result_of
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.gitops.records import ConditionType
from tests.support.one_spec import OneSpec, of, reason

STALLED, SYNCED = ConditionType.STALLED, ConditionType.SYNCED
DENIED = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
OUT = {"status": 503, "body": {"error": {"code": "ServerBusy", "message": "later"}}}
EDIT = ("max_instances: 2", "max_instances: 3")


def fail(one: OneSpec, path: str, action: dict[str, Any], method: str = "GET") -> None:
    one.azure.arm_fault(method=method, path=path, times=1000, action=action)


def recovered(one: OneSpec) -> None:
    """It needs nobody: once Azure answers, the next looks put it right."""
    one.azure.clear_faults()
    one.until_ready()
    assert one.nodes() == 3


@pytest.mark.parametrize(
    ("action", "expected"),
    [(DENIED, Reason.ACCESS_DENIED), (OUT, Reason.AZURE_UNAVAILABLE)],
    ids=["denied", "out"],
)
def test_nothing_can_be_read(kept: OneSpec, action: dict[str, Any], expected: Reason) -> None:
    kept.edit(*EDIT)
    fail(kept, "^/subscriptions/", action)
    end = kept.look()
    assert expected in {condition.reason for condition in end.conditions}
    assert result_of(end) is Result.FAILED
    assert kept.azure.writes() == []
    recovered(kept)


def test_one_resource_cannot_be_read_and_what_needs_it_waits(kept: OneSpec) -> None:
    kept.set(prune=True).edit(*EDIT)
    fail(kept, "/workspaces(/smallest-ws)?[?]", DENIED)
    end = kept.look()
    assert reason(end) is Reason.ACCESS_DENIED
    assert reason(end, SYNCED) is Reason.UNKNOWN
    assert kept.azure.writes() == []
    recovered(kept)


def test_a_write_that_is_refused_is_told_and_tried_again(kept: OneSpec) -> None:
    kept.edit(*EDIT)
    fail(
        kept,
        "/computes/",
        {"status": 400, "body": {"error": {"code": "Bad", "message": "no"}}},
        "PATCH",
    )
    fail(
        kept,
        "/computes/",
        {"status": 400, "body": {"error": {"code": "Bad", "message": "no"}}},
        "PUT",
    )
    end = kept.look()
    assert reason(end) is Reason.FAILED
    assert reason(end, ConditionType.RECONCILING) is Reason.PROGRESSING_WITH_RETRY
    assert [p.address for p in end.problems] == ["compute.cpu-cluster"]
    recovered(kept)


def test_a_revision_that_does_not_come_after_the_applied_one_is_not_applied(
    kept: OneSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.edit(*EDIT)
    monkeypatch.setattr(kept.source, "descends", lambda commit, of: False)
    end = kept.look()
    assert (reason(end), reason(end, STALLED)) == (Reason.STALLED, Reason.REWOUND_HISTORY)
    assert kept.azure.writes() == []
    assert end.revision is not None
    kept.tag("reconcile-approve.small", f"rewind:{end.revision.commit}")
    recovered(kept)


def test_a_policy_that_is_broken_holds_everything(kept: OneSpec, tmp_path: Any) -> None:
    from reconciler.operations.plan.policy import load_policy

    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nlimits: {max_instances: 2}\n", encoding="utf-8")
    kept.policy = load_policy(str(file))
    kept.edit(*EDIT)
    end = kept.look()
    assert reason(end) is Reason.POLICY_VIOLATION
    assert "against the policy" in of(end, ConditionType.READY).message
    assert kept.azure.writes() == []
    kept.policy = None
    recovered(kept)
