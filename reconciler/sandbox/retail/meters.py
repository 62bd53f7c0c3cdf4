"""The meters of the price list: each true one among others that a reader must not take for it.

Beside the meter of a Linux machine that is billed by the hour now stand Windows, Spot and Low
Priority, the prices of dev/test subscriptions and of reservations, Cloud Services, the price
before the last change, one that is announced for later, and a copy under another region's meter.
Source: learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices (fields, types,
names); the names of products are made after those of public price lists.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, catalog_prices

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
MACHINES = "Virtual Machines"
REGISTRIES = "Container Registry"
DAY_S = 86400.0
_IDS = uuid.UUID("c4a2a1f0-5b0e-4b8e-9c57-0d7a6d3f6a11")
_TIERS = {"Standard": "", "Spot": " Spot", "LowPriority": " Low Priority"}
_REGISTRY_DAYS = {"Basic": "0.1666", "Standard": "0.6666", "Premium": "1.6666"}


def meters(world: World) -> Iterator[Json]:
    """Yield every item of the list in US dollars, the sizes in the catalogue's order by region."""
    for region in catalog.REGIONS:
        if region == "global":
            continue
        for size in catalog.VM_SIZES:
            base = catalog_prices.linux(world, size, region)
            if base is not None and catalog.is_offered(size, region):
                yield from _of_size(world, size, region, base)
        yield from _of_registry(world, region)


def _of_size(world: World, size: catalog.VmSize, region: str, base: Decimal) -> Iterator[Json]:
    product, short = _product(size), _short(size)
    for tier, suffix in _TIERS.items():
        for windows in (True, False):
            price = catalog_prices.of_tier(base, size, tier, windows=windows)
            named = f"{product} Windows" if windows else product
            yield _machine(world, size, region, price, named, short + suffix)
    yield from _decoys(world, size, region, base, product, short)


def _decoys(
    world: World, size: catalog.VmSize, region: str, base: Decimal, product: str, short: str
) -> Iterator[Json]:
    def other(share: str, **changed: Any) -> Json:
        meter = _machine(world, size, region, base * Decimal(share), product, short)
        return {**meter, **changed}

    now = world.clock.now()
    yield other("0.55", type="DevTestConsumption")
    yield other("5256", type="Reservation", reservationTerm="1 Year")
    yield other("0.9", productName=f"{product.removeprefix('Virtual Machines ')} Cloud Services")
    yield other("1.1", effectiveStartDate=world.clock.iso(now - 900 * DAY_S))
    yield other("0.5", effectiveStartDate=world.clock.iso(now + 30 * DAY_S))
    yield other("0.7", isPrimaryMeterRegion=False)


def _machine(
    world: World, size: catalog.VmSize, region: str, price: Decimal, product: str, name: str
) -> Json:
    made = _meter(world, region, price, product, name)
    return {**made, "armSkuName": size.name, "serviceName": MACHINES, "serviceFamily": "Compute"}


def _of_registry(world: World, region: str) -> Iterator[Json]:
    for sku, price in _REGISTRY_DAYS.items():
        yield {
            **_meter(world, region, Decimal(price), REGISTRIES, sku),
            "meterName": f"{sku} Registry Unit",
            "unitOfMeasure": "1/Day",
            "armSkuName": "",
            "serviceName": REGISTRIES,
            "serviceFamily": "Containers",
        }


def _meter(world: World, region: str, price: Decimal, product: str, name: str) -> Json:
    meter = _id(f"{region}/{product}/{name}")
    shown = float(price)
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": shown,
        "unitPrice": shown,
        "armRegionName": region,
        "location": region,
        "effectiveStartDate": world.clock.iso(world.clock.now() - 200 * DAY_S),
        "meterId": meter,
        "meterName": name,
        "productId": f"DZH318Z{meter[:5].upper()}",
        "skuId": f"DZH318Z{meter[:5].upper()}/{meter[9:13].upper()}",
        "availabilityId": None,
        "productName": product,
        "skuName": name,
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
    }


@cache
def _id(name: str) -> str:
    return str(uuid.uuid5(_IDS, name))


def _short(size: catalog.VmSize) -> str:
    return size.name.removeprefix("Standard_").replace("_", " ")


def _product(size: catalog.VmSize) -> str:
    family = size.family.removeprefix("standard").removesuffix("Family").strip()
    return f"Virtual Machines {family} Series"
