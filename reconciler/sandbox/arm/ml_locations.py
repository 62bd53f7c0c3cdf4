"""Azure ML by region: usages, quotas and VM sizes.

Sources: published examples Usage/list, Quota/list, VirtualMachineSize/list (2024-10-01).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import capacity, catalog, ml
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_LOCATION = "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{location}"


def _usages(world: World, call: Call, path: dict[str, str]) -> Answer:
    sub, location = path["sub"], path["location"].lower()
    items: list[Json] = [
        {
            "id": f"{_LOCATION.format(**path)}/usages/{family}",
            "type": "Microsoft.MachineLearningServices/usages",
            "unit": "Count",
            "currentValue": capacity.used(world, sub, location, family),
            "limit": capacity.limit(world, sub, location, family),
            "name": {"value": family, "localizedValue": family},
        }
        for family in catalog.families()
    ]
    return Answer(200, page(world, call, items))


def _quotas(world: World, call: Call, path: dict[str, str]) -> Answer:
    sub, location = path["sub"], path["location"].lower()
    items: list[Json] = [
        {
            "id": f"{_LOCATION.format(**path)}/quotas/{family}",
            "type": "Microsoft.MachineLearningServices/quotas",
            "limit": capacity.limit(world, sub, location, family),
            "unit": "Count",
            "name": {"value": family, "localizedValue": family},
        }
        for family in catalog.families()
    ]
    return Answer(200, page(world, call, items))


def _sizes(world: World, call: Call, path: dict[str, str]) -> Answer:
    items = [
        {
            "name": size.name,
            "family": size.family,
            "vCPUs": size.cores,
            "gpus": size.gpus,
            "osVhdSizeMB": 1047552,
            "maxResourceVolumeMB": 65536,
            "memoryGB": float(size.memory_gib),
            "lowPriorityCapable": True,
            "premiumIO": True,
            "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
        }
        for size in catalog.VM_SIZES
        if catalog.is_offered(size, path["location"])
    ]
    return Answer(200, {"value": items})


ROUTES = (
    Route("GET", _LOCATION + "/usages", ml.VERSIONS, _usages),
    Route("GET", _LOCATION + "/quotas", ml.VERSIONS, _quotas),
    Route("GET", _LOCATION + "/vmSizes", ml.VERSIONS, _sizes),
)
