"""What a plan costs: against what runs now, from Azure's own prices, and never a wrong nothing."""

import json
import re
from decimal import Decimal

import pytest

from tests.support.azure import edited

SPEC = "examples/smallest.yaml"
ALWAYS_ON = ("min_instances: 0", "min_instances: 2")
SIZE = "Standard_DS3_v2"
CLUSTER = "compute.cpu-cluster"


@pytest.fixture
def priced(azure):
    price(azure, "0.25")
    return azure


def price(azure, amount, size=SIZE):
    azure.control("POST", "prices", {"size": size, "location": "westeurope", "price": amount})


def without_estimates(azure):
    azure.control("POST", "settings", {"vm_price_estimates": 0})


def test_a_cluster_that_is_empty_while_idle_costs_nothing(priced, tmp_path):
    assert priced.plan(edited(tmp_path, SPEC)).cost.is_nothing


def test_a_cluster_that_is_always_on_costs_every_hour(priced, tmp_path):
    cost = priced.plan(edited(tmp_path, SPEC, ALWAYS_ON)).cost.delta
    assert (cost.idle.amount, cost.serving.amount) == (Decimal("0.5"), Decimal("0.5"))
    assert cost.month.amount == Decimal(365)


def test_there_and_back_cost_the_same(priced, tmp_path):
    small, large = edited(tmp_path, SPEC), ALWAYS_ON
    assert priced.apply(small)[1] == []
    grown = edited(tmp_path, SPEC, large)
    there = priced.plan(grown).cost.delta
    assert priced.apply(grown)[1] == []
    back = priced.plan(edited(tmp_path, SPEC)).cost.delta
    assert there.idle.amount == Decimal("0.5")
    assert back.idle.amount == -there.idle.amount
    assert back.month.amount == -there.month.amount


def test_what_is_pruned_saves_what_it_cost(priced, tmp_path):
    assert priced.apply(edited(tmp_path, SPEC, ALWAYS_ON))[1] == []
    text = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    before, _, after = text.partition("compute:")
    gone = before + after[after.index("lifecycle:") :]
    (tmp_path / "spec.yaml").write_text(gone, encoding="utf-8")
    from reconciler.operations.load import load

    made = priced.plan(load(str(tmp_path / "spec.yaml")), prune=True)
    assert made.cost.delta.idle.amount == Decimal("-0.5")


def test_a_plan_without_changes_has_no_cost(priced, applied):
    assert priced.plan(applied).cost is None


def test_the_price_list_is_asked_once_where_azure_ml_has_no_price(priced, tmp_path):
    without_estimates(priced)
    priced.clear_journal()
    made = priced.plan(edited(tmp_path, SPEC, ALWAYS_ON))
    assert made.cost.delta.idle.amount == Decimal("0.5")
    assert re.fullmatch(r"list price of \d{4}-\d\d-\d\d", *made.cost.sources)
    asked = [e for e in priced.journal() if e["path"].startswith("/_prices/")]
    assert len(asked) == 1 and "appid=" not in asked[0]["client"]


def test_the_price_is_that_of_the_services_own_day(priced, tmp_path):
    """Our clock may be wrong by more than a price lasts."""
    without_estimates(priced)
    priced.control("POST", "clock", {"advance": 400 * 86_400})
    made = priced.plan(edited(tmp_path, SPEC, ALWAYS_ON))
    assert made.cost.delta.idle.amount == Decimal("0.5")


def test_a_price_that_nobody_knows_is_said(priced, tmp_path, run):
    price(priced, None)
    edited(tmp_path, SPEC, ALWAYS_ON)
    code, out = run("plan", spec=str(tmp_path / "spec.yaml"))
    assert code == 0
    assert "Cost: unknown an hour while serving (unknown a month if left on)" in out
    assert f"the price of `{CLUSTER}` is unknown" in out
    assert "$0" not in out


def test_a_price_list_that_is_away_stops_no_plan(priced, tmp_path):
    without_estimates(priced)
    priced.control("POST", "faults", {"path": "_prices", "action": {"drop": True}, "times": 0})
    made = priced.plan(edited(tmp_path, SPEC, ALWAYS_ON))
    assert made.cost.delta.idle.unknown == (CLUSTER,)
    assert made.blocked == []
    priced.control("DELETE", "faults")


def test_every_output_tells_it(priced, tmp_path, run):
    edited(tmp_path, SPEC, ALWAYS_ON)
    sentence = (
        "Cost: +$0.500 an hour while serving (+$365 a month if left on); of that +$0.500 an hour "
        "with nothing running (Azure ML's estimate, without your discounts)."
    )
    spec = str(tmp_path / "spec.yaml")
    assert sentence in run("plan", spec=spec)[1]
    assert f"`{sentence}`" in run("plan", "--output", "markdown", spec=spec)[1]
    found = json.loads(run("plan", "--output", "json", spec=spec)[1])["cost"]
    assert found["delta_per_hour_idle"] == {"amount": "0.50", "unknown": []}
    assert found["currency"] == "USD"


def test_another_currency_is_that_of_the_price_list(priced, tmp_path, run):
    edited(tmp_path, SPEC, ALWAYS_ON)
    spec = str(tmp_path / "spec.yaml")
    out = run("plan", "--currency", "EUR", spec=spec)[1]
    assert "Cost: +EUR 0.460 an hour while serving" in out and "(list price of 2" in out
    priced.clear_journal()
    assert run("plan", "--currency", "XYZ", spec=spec)[0] == 64
    assert priced.journal() == []


def test_the_price_list_is_left_alone_where_that_is_asked_for(priced, tmp_path, run):
    without_estimates(priced)
    edited(tmp_path, SPEC, ALWAYS_ON)
    priced.clear_journal()
    code, out = run("plan", "--no-prices", spec=str(tmp_path / "spec.yaml"))
    assert code == 0 and f"the price of `{CLUSTER}` is unknown" in out
    assert "--no-prices" in out.rpartition("To apply it:")[2]
    assert [e for e in priced.journal() if e["path"].startswith("/_prices/")] == []
    _, known = run("plan", spec=str(tmp_path / "spec.yaml"))
    assert "Cost: +$0.500 an hour" in known


def test_what_azure_ml_tells_itself_stays_known(priced, tmp_path, run):
    edited(tmp_path, SPEC, ALWAYS_ON)
    _, out = run("plan", "--no-prices", spec=str(tmp_path / "spec.yaml"))
    assert "Cost: +$0.500 an hour while serving" in out
