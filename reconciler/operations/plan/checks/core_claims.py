"""What the changes of a plan claim of the cores of a region, now, during and after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.engine.decisions import Change
from reconciler.engine.ledger import Claim, reserve
from reconciler.engine.types import Action, Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.machines import OccupiesMachines, UsesMachines
from reconciler.operations.plan.checks.pools import is_exempt, pools_of
from reconciler.operations.plan.checks.sizes import Size, Use

CHANGES = (Action.CREATE, Action.REPLACE, Action.UPDATE, Action.ADOPT)


def claims_of(
    uses: Sequence[Use], changes: Mapping[Address, Change], sizes: Mapping[str, Size]
) -> list[Claim]:
    """Return what each cluster, deployment and run of a plan holds, and will hold."""
    claims = [claim for use in uses if (claim := _claim(use, sizes)) is not None]
    return [*claims, *_of_runs(uses, changes, sizes), *_of_deletions(changes, sizes)]


def _of_deletions(changes: Mapping[Address, Change], sizes: Mapping[str, Size]) -> Iterator[Claim]:
    """Yield what is held until it is deleted, which may be after what takes its place."""
    for change in changes.values():
        handler = HANDLERS[change.resource.kind]
        if change.action is not Action.DELETE or not isinstance(handler, UsesMachines):
            continue
        held = handler.machines(change.observed.body) if change.observed else None
        size = sizes.get(held.size.casefold()) if held else None
        if held is not None and size is not None:
            now = size.cores * (
                reserve(held.now, exempt=is_exempt(size.name)) if held.serves else held.now
            )
            yield Claim(change.address, pools_of(held, size), now, now)


def _claim(use: Use, sizes: Mapping[str, Size]) -> Claim | None:
    size = sizes.get(use.wanted.size.casefold())
    if size is None:
        return None
    now = _held_now(use, size)
    if use.wanted.serves:
        after = size.cores * reserve(use.wanted.most, exempt=is_exempt(size.name))
        most = after
    else:
        after = max(size.cores * use.wanted.least, now)
        most = size.cores * use.wanted.most if use.change.action in CHANGES else after
    if use.change.is_blocked or use.change.action not in CHANGES:
        after = most = now
    return Claim(use.address, pools_of(use.wanted, size), now, max(now, after), after, most)


def _held_now(use: Use, size: Size) -> int:
    held = use.held
    if held is None or held.size.casefold() != size.name.casefold():
        return 0
    machines = reserve(held.now, exempt=is_exempt(size.name)) if held.serves else held.now
    return size.cores * machines


def _of_runs(
    uses: Sequence[Use], changes: Mapping[Address, Change], sizes: Mapping[str, Size]
) -> Iterator[Claim]:
    """Yield what the runs of a plan take of their clusters, up to each one's largest."""
    clusters = {use.address: use for use in uses if not use.wanted.serves}
    clusters |= {use.change.resource.resource_id.casefold(): use for use in clusters.values()}
    taken: dict[Address, int] = defaultdict(int)
    for change in changes.values():
        handler = HANDLERS[change.resource.kind]
        if change.action is not Action.RUN or not isinstance(handler, OccupiesMachines):
            continue
        run = handler.occupied(change.resource)
        use = run and (clusters.get(run.cluster) or clusters.get(run.cluster.casefold()))
        size = sizes.get(use.wanted.size.casefold()) if use else None
        if run is None or not use or size is None:
            continue
        free = use.wanted.most - use.wanted.least - taken[use.address]
        machines = max(0, min(run.machines, free))
        taken[use.address] += machines
        cores = size.cores * machines
        yield Claim(change.address, pools_of(use.wanted, size), 0, cores, cores)
