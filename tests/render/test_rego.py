"""Rules in Rego that were written for plans of Terraform read ours as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import regopy
from built import everything

from reconciler.render.plan_json import plan_json

RULES = Path(__file__).parents[2] / "examples" / "policy" / "plan.rego"
NO_TAG = "compute.gpu-cluster: the tag cost-center is missing"


@pytest.fixture
def plan() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan_json(everything()))
    return found


def denied(plan: dict[str, Any]) -> list[str]:
    interpreter = regopy.Interpreter()
    interpreter.add_module("plan", RULES.read_text(encoding="utf-8"))
    interpreter.set_input(plan)
    (found,) = json.loads(str(interpreter.query("data.main.deny")))["expressions"]
    return sorted(found)


def change_of(plan: dict[str, Any], address: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in plan["resource_changes"] if c["address"] == address)
    return found["change"]  # type: ignore[no-any-return]


def test_what_is_new_without_the_tag_of_the_bill_is_denied(plan: dict[str, Any]) -> None:
    assert denied(plan) == [NO_TAG]


def test_with_the_tag_nothing_is_denied(plan: dict[str, Any]) -> None:
    change_of(plan, "compute.gpu-cluster")["after"]["tags"]["cost-center"] = "42"
    assert denied(plan) == []


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"]])
def test_no_plan_deletes_what_holds_data(plan: dict[str, Any], actions: list[str]) -> None:
    change_of(plan, "workspace")["actions"] = actions
    assert denied(plan) == [NO_TAG, "workspace: a workspace is not deleted"]
