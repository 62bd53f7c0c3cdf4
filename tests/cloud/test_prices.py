"""Prices off the wire: one host, no token, a bounded time, and one meter out of many."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.cloud import prices
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.engine.money import Rate, Unpriced
from tests.cloud.conftest import Reply

SIZE = "Standard_NC24ads_A100_v4"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
METER: dict[str, Any] = {
    "currencyCode": "USD",
    "retailPrice": 3.673,
    "armRegionName": "eastus",
    "effectiveStartDate": "2025-01-01T00:00:00Z",
    "meterId": "m1",
    "meterName": "NC24ads A100 v4",
    "productName": "Virtual Machines NCads A100 v4 Series",
    "skuId": "s1",
    "skuName": "NC24ads A100 v4",
    "serviceName": "Virtual Machines",
    "unitOfMeasure": "1 Hour",
    "type": "Consumption",
    "isPrimaryMeterRegion": True,
    "armSkuName": SIZE,
}


@pytest.fixture
def cloud(azure: Any, authority: tuple[Any, str]) -> Cloud:
    return Cloud.of_sandbox(SandboxAccess(azure.url, authority[1], "tenant", "client", "s3cret"))


def page(*items: dict[str, Any], following: str | None = None) -> Reply:
    return Reply(200, {}, {"Items": list(items), "NextPageLink": following})


def test_one_request_asks_for_all_sizes_and_carries_no_token(
    azure: Any, cloud: Cloud, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret-of-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    azure.answers(page(METER))
    found = prices.ask(cloud, [SIZE, "Standard_DS3_v2", SIZE, "no' or '"], "eastus")
    assert (found.problem, len(found.items)) == ("", 1)
    (seen,) = azure.seen
    query = parse_qs(urlsplit(seen.path).query)
    assert (seen.method, azure.tokens) == ("GET", 0)
    assert "authorization" not in seen.headers
    assert query["$filter"] == [prices.filter_of(["Standard_DS3_v2", SIZE], "eastus")]
    assert query["currencyCode"] == ["'USD'"] and query["api-version"] == ["2023-01-01-preview"]


def test_nothing_is_asked_for_what_cannot_be_a_name(azure: Any, cloud: Cloud) -> None:
    assert prices.ask(cloud, ["a'b"], "eastus") == prices.Answer()
    assert prices.ask(cloud, [SIZE], "east us'") == prices.Answer()
    assert prices.ask(cloud, [SIZE], "eastus", "dollars") == prices.Answer()
    assert azure.seen == []


def test_further_pages_are_read_on_the_same_host_alone(
    azure: Any, elsewhere: Any, cloud: Cloud
) -> None:
    azure.answers(
        page(METER, following=f"{cloud.prices}/api/retail/prices?$skip=1000"), page(METER)
    )
    assert len(prices.ask(cloud, [SIZE], "eastus").items) == 2
    for link in (
        f"{elsewhere.url}/_prices/api/retail/prices",
        f"{azure.url}/elsewhere",
        cloud.prices.replace("https", "http") + "/api/retail/prices",
    ):
        azure.answers(page(METER, following=link))
        found = prices.ask(cloud, [SIZE], "eastus")
        assert found.items == () and "another host" in found.problem
    assert elsewhere.seen == []


def test_a_redirect_is_not_followed(azure: Any, elsewhere: Any, cloud: Cloud) -> None:
    azure.answers(Reply(302, {"Location": f"{elsewhere.url}/x"}))
    assert "302" in prices.ask(cloud, [SIZE], "eastus").problem
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, {"Retry-After": "9"}, {}),
        Reply(400, {}, {"Error": {"Code": "BadRequest"}}),
        Reply(503),
        Reply(cut=True),
        Reply(200, {}, {"Items": "none"}),
        Reply(200, {}, ["Items"]),
        Reply(200, {}, {"Items": ["x"]}),
        Reply(200, parts=(b"<html>",)),
    ],
)
def test_what_goes_wrong_is_told_and_raises_nothing(azure: Any, cloud: Cloud, reply: Reply) -> None:
    azure.answers(reply)
    found = prices.ask(cloud, [SIZE], "eastus")
    assert found.items == () and found.problem
    assert len(azure.seen) == 1


def test_pages_without_end_come_to_one(azure: Any, cloud: Cloud) -> None:
    azure.answers(page(METER, following=f"{cloud.prices}/api/retail/prices?$skip=1"))
    assert "more than 10 pages" in prices.ask(cloud, [SIZE], "eastus").problem


def test_all_of_it_ends_within_its_time(
    azure: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "BUDGET_S", 0.0)
    assert "no answer within" in prices.ask(cloud, [SIZE], "eastus").problem
    assert azure.seen == []


def choose(*items: dict[str, Any], **options: Any) -> Any:
    return prices.choose(items, SIZE, "eastus", NOW, **options)


def test_the_one_true_meter_is_taken() -> None:
    assert choose(METER) == Rate(Decimal("3.673"), "USD", "list price", "2026-11-28")
    spot = {**METER, "meterName": "NC24ads A100 v4 Spot", "skuName": "NC24ads A100 v4 Spot"}
    low = {**spot, "meterName": "x Low Priority", "skuName": "x Low Priority", "retailPrice": 1}
    assert choose(spot, METER, low).amount == Decimal("3.673")
    assert choose(spot, METER, low, tier="low_priority").amount == 1
    assert choose(METER, METER).amount == Decimal("3.673")


@pytest.mark.parametrize(
    "changed",
    [
        {"productName": "Virtual Machines NCads A100 v4 Series Windows"},
        {"productName": "NCads A100 v4 Series Cloud Services"},
        {"productName": "NCads A100 v4 Series CloudServices"},
        {"type": "DevTestConsumption"},
        {"type": "Reservation"},
        {"unitOfMeasure": "1/Month"},
        {"isPrimaryMeterRegion": False},
        {"isPrimaryMeterRegion": None},
        {"armRegionName": "eastus2"},
        {"armSkuName": SIZE.lower()},
        {"currencyCode": "EUR"},
        {"serviceName": "Azure Machine Learning"},
        {"skuName": "NC24ads A100 v4 Spot"},
        {"effectiveStartDate": "2026-12-01T00:00:00Z"},
        {"effectiveStartDate": "soon"},
        {"effectiveStartDate": "2025-01-01"},
        {"effectiveEndDate": "2026-01-01T00:00:00Z"},
        {"retailPrice": 0},
        {"retailPrice": 0.0},
        {"retailPrice": -1},
        {"retailPrice": float("nan")},
        {"retailPrice": float("inf")},
        {"retailPrice": True},
        {"retailPrice": None},
    ],
)
def test_no_other_meter_is_taken_for_it(changed: dict[str, Any]) -> None:
    assert isinstance(choose({**METER, **changed}), Unpriced)


def test_the_latest_price_that_holds_is_taken() -> None:
    old = {**METER, "effectiveStartDate": "2023-01-01T00:00:00Z", "retailPrice": 4, "meterId": "m0"}
    later = {**METER, "effectiveStartDate": "2027-01-01T00:00:00Z", "retailPrice": 2}
    assert choose(old, later, METER).amount == Decimal("3.673")


def test_two_meters_that_fit_are_unknown_and_never_the_cheaper() -> None:
    other = {**METER, "meterId": "m2", "retailPrice": 1}
    found = choose(METER, other)
    assert isinstance(found, Unpriced) and "2 meters" in found.why


def vm_size(*values: dict[str, Any], **changed: Any) -> dict[str, Any]:
    held = {"billingCurrency": "USD", "unitOfMeasure": "OneHour", "values": list(values)}
    return {"estimatedVMPrices": {**held, **changed}}


LINUX = {"retailPrice": 0.29, "osType": "Linux", "vmTier": "Standard"}


def test_azure_mls_own_estimate_is_read() -> None:
    windows = {**LINUX, "osType": "Windows", "retailPrice": 0.5}
    low = {**LINUX, "vmTier": "LowPriority", "retailPrice": 0.06}
    found = prices.estimate(vm_size(windows, low, LINUX))
    assert found == Rate(Decimal("0.29"), "USD", "Azure ML's estimate")
    lower = prices.estimate(vm_size(windows, low, LINUX), "low_priority")
    assert isinstance(lower, Rate) and lower.amount == Decimal("0.06")


@pytest.mark.parametrize(
    "size",
    [
        {},
        {"estimatedVMPrices": None},
        vm_size(),
        vm_size({**LINUX, "retailPrice": 0}),
        vm_size(LINUX, {**LINUX, "retailPrice": 0.3}),
        vm_size(LINUX, unitOfMeasure="OneMonth"),
        vm_size(LINUX, billingCurrency="EUR"),
    ],
)
def test_an_estimate_that_tells_nothing_is_unknown(size: dict[str, Any]) -> None:
    assert isinstance(prices.estimate(size), Unpriced)
