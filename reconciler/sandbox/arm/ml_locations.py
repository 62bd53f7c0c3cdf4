"""Azure ML by region: usages, quotas and VM sizes.

Sources: published examples Usage/list, Quota/list, Quota/update, VirtualMachineSize/list
(2024-10-01). A family is listed twice in the usages, under one name: its dedicated cores, and its
low-priority ones without a limit of their own (-1); the type of the entry tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import capacity, catalog, catalog_prices, ml, pools
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_LOCATION = "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{location}"
_TOTALS = {
    pools.DEDICATED: ("dedicatedCores", "Total Cluster Dedicated Regional vCPUs"),
    pools.LOW_PRIORITY: ("lowPriorityCores", "Total Cluster LowPriority Regional vCPUs"),
}


def _usages(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, page(world, call, list(_all_usages(world, path))))


def _all_usages(world: World, path: dict[str, str]) -> Iterator[Json]:
    sub, location = path["sub"], path["location"].lower()
    base = _LOCATION.format(**path)
    count = capacity.clusters(world, sub, location)
    most = capacity.limit(world, sub, location, pools.CLUSTERS)
    yield _usage(base, "totalCores", pools.CLUSTERS, "Clusters", count, most)
    for pool, (kind, shown) in _TOTALS.items():
        held, limit = _held(world, sub, location, pool)
        yield _usage(base, kind, pool, shown, held, limit)
    for family in catalog.families():
        held, limit = _held(world, sub, location, family)
        shown = f"{_words(family)} Cluster Dedicated vCPUs"
        yield _usage(base, "vmFamily/dedicatedCores", family, shown, held, limit)
        low = capacity.low_priority_used(world, sub, location, family)
        shown = f"{_words(family)} Cluster LowPriority vCPUs"
        yield _usage(base, "vmFamily/lowPriorityCores", family, shown, low, -1)


def _held(world: World, sub: str, location: str, pool: str) -> tuple[int, int]:
    used = capacity.used(world, sub, location, pool)
    return used, capacity.limit(world, sub, location, pool)


def _words(family: str) -> str:
    return "Standard " + family.removeprefix("standard").removesuffix("Family").strip() + " Family"


def _usage(base: str, kind: str, name: str, shown: str, used: int, limit: int) -> Json:
    of_family = f"/{name}" if kind.startswith("vmFamily") else ""  # totals share one id
    return {
        "id": f"{base}/usages{of_family}",
        "type": f"Microsoft.MachineLearningServices/{kind}/usages",
        "unit": "Count",
        "currentValue": used,
        "limit": limit,
        "name": {"value": name, "localizedValue": shown},
    }


def _quotas(world: World, call: Call, path: dict[str, str]) -> Answer:
    sub, location = path["sub"], path["location"].lower()
    items: list[Json] = [
        {
            "id": f"{_LOCATION.format(**path)}/quotas/{family}",
            "type": "Microsoft.MachineLearningServices/vmFamily/quotas",
            "limit": capacity.limit(world, sub, location, family),
            "unit": "Count",
            "name": {"value": family, "localizedValue": family},
        }
        for family in catalog.families()
    ]
    items += [
        {
            "id": f"{workspace}/quotas/{pool}",
            "type": "Microsoft.MachineLearningServices/workspaces/quotas",
            "limit": limit,
            "unit": "Count",
            "name": {"value": pool, "localizedValue": pool},
        }
        for workspace, pool, limit in pools.workspace_limits(world, sub, location)
    ]
    return Answer(200, page(world, call, items))


def _update_quotas(world: World, call: Call, path: dict[str, str]) -> Answer:
    """Set the caps of workspaces; each part of the answer has a status of its own."""
    value = (call.body or {}).get("value")
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ArmError(400, "BadRequest", "The request has no list of quotas.")
    return Answer(200, {"value": [_updated(world, path, one) for one in value]})


def _updated(world: World, path: dict[str, str], sent: Json) -> Json:
    workspace, _, name = str(sent.get("id") or "").partition("/quotas/")
    pool, limit = catalog.family(name), sent.get("limit")
    shown = {key: sent.get(key) for key in ("id", "type", "limit", "unit")}
    if pool is None:
        return {**shown, "status": "InvalidVMFamilyName"}
    if world.store.get(workspace) is None or type(limit) is not int:
        return {**shown, "status": "Failure"}
    total = capacity.limit(world, path["sub"], path["location"].lower(), pool)
    if 0 <= total < limit:
        return {**shown, "status": "InvalidQuotaExceedsSubscriptionLimit"}
    pools.set_workspace_limit(world, workspace, pool, limit)
    return {**shown, "status": "Success"}


def _sizes(world: World, call: Call, path: dict[str, str]) -> Answer:
    location = path["location"].lower()
    items = [
        _size(world, size, location)
        for size in catalog.VM_SIZES
        if catalog.is_offered(size, location)
    ]
    return Answer(200, {"value": items})


def _size(world: World, size: catalog.VmSize, location: str) -> Json:
    shown: Json = {
        "name": size.name,
        "family": size.family,
        "vCPUs": size.cores,
        "gpus": size.gpus,
        "osVhdSizeMB": 1047552,
        "maxResourceVolumeMB": 65536,
        "memoryGB": float(size.memory_gib),
        "lowPriorityCapable": size.low_priority,
        "premiumIO": True,
        "supportedComputeTypes": [
            "AmlCompute",
            "ComputeInstance",
            *(["MIR"] if size.serves else []),
        ],
    }
    base = catalog_prices.linux(world, size, location)
    if base is not None and world.settings["vm_price_estimates"]:
        shown["estimatedVMPrices"] = {
            "billingCurrency": "USD",
            "unitOfMeasure": "OneHour",
            "values": list(_tiers(size, base)),
        }
    return shown


def _tiers(size: catalog.VmSize, base: Any) -> Iterator[Json]:
    for tier in catalog_prices.TIERS:
        if tier != "Standard" and not size.low_priority:
            continue
        for system in ("Windows", "Linux"):
            price = catalog_prices.of_tier(base, size, tier, windows=system == "Windows")
            yield {"retailPrice": float(price), "osType": system, "vmTier": tier}


ROUTES = (
    Route("GET", _LOCATION + "/usages", ml.VERSIONS, _usages),
    Route("GET", _LOCATION + "/quotas", ml.VERSIONS, _quotas),
    Route("POST", _LOCATION + "/updateQuotas", ml.VERSIONS, _update_quotas),
    Route("GET", _LOCATION + "/vmSizes", ml.VERSIONS, _sizes),
)
