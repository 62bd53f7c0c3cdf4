"""The price list answers as the public one: pages, exact filters, decoys, refusals."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox

SIZE = "Standard_NC24ads_A100_v4"
FILTER = (
    "serviceName eq 'Virtual Machines' and armRegionName eq 'eastus' "
    f"and priceType eq 'Consumption' and (armSkuName eq '{SIZE}')"
)


def ask(sandbox: Sandbox, url: str = "", **query: str) -> tuple[int, dict[str, Any]]:
    """Ask without signing in, as everybody may."""
    query = {name.replace("__", "$").replace("api_", "api-"): v for name, v in query.items()}
    address = url or f"{sandbox.url}/_prices/api/retail/prices?{urllib.parse.urlencode(query)}"
    tls = ssl.create_default_context(cafile=sandbox.ca_file)
    try:
        with urllib.request.urlopen(address, context=tls) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


EXACT = {"api_version": "2023-01-01-preview"}


def test_the_true_meter_stands_among_decoys(sandbox: Sandbox) -> None:
    items = ask(sandbox, __filter=FILTER, **EXACT)[1]["Items"]
    assert {one["type"] for one in items} == {"Consumption"}
    assert {one["armSkuName"] for one in items} == {SIZE}
    names = {one["skuName"].removeprefix("NC24ads A100 v4").strip() for one in items}
    assert names == {"", "Spot", "Low Priority"}
    assert any(one["productName"].endswith("Windows") for one in items)
    assert any("Cloud Services" in one["productName"] for one in items)
    assert len({one["effectiveStartDate"] for one in items}) == 3
    assert any(not one["isPrimaryMeterRegion"] for one in items)
    plain = [
        one["retailPrice"]
        for one in items
        if one["skuName"] == "NC24ads A100 v4" and one["productName"].endswith("Series")
    ]
    assert 3.673 in plain and len(plain) == 4
    everything = ask(sandbox, __filter=FILTER.replace(" and priceType eq 'Consumption'", ""))[1]
    kinds = {one["type"] for one in everything["Items"]}
    assert kinds == {"Consumption", "DevTestConsumption", "Reservation"}


def test_values_compare_with_their_case_in_the_newer_version(sandbox: Sandbox) -> None:
    lower = FILTER.replace(SIZE, SIZE.lower())
    assert ask(sandbox, __filter=lower, **EXACT)[1]["Items"] == []
    assert ask(sandbox, __filter=lower)[1]["Items"]


def test_a_list_comes_in_pages_of_a_thousand(sandbox: Sandbox) -> None:
    text = "serviceName eq 'Virtual Machines'"
    first = ask(sandbox, __filter=text, **EXACT)[1]
    assert first["Count"] == len(first["Items"]) == 1000
    assert first["NextPageLink"].startswith(f"{sandbox.url}/_prices/")
    second = ask(sandbox, first["NextPageLink"])[1]
    assert second["Items"][0] not in first["Items"]
    sandbox.control("POST", "faults", {"path": "_prices", "action": {"pages": 5}})
    small = ask(sandbox, __filter=FILTER, **EXACT)[1]
    assert small["Count"] == 5 and small["NextPageLink"]
    sandbox.control("DELETE", "faults")


def test_only_the_primary_meters_on_request(sandbox: Sandbox) -> None:
    found = ask(sandbox, __filter=FILTER, meterRegion="'primary'", **EXACT)[1]["Items"]
    assert found and all(one["isPrimaryMeterRegion"] for one in found)


@pytest.mark.parametrize(
    "query",
    [
        {"__filter": "armRegionName eq eastus"},
        {"__filter": "armRegionName eq 'eastus' and"},
        {"__filter": "price gt '1'"},
        {"__filter": "(armRegionName eq 'eastus'"},
        {"__filter": "armRegionName is 'eastus'"},
        {"currencyCode": "'XYZ'"},
        {"api_version": "2019-01-01"},
        {"__skip": "-1"},
    ],
)
def test_what_is_outside_the_grammar_is_refused(sandbox: Sandbox, query: dict[str, str]) -> None:
    status, body = ask(sandbox, **query)
    assert (status, body["Error"]["Code"]) == (400, "BadRequest")


def test_functions_and_registries(sandbox: Sandbox) -> None:
    text = (
        "serviceName eq 'Container Registry' and armRegionName eq 'westeurope' "
        "and startswith(skuName, 'Prem') or contains(meterName, 'nowhere')"
    )
    (found,) = ask(sandbox, __filter=text, **EXACT)[1]["Items"]
    assert (found["unitOfMeasure"], found["retailPrice"]) == ("1/Day", 1.6666)


def test_other_currencies_and_set_prices(sandbox: Sandbox) -> None:
    body = {"size": SIZE, "location": "eastus", "price": "4"}
    sandbox.control("POST", "prices", body)
    euros = ask(sandbox, __filter=FILTER, currencyCode="'EUR'", **EXACT)[1]
    assert euros["BillingCurrency"] == "EUR"
    assert any(one["retailPrice"] == 3.68 for one in euros["Items"])
    sandbox.control("POST", "prices", {**body, "price": None})
    assert ask(sandbox, __filter=FILTER, **EXACT)[1]["Items"] == []


def test_it_may_be_throttled(sandbox: Sandbox) -> None:
    fault = {
        "path": "_prices",
        "times": 1,
        "action": {"status": 429, "headers": {"Retry-After": "1"}},
    }
    sandbox.control("POST", "faults", fault)
    tls = ssl.create_default_context(cafile=sandbox.ca_file)
    with pytest.raises(urllib.error.HTTPError, match="429"):
        urllib.request.urlopen(f"{sandbox.url}/_prices/api/retail/prices", context=tls)
    assert ask(sandbox, __filter=FILTER, **EXACT)[0] == 200
