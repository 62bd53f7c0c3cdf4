"""`GET /_prices/api/retail/prices`: what https://prices.azure.com serves, a thousand items a page.

Source: learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices. Nobody signs
in. The prices in other currencies are made by fixed rates, which are not Microsoft's; a currency
that is not among them is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from reconciler.sandbox.retail.meters import meters
from reconciler.sandbox.retail.odata import BadFilterError, parse
from reconciler.sandbox.world import PAGES

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
PATH = "/_prices/api/retail/prices"
VERSIONS = ("", "2021-10-01-preview", "2023-01-01-preview")
EXACT = "2023-01-01-preview"
"""The version from which on values are compared with their case."""
PAGE = 1000
RATES = {"USD": "1", "EUR": "0.92", "GBP": "0.79", "CHF": "0.88", "JPY": "150", "INR": "84"}
_SAME = (
    "armRegionName location meterId meterName productId skuId productName skuName serviceName "
    "serviceFamily armSkuName effectiveStartDate currencyCode reservationTerm"
)
FIELDS = {**{name: name for name in _SAME.split()}, "priceType": "type"}


def routes(world: World) -> list[web.RouteDef]:
    """Return the one route of the price list."""
    prices = _Prices(world)
    return [web.get(PATH, prices.find)]


class _Prices:
    def __init__(self, world: World) -> None:
        self._world = world

    async def find(self, request: web.Request) -> web.Response:
        try:
            found = self._page(request)
        except (BadFilterError, ValueError) as error:
            body = {"Error": {"Code": "BadRequest", "Message": str(error)}}
            return web.json_response(body, status=400)
        now = format_datetime(datetime.fromtimestamp(self._world.clock.now(), UTC), usegmt=True)
        return web.json_response(found, headers={"Date": now})

    def _page(self, request: web.Request) -> Json:
        query = dict(request.query)
        start, size = _skip(query.get("$skip", "0")), request.get(PAGES) or PAGE
        items = self._found(query)
        shown = items[start : start + size]
        more = {**query, "$skip": str(start + size)}
        following = f"{self._world.base_url}{PATH}?{urlencode(more)}"
        return {
            "BillingCurrency": _currency(query),
            "CustomerEntityId": "Default",
            "CustomerEntityType": "Retail",
            "Items": shown,
            "NextPageLink": following if start + size < len(items) else None,
            "Count": len(shown),
        }

    def _found(self, query: dict[str, str]) -> list[Json]:
        version = query.get("api-version", "")
        if version not in VERSIONS:
            raise ValueError(f"Invalid API version '{version}'")
        rate = Decimal(RATES[_currency(query)])
        text = query.get("$filter", "")
        is_exact = version == EXACT
        test = parse(text, FIELDS, ignores_case=not is_exact) if text.strip() else None
        primary = query.get("meterRegion", "").strip("'\"") == "primary"
        return [
            _in(meter, _currency(query), rate)
            for meter in meters(self._world)
            if (test is None or test(meter)) and (meter["isPrimaryMeterRegion"] or not primary)
        ]


def _currency(query: dict[str, str]) -> str:
    name = query.get("currencyCode", "USD").strip("'\"").upper()
    if name not in RATES:
        raise ValueError(f"Invalid currency code '{name}'")
    return name


def _in(meter: Json, currency: str, rate: Decimal) -> Json:
    price = float((Decimal(str(meter["retailPrice"])) * rate).quantize(Decimal("0.000001")))
    return {**meter, "currencyCode": currency, "retailPrice": price, "unitPrice": price}


def _skip(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError("Invalid OData parameters supplied")
    return int(text)
