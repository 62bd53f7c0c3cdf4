"""VM sizes that a subscription may not use, and Microsoft.Compute's list of sizes that tells so.

Source: learn.microsoft.com/rest/api/compute/resource-skus/list (2021-07-01: `$filter` takes a
location alone, `restrictions[].reasonCode` is QuotaId or NotAvailableForSubscription).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = api_versions("Microsoft.Compute/skus")
_SPACE = "barred_sizes"
_FILTER = re.compile(r"\s*location\s+eq\s+'(?P<location>[^']+)'\s*", re.IGNORECASE)
_ANYWHERE = "*"


def is_barred(world: World, size: catalog.VmSize, location: str) -> bool:
    """Whether the sandbox's user has barred a size in a region."""
    found = world.store.documents(_SPACE)
    return any(_key(size.name, place) in found for place in (location, _ANYWHERE))


def bar(world: World, size: catalog.VmSize, location: str, *, barred: bool) -> None:
    """Bar a size in a region (`*`: everywhere), or allow it again."""
    if barred:
        world.store.put_document(_SPACE, _key(size.name, location), {"size": size.name})
    else:
        world.store.delete_document(_SPACE, _key(size.name, location))


def _key(size: str, location: str) -> str:
    return f"{location.replace(' ', '')}/{size}".lower()


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    text = call.query.get("$filter", "")
    found = _FILTER.fullmatch(text)
    if text and found is None:
        raise ArmError(400, "InvalidParameter", f"The $filter '{text}' is not supported.")
    regions = (
        [found["location"].lower()] if found else [r for r in catalog.REGIONS if r != "global"]
    )
    items = [
        _sku(world, size, region)
        for region in regions
        for size in catalog.VM_SIZES
        if catalog.is_offered(size, region)
    ]
    return Answer(200, {"value": items})


def _sku(world: World, size: catalog.VmSize, region: str) -> Json:
    where = {"locations": [region]}
    restriction = {
        "type": "Location",
        "values": [region],
        "restrictionInfo": where,
        "reasonCode": "NotAvailableForSubscription",
    }
    capabilities = {
        "vCPUs": size.cores,
        "MemoryGB": size.memory_gib,
        "GPUs": size.gpus,
        "LowPriorityCapable": size.low_priority,
    }
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": [], "zoneDetails": []}],
        "capabilities": [{"name": n, "value": str(v)} for n, v in capabilities.items() if v],
        "restrictions": [restriction] if is_barred(world, size, region) else [],
    }


ROUTES = (Route("GET", "/subscriptions/{sub}/providers/Microsoft.Compute/skus", VERSIONS, _list),)
