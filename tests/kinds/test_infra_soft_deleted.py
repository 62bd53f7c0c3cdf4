"""Soft-deleted twins of vaults and workspaces: told, recovered, purged, never run into."""

from __future__ import annotations

import pytest

from reconciler.engine.types import Action, Status
from reconciler.render.reason_text import explanations, summary_of
from tests.support.infra import IDS, SPEC, edited, forbid, shown
from tests.support.serving import GROUP, Azure


def test_a_vault_is_never_deleted_to_make_room_for_one_of_the_same_name(infra: Azure) -> None:
    spec = edited(("{name: infra-kv}", "{name: infra-kv, soft_delete_retention_days: 7}"))
    [problem] = infra.plan(spec).blocked
    assert "soft-deleted" in problem.detail
    assert "another `name`" in problem.hint
    assert infra.changes(SPEC) == {}


@pytest.mark.parametrize("address", ["workspace", "hub", "project"])
def test_a_workspace_is_never_deleted_to_run_into_its_own_twin(infra: Azure, address: str) -> None:
    infra.drift(IDS[address], {"location": "westus"})
    problem = infra.plan(SPEC).change_of(address).problems[0]
    assert problem is not None
    assert "soft-deleted" in problem.detail
    assert "another `name`" in problem.hint


def test_destroy_leaves_only_what_it_names(infra: Azure) -> None:
    report = infra.destroy(SPEC)
    assert report.exit_code == 0
    told = " ".join(report.remains)
    for name in ("infra-kv", "infra-ws", "infra-hub", "infra-project", "infra-insights-logs"):
        assert name in told
    assert infra.arm.get(GROUP, "2025-04-01") is None


def test_a_soft_deleted_vault_is_told_before_anything_is_written(infra: Azure) -> None:
    infra.destroy(SPEC)
    before = infra.now()
    problem = infra.plan(SPEC).change_of("workspace.key_vault").problems[0]
    assert problem is not None
    assert "soft-deleted key vault 'infra-kv'" in problem.summary
    assert all(word in problem.hint for word in ("recover: true", "another `name`", "purge"))
    assert infra.writes(before) == []


def fresh_names(text: str = SPEC) -> str:
    """Return the spec under other names for what stays soft-deleted and cannot be recovered."""
    for name in ("infra-ws", "infra-hub", "infra-project"):
        text = text.replace(name, f"{name}2")
    return text


def test_a_soft_deleted_vault_is_recovered_where_the_spec_says_so(infra: Azure) -> None:
    infra.destroy(SPEC)
    spec = edited(
        ("{name: infra-kv}", "{name: infra-kv, recover: true, sku: premium}"), text=fresh_names()
    )
    change = infra.plan(spec).change_of("workspace.key_vault")
    assert change.action is Action.CREATE
    assert "recovered" in " ".join(explanations(change))
    before = infra.now()
    infra.applied(spec)
    assert not [w for w in infra.writes(before) if "purge" in w]
    assert shown(infra, "workspace.key_vault")["properties"]["sku"]["name"] == "premium"
    assert infra.changes(spec) == {}


def test_a_soft_deleted_vault_of_another_group_is_not_recovered(infra: Azure) -> None:
    infra.destroy(SPEC)
    spec = edited(
        ("{name: infra-kv}", "{name: infra-kv, recover: true}"),
        ("resource_group: rg-cases", "resource_group: rg-other"),
    )
    problem = infra.plan(spec).change_of("workspace.key_vault").problems[0]
    assert problem is not None
    assert "rg-cases" in problem.detail


def test_a_soft_deleted_workspace_is_told_with_the_choices(infra: Azure) -> None:
    infra.destroy(SPEC)
    spec = edited(("{name: infra-kv}", "{name: infra-kv, recover: true}"))
    report = infra.apply(spec)
    outcome = next(o for o in report.outcomes if o.address == "workspace")
    assert outcome.status is Status.REFUSED
    assert outcome.problems
    assert "soft-deleted workspace 'infra-ws'" in summary_of(outcome.problems[0])
    assert "another `name`" in outcome.problems[0].hint


def test_a_workspace_that_may_be_deleted_for_good_can_be_replaced(infra: Azure) -> None:
    spec = edited(("{name: infra-project,", "{name: infra-project, permanently_delete: true,"))
    infra.drift(IDS["project"], {"location": "westus"})
    assert infra.changes(spec) == {"project": "replace"}
    infra.applied(spec)
    assert infra.changes(spec) == {}
    report = infra.destroy(spec)
    assert "infra-project" not in " ".join(report.remains)
    assert "infra-hub" in " ".join(report.remains)


def test_a_vault_that_hides_its_twin_is_told_by_its_create(infra: Azure) -> None:
    infra.destroy(SPEC)
    forbid(infra, "POST", "(?i)checkNameAvailability")
    forbid(infra, "GET", "/deletedVaults/")
    report = infra.apply(fresh_names())
    infra.control("DELETE", "faults")
    problem = next(o.problems[0] for o in report.outcomes if o.address == "workspace.key_vault")
    assert problem is not None
    assert "recover: true" in problem.hint


def test_a_twin_that_nobody_may_read_is_recovered_all_the_same(infra: Azure) -> None:
    infra.destroy(SPEC)
    forbid(infra, "POST", "(?i)checkNameAvailability")
    forbid(infra, "GET", "/deletedVaults/")
    spec = edited(("{name: infra-kv}", "{name: infra-kv, recover: true}"), text=fresh_names())
    infra.applied(spec)
    infra.control("DELETE", "faults")
    assert infra.changes(spec) == {}
