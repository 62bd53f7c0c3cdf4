"""Ways out of a shortage, each checked against the same limits: other sizes, fewer, low priority.

Only within the region: another one means another workspace. Never chosen by the tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from reconciler.cloud.prices import estimate
from reconciler.engine.ledger import NO_LIMIT, Account, reserve
from reconciler.engine.money import Rate, significant
from reconciler.kinds.machines import Machines
from reconciler.kinds.retirements import SIZES, matches
from reconciler.operations.plan.checks.pools import LOW_PRIORITY, is_exempt, pools_of
from reconciler.operations.plan.checks.sizes import Size, Use, is_usable

MOST = 3
UNKNOWN_PRICE = Decimal(10**9)
Accounts = Mapping[str, Account]


def ways_out(use: Use, sizes: Mapping[str, Size], accounts: Accounts) -> tuple[str, ...]:
    """Return up to three lines to write into the spec instead, the cheapest first."""
    own = sizes.get(use.wanted.size.casefold())
    if own is None:
        return ()
    return (
        tuple([*_fewer(use, own, accounts), *_low_priority(use, own, accounts)][:1])
        + tuple(_others(use, own, sizes, accounts))[: MOST - 1]
    )


def _free(accounts: Accounts, wanted: Machines, size: Size) -> int:
    """The cores that are free in every pool of a size; none in a pool that Azure does not tell."""
    held = [accounts.get(pool) for pool in pools_of(wanted, size)]
    frees = [
        10**9 if account.limit == NO_LIMIT else account.limit - account.used
        for account in held
        if account is not None
    ]
    return min(frees, default=0)


def _cores(wanted: Machines, size: Size) -> int:
    if not wanted.serves:
        return size.cores * wanted.most
    return size.cores * reserve(wanted.most, exempt=is_exempt(size.name))


def _fewer(use: Use, own: Size, accounts: Accounts) -> Iterator[str]:
    """Yield the greatest number that fits, where one does; only of what is new."""
    if use.held is not None or use.wanted.most <= 1:
        return
    free, name = _free(accounts, use.wanted, own), "instance_count"
    for count in range(use.wanted.most - 1, max(use.wanted.least, 1) - 1, -1):
        fewer = Machines(use.wanted.size, count, serves=use.wanted.serves)
        if _cores(fewer, own) <= free:
            yield f"{name if use.wanted.serves else 'max_instances'}: {count}"
            return


def _low_priority(use: Use, own: Size, accounts: Accounts) -> Iterator[str]:
    account = accounts.get(LOW_PRIORITY)
    is_capable = own.body.get("lowPriorityCapable") is not False
    if use.wanted.serves or use.wanted.low_priority or account is None or not is_capable:
        return
    if account.limit == NO_LIMIT or account.limit - account.used >= _cores(use.wanted, own):
        yield "tier: low_priority"


def _others(use: Use, own: Size, sizes: Mapping[str, Size], accounts: Accounts) -> Iterator[str]:
    fitting = [
        size
        for size in sizes.values()
        if size.name != own.name
        and size.gpus >= own.gpus
        and size.memory_gb >= own.memory_gb
        and is_usable(use.wanted, size, sizes.values())
        and not any(matches(one, size.name) for one in SIZES)
        and _cores(use.wanted, size) <= _free(accounts, use.wanted, size)
    ]
    for size in sorted(fitting, key=lambda size: (_price(use.wanted, size), size.cores)):
        yield f"{use.wanted.field}: {size.name}{_shown(use.wanted, size)}"


def _price(wanted: Machines, size: Size) -> Decimal:
    found = estimate(size.body, "low_priority" if wanted.low_priority else "dedicated")
    return found.amount if isinstance(found, Rate) else UNKNOWN_PRICE


def _shown(wanted: Machines, size: Size) -> str:
    price = _price(wanted, size)
    cost = f", ${significant(price)} an hour" if price != UNKNOWN_PRICE else ""
    gpus = f", {size.gpus} GPU{'s' if size.gpus > 1 else ''}" if size.gpus else ""
    return f"  # {size.cores} cores{gpus}, {size.memory_gb:g} GB{cost}"
