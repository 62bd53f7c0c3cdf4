"""Pools that cores are counted in: VM families, low priority, all dedicated ones, clusters.

What a new subscription may use of each, and what the sandbox's user has set instead: a limit,
what others in the subscription already use, and the cap of a workspace. Sources: published
examples Usage/list, Quota/list and Quota/update; `TotalLowPriorityCores` as in the published
example putMachineLearningServicesQuotaRequestLowPriority; `TotalDedicatedCores` as tools of
others read it. The limits of a new subscription differ by its offer: 300 cores and 500 clusters
are those of learn.microsoft.com/azure/machine-learning/how-to-manage-quotas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.arm import catalog

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

LOW_PRIORITY = "TotalLowPriorityCores"
DEDICATED = "TotalDedicatedCores"
CLUSTERS = "Clusters"
NEW = {LOW_PRIORITY: 100, DEDICATED: 300, CLUSTERS: 500}
EVERYWHERE = "*"
GRANTED = "quota_limits"
"""The space of what Azure has granted, by subscription, region and pool."""
_LIMITS = "pool_limits"
_USED = "pool_used"
_CAPS = "workspace_quotas"


def proper(name: str) -> str | None:
    """Return the proper spelling of a pool named in any case, None if there is none."""
    return next((pool for pool in NEW if pool.lower() == name.lower()), catalog.family(name))


def limit(world: World, location: str, pool: str) -> int:
    """Return what a new subscription may use of a pool, or what was set; -1: without limit."""
    found = _set(world, _LIMITS, location, pool)
    if found is not None:
        return found
    return NEW[pool] if pool in NEW else catalog.families().get(pool, -1)


def held_by_others(world: World, location: str, pool: str) -> int:
    """Return what the sandbox's user has said that others use of a pool."""
    return _set(world, _USED, location, pool) or 0


def set_limit(world: World, location: str, pool: str, cores: int) -> None:
    """Set the limit of a pool, in a region or everywhere; what Azure granted before is void."""
    for key in world.store.documents(GRANTED):
        place, name = key.split("/", 2)[1:]
        if name == pool.lower() and location.lower() in (place, EVERYWHERE):
            world.store.delete_document(GRANTED, key)
    world.store.put_document(_LIMITS, _key(location, pool), cores)


def set_used(world: World, location: str, pool: str, cores: int) -> None:
    """Set what others use of a pool, in a region or everywhere."""
    world.store.put_document(_USED, _key(location, pool), cores)


def workspace_limit(world: World, workspace: str, pool: str) -> int | None:
    """Return the cap of a workspace, None where it may use all that the subscription may."""
    found = world.store.document(_CAPS, _key(workspace, pool))
    return None if found is None else int(found["limit"])


def set_workspace_limit(world: World, workspace: str, pool: str, cores: int) -> None:
    """Cap what a workspace may use of a pool; a negative number takes the cap away."""
    if cores < 0:
        world.store.delete_document(_CAPS, _key(workspace, pool))
        return
    cap = {"workspace": workspace, "pool": pool, "limit": cores}
    world.store.put_document(_CAPS, _key(workspace, pool), cap)


def workspace_limits(world: World, subscription: str, location: str) -> list[tuple[str, str, int]]:
    """Return (workspace id, pool, cap) of every capped workspace of a region."""
    found = []
    for cap in world.store.documents(_CAPS).values():
        record = world.store.get(cap["workspace"])
        is_here = record is not None and record.body.get("location") == location
        if is_here and cap["workspace"].split("/")[2].lower() == subscription.lower():
            found.append((cap["workspace"], cap["pool"], int(cap["limit"])))
    return found


def _set(world: World, space: str, location: str, pool: str) -> int | None:
    for place in (location, EVERYWHERE):
        found = world.store.document(space, _key(place, pool))
        if found is not None:
            return int(found)
    return None


def _key(place: str, pool: str) -> str:
    return f"{place.replace(' ', '')}/{pool}".lower()
