"""Cores: limits by region and family, and what clusters and deployments use of them.

Source: azure-facts section 9 (Azure ML has its own quota, GPU families start at 0, managed
endpoints reserve 20 % more for sizes that are not exempt).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, ml
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

LIMITS = "quota_limits"
REQUESTS = "quota_requests"
Json = dict[str, Any]
COMPUTES = f"{ml.WORKSPACE}/computes"
DEPLOYMENTS = f"{ml.WORKSPACE}/onlineEndpoints/deployments"
JOBS = f"{ml.WORKSPACE}/jobs"


def limit(world: World, subscription: str, location: str, family: str) -> int:
    """Return the cores a subscription may use of a family in a region, as of now."""
    settle_requests(world)
    saved = world.store.document(LIMITS, key(subscription, location, family))
    return int(saved) if saved is not None else catalog.families()[family]


def key(subscription: str, location: str, family: str) -> str:
    """Return the document key of a limit."""
    return f"{subscription}/{location.replace(' ', '')}/{family}".lower()


def used(world: World, subscription: str, location: str, family: str, but: str = "") -> int:
    """Return the cores in use, not counting the resource with id `but`."""
    under = f"/subscriptions/{subscription}"
    total = 0
    for type_, cores in (
        (COMPUTES, cluster_cores),
        (DEPLOYMENTS, deployment_cores),
    ):
        for record in world.store.of_type(type_, under):
            if record.id.lower() == but.lower() or record.body.get("location") != location:
                continue
            found_family, found = cores(world, record)
            total += found if found_family == family else 0
    return total


def cluster_cores(world: World, record: Record) -> tuple[str | None, int]:
    """Return family and cores of the nodes a cluster holds now: its minimum, or a running job's."""
    inner = record.body["properties"].get("properties") or {}
    size = catalog.vm_size(str(inner.get("vmSize", "")))
    if size is None:
        return None, 0
    return size.family, size.cores * cluster_nodes(world, record)


def cluster_nodes(world: World, record: Record) -> int:
    """Return how many nodes a cluster has allocated."""
    scale = (record.body["properties"].get("properties") or {}).get("scaleSettings") or {}
    workspace = ml.workspace_id(record.id)
    running = sum(
        1
        for job in world.store.of_type(JOBS, workspace)
        if job.hidden.get("compute", "").lower() == record.id.lower()
        and job.body["properties"].get("status") in ("Running", "Finalizing")
    )
    return max(int(scale.get("minNodeCount") or 0), running)


def deployment_cores(world: World, record: Record) -> tuple[str | None, int]:
    """Return family and cores a deployment reserves; a failed one reserves none."""
    properties = record.body["properties"]
    size = catalog.vm_size(str(properties.get("instanceType", "")))
    if size is None or properties.get("provisioningState") == "Failed":
        return None, 0
    count = int((record.body.get("sku") or {}).get("capacity") or 1)
    return size.family, reserved(size, count)


def reserved(size: catalog.VmSize, count: int) -> int:
    """Return the cores a deployment of `count` instances needs, reserve included."""
    return size.cores * (math.ceil(1.2 * count) if size.extra else count)


def settle_requests(world: World, polled: str = "") -> None:
    """Grant or refuse every request whose time has come."""
    for name, found in world.store.documents(REQUESTS).items():
        if found["state"] not in ("Accepted", "InProgress"):
            continue
        done = world.clock.reached(found["wait"], polled=name == polled)
        if done == 0:
            continue
        found["wait"]["done"] = done
        _decide(world, found)
        world.store.put_document(REQUESTS, name, found)


def _decide(world: World, found: Json) -> None:
    if catalog.is_retired(found["family"]):
        found["state"] = "Failed"
        found["error"] = {
            "code": "ContactSupport",
            "message": f"The quota of '{found['family']}' cannot be increased: the VM series is "
            "retired. File a support ticket.",
        }
        return
    found["state"] = "Succeeded"
    world.store.put_document(LIMITS, found["key"], found["value"])
