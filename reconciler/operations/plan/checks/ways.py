"""Ways out of a shortage, each checked by the ledger with it in place: fewer, other, low priority.

Only within the region: another one means another workspace. Never chosen by the tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import chain, islice

from reconciler.cloud.prices import estimate
from reconciler.engine.money import Rate, significant
from reconciler.kinds.machines import Machines
from reconciler.kinds.retirements import SIZES, matches
from reconciler.operations.plan.checks.sizes import Size, Use, is_usable

MOST = 3
MAY_END = "Azure may take the machines back"
UNKNOWN_PRICE = Decimal(10**9)
Fits = Callable[[Machines], bool]
Way = tuple[str, Machines]


def ways_out(use: Use, sizes: Mapping[str, Size], fits: Fits) -> tuple[str, ...]:
    """Return up to three lines to write into the spec instead: fewer first, then the cheapest."""
    own = sizes.get(use.wanted.size.casefold())
    if own is None:
        return ()
    same = [*_fewer(use, own, fits), *_low_priority(use, own)]
    ways = chain(same, _others(use.wanted, own, sizes))
    return tuple(islice((line for line, machines in ways if fits(machines)), MOST))


def other_sizes(
    wanted: Machines, own: Size, sizes: Mapping[str, Size], fits: Fits
) -> tuple[str, ...]:
    """Return up to three lines with another size that has at least as much, the cheapest first."""
    found = _others(wanted, own, sizes)
    return tuple(islice((line for line, machines in found if fits(machines)), MOST))


def _fewer(use: Use, own: Size, fits: Fits) -> Iterator[Way]:
    """Yield the greatest number that fits, where one does; only of what is new."""
    wanted, name = use.wanted, "instance_count" if use.wanted.serves else "max_instances"
    if use.held is not None:
        return
    for count in range(wanted.most - 1, max(wanted.least, 1) - 1, -1):
        fewer = replace(wanted, most=count)
        if fits(fewer):
            yield f"{name}: {count}  # {own.cores * count} cores", fewer
            return


def _low_priority(use: Use, own: Size) -> Iterator[Way]:
    is_capable = own.body.get("lowPriorityCapable") is not False
    if is_capable and not use.wanted.serves and not use.wanted.low_priority:
        cheaper = replace(use.wanted, low_priority=True)
        yield f"tier: low_priority  # {shown(cheaper, own)}; {MAY_END}", cheaper


def _others(wanted: Machines, own: Size, sizes: Mapping[str, Size]) -> Iterator[Way]:
    """Yield the sizes that have at least as much, the cheapest first."""
    enough = [
        size
        for size in sizes.values()
        if size.name != own.name
        and _is_enough(size, own)
        and is_usable(wanted, size, sizes.values())
        and not any(matches(one, size.name) for one in SIZES)
    ]
    for size in sorted(enough, key=lambda size: (price_of(wanted, size), size.cores)):
        line = f"{wanted.field}: {size.name}  # {shown(wanted, size)}"
        yield line, replace(wanted, size=size.name)


def _is_enough(size: Size, own: Size) -> bool:
    """Whether a size has what another has; one without GPUs is not replaced by one with them."""
    has_power = size.memory_gb >= own.memory_gb if own.memory_gb else size.cores >= own.cores
    return has_power and size.gpus >= own.gpus and (own.gpus > 0 or size.gpus == 0)


def price_of(wanted: Machines, size: Size) -> Decimal:
    """Return what Azure ML tells an hour costs, a huge amount where it tells nothing."""
    found = estimate(size.body, "low_priority" if wanted.low_priority else "dedicated")
    return found.amount if isinstance(found, Rate) else UNKNOWN_PRICE


def shown(wanted: Machines, size: Size) -> str:
    """Return what a size has, and what it costs where Azure ML tells a price."""
    price = price_of(wanted, size)
    cost = f", ${significant(price)} an hour" if price != UNKNOWN_PRICE else ""
    gpus = f", {size.gpus} GPU{'s' if size.gpus > 1 else ''}" if size.gpus else ""
    return f"{size.cores} cores{gpus}, {size.memory_gb:g} GB{cost}"
