"""Quota against the sandbox: asked for, waited for, refused, left alone."""

from __future__ import annotations

import pytest

from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import Status
from tests.support.serving import SPEC, Azure, refuse


def test_short_quota_with_fail_stops_before_the_first_write(azure: Azure) -> None:
    spec = SPEC.replace(", on_short: request", "")
    found = azure.plan(spec)
    blocked = found.change_of("quota.standardNCADSA100v4Family").problems[0]
    assert blocked is not None
    assert "0 cores allowed, 0 in use, 48 needed" in blocked.summary
    before = azure.now()
    with pytest.raises(ReconcileError):
        azure.apply(spec)
    assert azure.writes(before) == []


def test_refused_quota_request_says_how_to_get_it_by_hand(azure: Azure) -> None:
    refuse(azure, "Microsoft.Quota/quotas/", "ContactSupport")
    report = azure.apply()
    azure.control("DELETE", "faults")
    quota = next(o for o in report.outcomes if o.address.startswith("quota."))
    assert quota.status is Status.FAILED
    assert quota.problems
    assert "Azure portal" in quota.problems[0].hint


def test_open_quota_request_is_followed_not_made_again(azure: Azure) -> None:
    only_quota = SPEC.partition("workspace:")[0]
    spec = only_quota.replace("on_short: request", "on_short: request, wait_minutes: 0")
    azure.control("POST", "clock", {"mode": "frozen"})
    first, before = azure.apply(spec), azure.now()
    second = azure.apply(spec)
    azure.control("POST", "clock", {"mode": "instant"})
    assert (first.exit_code, second.exit_code) == (3, 3)
    assert azure.writes(before) == []
    azure.applied(only_quota)


def test_unmet_wait_for_quota_is_pending_not_failed(azure: Azure) -> None:
    spec = SPEC.replace("on_short: request", "on_short: wait, wait_minutes: 0")
    report = azure.apply(spec)
    statuses = {o.address: o.status for o in report.outcomes}
    assert statuses["quota.standardNCADSA100v4Family"] is Status.PENDING
    assert statuses["deployments.blue"] is Status.SKIPPED
    assert report.exit_code == 3


def test_bigger_quota_than_wanted_is_left_alone(live: Azure) -> None:
    assert live.changes(SPEC.replace("cores: 48", "cores: 24")) == {}
