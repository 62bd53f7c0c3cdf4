"""Controls of what a subscription may use and what it costs: quota, barred sizes, prices.

Each takes the JSON body of its request and returns what holds now. Raises ValueError for what
names nothing, with the names that would.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from aiohttp import web

from reconciler.sandbox.arm import barred, catalog, catalog_prices, pools
from reconciler.sandbox.arm.ml import WORKSPACE
from reconciler.sandbox.fault_checks import known, whole_number

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def handlers(world: World) -> Iterator[tuple[str, str, Handler]]:
    """Yield each control's method, name and handler."""
    for name, change in (("quota", set_quota), ("sizes", set_size), ("prices", set_price)):
        yield "POST", name, _handler(world, change)


def _handler(world: World, change: Callable[[World, Json], Json]) -> Handler:
    async def run(request: web.Request) -> web.StreamResponse:
        return web.json_response(change(world, await request.json()))

    return run


def set_quota(world: World, body: Json) -> Json:
    """`{"family": "TotalLowPriorityCores", "limit": 24, "used": 8}`: of a pool, in all regions.

    `location` names one region; `workspace`, an id, caps what that workspace may use (`limit`
    alone; -1 takes the cap away). A limit of -1 is none.
    """
    known(body, {"family", "limit", "used", "location", "workspace"})
    pool = _pool(body.get("family"))
    location = _location(body.get("location"))
    limit, used = body.get("limit"), body.get("used")
    if limit is None and used is None:
        raise ValueError("quota needs a limit or what is used, or both")
    if body.get("workspace") is not None:
        _cap(world, body["workspace"], pool, limit)
        return {"family": pool, "workspace": body["workspace"], "limit": limit}
    if limit is not None:
        pools.set_limit(world, location, pool, whole_number(limit, "limit", -1))
    if used is not None:
        pools.set_used(world, location, pool, whole_number(used, "used"))
    return {"family": pool, "location": location, "limit": limit, "used": used}


def _cap(world: World, workspace: Any, pool: str, limit: Any) -> None:
    record = world.store.get(str(workspace))
    if record is None or record.type != WORKSPACE:
        raise ValueError(f"there is no workspace {workspace!r}")
    pools.set_workspace_limit(world, record.id, pool, whole_number(limit, "limit", -1))


def set_size(world: World, body: Json) -> Json:
    """`{"size": "Standard_NC24ads_A100_v4", "barred": true}`: everywhere, or in a `location`."""
    known(body, {"size", "location", "barred"})
    size, location = _size(body.get("size")), _location(body.get("location"))
    is_barred = body.get("barred") is True
    barred.bar(world, size, location, barred=is_barred)
    return {"size": size.name, "location": location, "barred": is_barred}


def set_price(world: World, body: Json) -> Json:
    """`{"size": ..., "location": "eastus", "price": "3.673"}` in US dollars an hour, Linux.

    A price of null takes the size out of the price list and of Azure ML's estimates.
    """
    known(body, {"size", "location", "price"})
    size, location = _size(body.get("size")), _location(body.get("location"))
    if location == pools.EVERYWHERE:
        raise ValueError("a price needs a region")
    price = None if body.get("price") is None else _price(body["price"])
    catalog_prices.put(world, size, location, price)
    return {"size": size.name, "location": location, "price": body.get("price")}


def _price(text: Any) -> Decimal:
    try:
        found = Decimal(str(text))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a price") from error
    if not found.is_finite() or found < 0:
        raise ValueError(f"{text!r} is not a price")
    return found


def _pool(name: Any) -> str:
    found = pools.proper(str(name or ""))
    if found is None:
        names = ", ".join((*pools.NEW, *catalog.families()))
        raise ValueError(f"there is no family {name!r}; there are {names}")
    return found


def _size(name: Any) -> catalog.VmSize:
    found = catalog.vm_size(str(name or ""))
    if found is None:
        names = ", ".join(size.name for size in catalog.VM_SIZES)
        raise ValueError(f"there is no size {name!r}; there are {names}")
    return found


def _location(name: Any) -> str:
    found = str(name or pools.EVERYWHERE).lower().replace(" ", "")
    if found not in (pools.EVERYWHERE, *catalog.REGIONS):
        raise ValueError(f"there is no region {name!r}")
    return found
