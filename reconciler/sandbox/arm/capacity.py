"""Cores: limits by region and pool, and what clusters and deployments use of them.

A dedicated core counts against its family and against the total of the region; a low-priority
core against one pool of all families, and against no family. Source: azure-facts section 9 (Azure
ML has its own quota, GPU families start at 0, managed endpoints reserve 20 % more for sizes that
are not exempt); published example Usage/list (the totals, families at low priority without limit).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, ml, pools
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

REQUESTS = "quota_requests"
Json = dict[str, Any]
COMPUTES = f"{ml.WORKSPACE}/computes"
DEPLOYMENTS = f"{ml.WORKSPACE}/onlineEndpoints/deployments"
JOBS = f"{ml.WORKSPACE}/jobs"


@dataclass(frozen=True)
class Held:
    """Cores that one cluster or deployment holds, and the pools that they count against."""

    pools: tuple[str, ...]
    cores: int


@dataclass(frozen=True)
class Shortage:
    """A pool without enough cores: what is used and allowed, in a workspace or a region."""

    pool: str
    used: int
    limit: int


def limit(world: World, subscription: str, location: str, pool: str) -> int:
    """Return the cores a subscription may use of a pool in a region, as of now; -1: no limit."""
    settle_requests(world)
    saved = world.store.document(pools.GRANTED, key(subscription, location, pool))
    return int(saved) if saved is not None else pools.limit(world, location, pool)


def key(subscription: str, location: str, pool: str) -> str:
    """Return the document key of a limit."""
    return f"{subscription}/{location.replace(' ', '')}/{pool}".lower()


def used(world: World, subscription: str, location: str, pool: str, but: str = "") -> int:
    """Return the cores in use of a pool, not counting the resource with id `but`."""
    under = f"/subscriptions/{subscription}"
    held = _held(world, under, location, but)
    own = sum(one.cores for one in held if pool in one.pools)
    return own + pools.held_by_others(world, location, pool)


def low_priority_used(world: World, subscription: str, location: str, family: str) -> int:
    """Return the cores of a family that low-priority clusters hold."""
    return used(world, subscription, location, _low(family))


def clusters(world: World, subscription: str, location: str, but: str = "") -> int:
    """Return how many clusters a subscription has in a region, not counting `but`."""
    found = world.store.of_type(COMPUTES, f"/subscriptions/{subscription}")
    own = sum(_counts(one, location, but) for one in found)
    return own + pools.held_by_others(world, location, pools.CLUSTERS)


def shortage(world: World, resource_id: str, location: str, need: Held) -> Shortage | None:
    """Return the first pool, or cap of its workspace, in which a resource's cores do not fit."""
    if need.cores <= 0:
        return None
    subscription = resource_id.split("/")[2]
    for pool in need.pools:
        allowed = limit(world, subscription, location, pool)
        now = used(world, subscription, location, pool, but=resource_id)
        if 0 <= allowed < now + need.cores:
            return Shortage(pool, now, allowed)
    workspace = ml.workspace_id(resource_id)
    cap = pools.workspace_limit(world, workspace, need.pools[0])
    own = sum(
        one.cores
        for one in _held(world, workspace, location, resource_id)
        if need.pools[0] in one.pools
    )
    if cap is not None and own + need.cores > cap:
        return Shortage(need.pools[0], own, cap)
    return None


def pools_of_cluster(size: catalog.VmSize, priority: object) -> tuple[str, ...]:
    """Return the pools that the cores of a cluster count against."""
    if str(priority or "").lower() == "lowpriority":
        return (pools.LOW_PRIORITY, _low(size.family))
    return (size.family, pools.DEDICATED)


def pools_of_deployment(size: catalog.VmSize) -> tuple[str, ...]:
    """Return the pools that the cores of a deployment count against."""
    return (size.family, pools.DEDICATED)


def _low(family: str) -> str:
    return f"{family} at low priority"


def _held(world: World, under: str, location: str, but: str) -> Iterator[Held]:
    for type_, find in ((COMPUTES, _by_cluster), (DEPLOYMENTS, _by_deployment)):
        for record in world.store.of_type(type_, under):
            held = find(world, record) if _counts(record, location, but) else None
            if held is not None:
                yield held


def _counts(record: Record, location: str, but: str) -> bool:
    return record.id.lower() != but.lower() and record.body.get("location") == location


def _by_cluster(world: World, record: Record) -> Held | None:
    """Return what the nodes of a cluster hold now: its minimum, or those of running jobs."""
    inner = record.body["properties"].get("properties") or {}
    size = catalog.vm_size(str(inner.get("vmSize", "")))
    if size is None:
        return None
    cores = size.cores * cluster_nodes(world, record)
    return Held(pools_of_cluster(size, inner.get("vmPriority")), cores)


def _by_deployment(world: World, record: Record) -> Held | None:
    """Return what a deployment reserves; a failed one reserves none."""
    properties = record.body["properties"]
    size = catalog.vm_size(str(properties.get("instanceType", "")))
    if size is None or properties.get("provisioningState") == "Failed":
        return None
    count = int((record.body.get("sku") or {}).get("capacity") or 1)
    return Held(pools_of_deployment(size), reserved(size, count))


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


def reserved(size: catalog.VmSize, count: int) -> int:
    """Return the cores a deployment of `count` instances needs, reserve included."""
    return size.cores * (count + -(-count // 5) if size.extra else count)


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
    subscription, location, _ = found["key"].split("/", 2)
    if found["family"] != pools.LOW_PRIORITY:
        _raise_total(world, subscription, location, found)
    world.store.put_document(pools.GRANTED, found["key"], found["value"])


def _raise_total(world: World, subscription: str, location: str, found: Json) -> None:
    """Raise the region's total by what a family gains: a request for one raises both."""
    total = key(subscription, location, pools.DEDICATED)
    saved = world.store.document(pools.GRANTED, total)
    before = world.store.document(pools.GRANTED, found["key"])
    old = pools.limit(world, location, found["family"]) if before is None else int(before)
    now = pools.limit(world, location, pools.DEDICATED) if saved is None else int(saved)
    if now >= 0:
        world.store.put_document(pools.GRANTED, total, now + max(0, found["value"] - old))
