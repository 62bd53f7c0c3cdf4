"""The machines that a resource takes, as its body tells: for quota, sizes and prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import Address, JsonObject, Reference, Resource
from reconciler.kinds.ability import Ability


@dataclass(frozen=True)
class Machines:
    """Machines of one size. `least` are always there, `most` may be; `now`: as Azure shows it.

    `serves`: they answer requests, so Azure reserves more of them for upgrades; `field` is the
    spec's name for the size.
    """

    size: str
    most: int
    least: int = 0
    now: int = 0
    low_priority: bool = False
    serves: bool = False
    field: str = "size"


@dataclass(frozen=True)
class Occupied:
    """That a run takes some machines of a cluster, by its address in the spec or its id."""

    cluster: Address
    machines: int = 1


@runtime_checkable
class UsesMachines(Ability, Protocol):
    """A kind that is made of virtual machines."""

    def machines(self, body: JsonObject) -> Machines | None:
        """Return the machines of a body, desired or observed; None where it names no size."""


@runtime_checkable
class OccupiesMachines(Ability, Protocol):
    """A kind that runs on the machines of another."""

    def occupied(self, resource: Resource) -> Occupied | None:
        """Return what a run takes, None where Azure picks the machines itself."""


def cluster_machines(body: JsonObject) -> Machines | None:
    """Return the machines of a compute cluster."""
    inner = _within(body, "properties", "properties")
    size, scale = inner.get("vmSize"), inner.get("scaleSettings") or {}
    if not size:
        return None
    return Machines(
        str(size),
        most=whole_number_in(scale, "maxNodeCount"),
        least=whole_number_in(scale, "minNodeCount"),
        now=whole_number_in(inner, "currentNodeCount"),
        low_priority=str(inner.get("vmPriority") or "").casefold() == "lowpriority",
    )


def deployment_machines(body: JsonObject) -> Machines | None:
    """Return the machines of an online deployment; a failed one holds none."""
    properties = _within(body, "properties")
    size = properties.get("instanceType")
    if not size:
        return None
    count = whole_number_in(_within(body, "sku"), "capacity", 1)
    failed = str(properties.get("provisioningState") or "").casefold() == "failed"
    return Machines(
        str(size), most=count, now=0 if failed else count, serves=True, field="instance_type"
    )


def occupied_by(compute: Any) -> Occupied | None:
    """Return what a run on a cluster takes, out of its `computeId`."""
    if isinstance(compute, Reference):
        return Occupied(compute.address)
    return Occupied(str(compute)) if compute else None


def _within(body: JsonObject, *names: str) -> JsonObject:
    for name in names:
        found = body.get(name)
        body = dict(found) if isinstance(found, Mapping) else {}
    return body
