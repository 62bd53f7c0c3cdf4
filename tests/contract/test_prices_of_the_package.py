"""Without the price list, what came with the package tells prices, and its own day."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import price_snapshot
from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.operations.plan.build import PlanOptions, plan
from tests.support.azure import edited
from tools.price_snapshot import snapshot_of

SPEC = "examples/smallest.yaml"
SIZE = "Standard_DS3_v2"
ALWAYS_ON = ("min_instances: 0", "min_instances: 2")


@pytest.fixture
def made(azure: Any) -> dict[str, Any]:
    """What the tool makes of the sandbox's list, as if today."""
    body = {"size": SIZE, "location": "westeurope", "price": "0.25"}
    azure.control("POST", "prices", body)
    cloud = Cloud.of_sandbox(azure.access)
    azure.clear_journal()
    held = json.loads(snapshot_of(cloud, [SIZE, "Standard_Nonesuch"], ["westeurope", "eastus"]))
    assert held["prices"]["westeurope"] == {SIZE: "0.25"}
    assert sorted(held["prices"]) == ["eastus", "westeurope"]
    return {**held, "as_of": datetime.now(UTC).date().isoformat()}


def planned(azure: Any, tmp_path: Path, monkeypatch: Any, held: Any, **options: Any) -> Any:
    """Plan as in Azure itself, whose list is away, with a snapshot in the package."""
    monkeypatch.setattr(price_snapshot, "FILE", tmp_path / "list_prices.json")
    (tmp_path / "list_prices.json").write_text(json.dumps(held), encoding="utf-8")
    price_snapshot.snapshot.cache_clear()
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path / "cache"))
    azure.control("POST", "settings", {"vm_price_estimates": 0})
    azure.control("POST", "faults", {"path": "_prices", "action": {"status": 503}, "times": 0})
    cloud = dataclasses.replace(Cloud.of_sandbox(azure.access), keeps_prices=True)
    loaded = edited(tmp_path, SPEC, ALWAYS_ON)
    run = RunScope(CloudAzure(cloud), loaded.spec.target.subscription_id, read_only=True)
    found = plan(loaded, run, PlanOptions(**options))
    azure.control("DELETE", "faults")
    price_snapshot.snapshot.cache_clear()
    return found


@pytest.mark.parametrize("ask_prices", [True, False])
def test_it_tells_prices_where_the_list_is_away(
    azure: Any, tmp_path: Path, monkeypatch: Any, made: Any, *, ask_prices: bool
) -> None:
    cost = planned(azure, tmp_path, monkeypatch, made, ask_prices=ask_prices).cost
    assert cost.delta.idle.amount == Decimal("0.5")
    assert cost.sources == (f"list price of {made['as_of']}",)


def test_one_that_is_too_old_tells_nothing(
    azure: Any, tmp_path: Path, monkeypatch: Any, made: Any
) -> None:
    old = (datetime.now(UTC) - timedelta(days=182)).date().isoformat()
    cost = planned(azure, tmp_path, monkeypatch, {**made, "as_of": old}).cost
    assert cost.delta.idle.unknown == ("compute.cpu-cluster",)
    assert cost.delta.idle.amount == 0 and cost.sources == ()


def test_the_tool_writes_nothing_of_a_list_that_is_away(azure: Any) -> None:
    azure.control("POST", "faults", {"path": "_prices", "action": {"status": 503}, "times": 0})
    with pytest.raises(ValueError, match=r"westeurope: .*503"):
        snapshot_of(Cloud.of_sandbox(azure.access), [SIZE], ["westeurope"])
    azure.control("DELETE", "faults")
