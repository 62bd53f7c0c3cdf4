"""What specs cost, worked by hand to the cent, and what it costs to go from one to another. No network."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.engine.decisions import Change, Create, Delete, NoOp, Update
from reconciler.engine.decisions import Run as Runs
from reconciler.engine.money import PlanCost
from reconciler.engine.types import Observed
from reconciler.kinds import HANDLERS
from reconciler.operations.load import Loaded, load
from reconciler.operations.plan.checks.cost import cost_of_plan
from reconciler.operations.plan.checks.facts import Answer, Facts
from tests.support.azure import ROOT

A100, T4, CPU = "Standard_NC24ads_A100_v4", "Standard_NC4as_T4_v3", "Standard_DS3_v2"
PRICES = {A100: ("3.673", "0.735"), T4: ("0.526", "0.105"), CPU: ("0.293", "0.059")}
NAMES = "ab"
NOWHERE = "Standard_D4s_v3"


def size(name: str) -> dict[str, Any]:
    tiers = zip(("Standard", "LowPriority"), PRICES.get(name, ()), strict=False)
    values = [{"osType": "Linux", "vmTier": t, "retailPrice": float(p)} for t, p in tiers]
    held = {"billingCurrency": "USD", "unitOfMeasure": "OneHour", "values": values}
    return {"name": name, "vCPUs": 4, "estimatedVMPrices": held}


FACTS = Facts(sizes=Answer(tuple(map(size, (*PRICES, NOWHERE))), asked="sizes"))
CLUSTER = "{size: %s, min_instances: %d, max_instances: %d, tier: %s}"
# clusters (size, min, max, tier), deployments (size, count), jobs on the first cluster;
# then an hour serving, an hour idle, a month, an hour of the runs. Worked by hand.
WORKED: list[tuple[list[Any], list[Any], int, tuple[str, str, str, str]]] = [
    ([], [], 0, ("0", "0", "0", "0")),
    ([(CPU, 0, 2, "dedicated")], [], 0, ("0", "0", "0", "0")),
    ([(CPU, 1, 2, "dedicated")], [], 0, ("0.293", "0.293", "213.89", "0")),
    ([(CPU, 3, 4, "dedicated")], [], 0, ("0.879", "0.879", "641.67", "0")),
    ([(CPU, 1, 2, "low_priority")], [], 0, ("0.059", "0.059", "43.07", "0")),
    ([(A100, 0, 1, "dedicated")], [], 1, ("0", "0", "0", "3.673")),
    ([(A100, 0, 1, "low_priority")], [], 1, ("0", "0", "0", "0.735")),
    ([(A100, 0, 2, "dedicated")], [], 2, ("0", "0", "0", "7.346")),
    ([(T4, 1, 1, "dedicated")], [], 1, ("0.526", "0.526", "383.98", "0.526")),
    ([(T4, 2, 2, "low_priority")], [], 0, ("0.21", "0.21", "153.3", "0")),
    ([], [(A100, 1)], 0, ("3.673", "0", "2681.29", "0")),
    ([], [(A100, 2)], 0, ("7.346", "0", "5362.58", "0")),
    ([], [(CPU, 10)], 0, ("2.93", "0", "2138.9", "0")),
    ([], [(A100, 1), (T4, 1)], 0, ("4.199", "0", "3065.27", "0")),
    ([], [(T4, 1), (T4, 3)], 0, ("2.104", "0", "1535.92", "0")),
    ([(CPU, 1, 1, "dedicated")], [(CPU, 1)], 0, ("0.586", "0.293", "427.78", "0")),
    ([(A100, 0, 1, "dedicated")], [(A100, 1)], 1, ("3.673", "0", "2681.29", "3.673")),
    (
        [(A100, 0, 1, "dedicated"), (CPU, 1, 2, "dedicated")],
        [(T4, 2)],
        1,
        ("1.345", "0.293", "981.85", "3.673"),
    ),
    ([(A100, 1, 2, "dedicated")], [(A100, 1), (A100, 1)], 0, ("11.019", "3.673", "8043.87", "0")),
    ([(T4, 0, 9, "low_priority")], [(CPU, 1)], 2, ("0.293", "0", "213.89", "0.21")),
]


def written(clusters: list[Any], deployments: list[Any], jobs: int) -> str:
    """Return the spec of a row."""
    base = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
    lines = [base.partition("compute:")[0]]
    sections = {
        "compute": [f"cluster-{NAMES[n]}: {CLUSTER % row}" for n, row in enumerate(clusters)],
        "jobs": [
            f"job-{n}: {{model: 'azureml://registries/azureml/models/Phi-4/versions/7', training_data: "
            "'azureml:rows:1', compute: '${{ compute.cluster-a }}', hyperparameters: {seed: "
            + f"{n}}}}}"
            for n in range(jobs)
        ],
        "endpoints": ["worked-by-hand-ep: {auth_mode: key}"] if deployments else [],
        "deployments": [
            f"deploy-{NAMES[n]}: {{endpoint_name: worked-by-hand-ep, model: 'azureml:tuned:1', "
            f"instance_type: {name}, instance_count: {count}}}"
            for n, (name, count) in enumerate(deployments)
        ],
    }
    for name, held in sections.items():
        lines += [f"{name}:", *(f"  {line}" for line in held)] if held else []
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    file: Path = tmp_path_factory.mktemp("worked") / "spec.yaml"
    found = []
    for clusters, deployments, jobs, _ in WORKED:
        file.write_text(written(clusters, deployments, jobs), encoding="utf-8")
        found.append(load(str(file)))
    return found


def cost(before: Loaded | None, after: Loaded) -> PlanCost:
    """Return what a plan from one spec, as it was applied, to another one costs."""
    there = before.resources if before else {}
    changes = {}
    for address, resource in after.resources.items():
        held = there.get(address)
        observed = Observed(held.desired) if held else None
        runs = HANDLERS[resource.kind].policy.runs
        made = Runs() if runs and not held else Create() if not held else Update()
        same = held is not None and (runs or held.desired == resource.desired)
        changes[address] = Change(resource, observed, NoOp() if same else made)
    for address in there.keys() - after.resources.keys():
        changes[address] = Change(there[address], Observed(there[address].desired), Delete())
    run = RunScope(Azure(Cloud()), after.spec.target.subscription_id, read_only=True)
    found = cost_of_plan(after, run, changes, FACTS, ask_prices=False)
    assert found is not None
    return found


@pytest.mark.parametrize("row", range(len(WORKED)))
def test_a_spec_costs_what_it_was_worked_out_to(specs: list[Loaded], row: int) -> None:
    found, told = cost(None, specs[row]), WORKED[row][3]
    sums = (found.delta.serving, found.delta.idle, found.delta.month, found.runs)
    assert [one.amount for one in sums] == [Decimal(text) for text in told]
    assert [one.unknown for one in sums] == [(), (), (), ()]
    assert len(found.running) == WORKED[row][2]


@settings(max_examples=80)
@given(rows=st.tuples(st.integers(0, len(WORKED) - 1), st.integers(0, len(WORKED) - 1)))
def test_there_and_back_cost_the_same(specs: list[Loaded], rows: tuple[int, int]) -> None:
    one, other = (specs[row] for row in rows)
    there, back = cost(one, other).delta, cost(other, one).delta
    for name, place in (("serving", 0), ("idle", 1), ("month", 2)):
        between = [Decimal(WORKED[row][3][place]) for row in rows]
        assert getattr(there, name).amount == between[1] - between[0]
        assert getattr(back, name).amount == between[0] - between[1]


def test_a_size_without_a_price_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    rows = ([(CPU, 1, 1, "dedicated"), (NOWHERE, 1, 1, "dedicated")], [(NOWHERE, 1)], 0)
    file.write_text(written(*rows), encoding="utf-8")
    delta = cost(None, load(str(file))).delta
    assert delta.serving.amount == Decimal("0.293")
    assert delta.serving.unknown == ("compute.cluster-b", "deployments.deploy-a")
    assert delta.idle.unknown == ("compute.cluster-b",)
