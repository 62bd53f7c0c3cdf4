"""What an hour of each size costs here, by region and tier, in US dollars.

Figures for Linux in East US, as public price lists had them in 2025; no quotation. Other regions
and tiers are made of them by fixed factors, which are not Azure's. A price that the sandbox's user
has set stands for all tiers of a size in a region. Source of the tiers and their names: published
example VirtualMachineSize/list.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from reconciler.sandbox.arm import catalog

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

_LINUX = """
Standard_DS1_v2 0.073  Standard_DS2_v2 0.146  Standard_DS3_v2 0.293  Standard_DS4_v2 0.585
Standard_DS5_v2 1.170  Standard_F2s_v2 0.0846  Standard_F4s_v2 0.169  Standard_F8s_v2 0.338
Standard_F16s_v2 0.677  Standard_E4s_v3 0.252  Standard_E8s_v3 0.504  Standard_D4s_v3 0.192
Standard_D8s_v3 0.384  Standard_NC6s_v3 3.060  Standard_NC12s_v3 6.120  Standard_NC24s_v3 12.240
Standard_NC4as_T4_v3 0.526  Standard_NC8as_T4_v3 0.752  Standard_NC16as_T4_v3 1.204
Standard_NC64as_T4_v3 4.352  Standard_NC24ads_A100_v4 3.673  Standard_NC48ads_A100_v4 7.346
Standard_NC96ads_A100_v4 14.692  Standard_NC40ads_H100_v5 6.980  Standard_NC80adis_H100_v5 13.960
Standard_NV36ads_A10_v5 3.200
"""
_WORDS = _LINUX.split()
LINUX: dict[str, Decimal] = {
    name: Decimal(price) for name, price in zip(_WORDS[::2], _WORDS[1::2], strict=True)
}
TIERS: dict[str, Decimal] = {
    "Standard": Decimal(1),
    "LowPriority": Decimal("0.2"),
    "Spot": Decimal("0.23"),
}
WINDOWS_PER_CORE = Decimal("0.046")
_PLACES = Decimal("0.000001")
_SPACE = "prices"


def linux(world: World, size: catalog.VmSize, location: str) -> Decimal | None:
    """Return the price of an hour of a dedicated Linux machine; None where it was taken out."""
    saved = world.store.document(_SPACE, _key(size.name, location))
    if saved is not None:
        return Decimal(saved) if saved else None
    return _rounded(LINUX[size.name] * factor(location))


def factor(location: str) -> Decimal:
    """Return how much more a region costs than East US: up to a quarter, by its place in a list."""
    if location == "eastus" or location not in catalog.REGIONS:
        return Decimal(1)
    return 1 + Decimal(catalog.REGIONS.index(location) % 6) / 20


def of_tier(base: Decimal, size: catalog.VmSize, tier: str, *, windows: bool = False) -> Decimal:
    """Return the price of a tier and operating system, from that of a dedicated Linux machine."""
    licence = WINDOWS_PER_CORE * size.cores if windows else Decimal(0)
    return _rounded((base + licence) * TIERS[tier])


def put(world: World, size: catalog.VmSize, location: str, price: Decimal | None) -> None:
    """Set the price of a size in a region, or take it out of every list (None)."""
    world.store.put_document(_SPACE, _key(size.name, location), "" if price is None else str(price))


def _key(size: str, location: str) -> str:
    return f"{location.replace(' ', '')}/{size}".lower()


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(_PLACES, ROUND_HALF_UP).normalize()
