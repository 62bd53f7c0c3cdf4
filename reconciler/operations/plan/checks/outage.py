"""Outages: what takes away all that answers the requests of an endpoint, and for how long.

A deployment that is replaced, deleted or pruned hands its share to the others; where there is
no other, the endpoint answers nothing until the new one is ready. So does an endpoint that is
replaced, and one whose traffic goes to nobody. None of that happens unless it is allowed by
address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Action, Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import RoutesTraffic, SetsTraffic

CHECK = "outage"
CHECKED_BY = "the traffic of the endpoint"
TYPICAL_MIN = 15
"""How long a new deployment usually takes until it answers, in minutes.

Source: learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints (8 to 20).
"""
AWAY = (Action.DELETE, Action.REPLACE)


@dataclass(frozen=True)
class Served:
    """An endpoint that answers now, and the deployments that do it, with their shares."""

    change: Change
    shares: Mapping[str, int]


def check_outages(changes: Iterable[Change], allowed: Collection[Address]) -> Iterator[Finding]:
    """Yield a finding for each change after which an endpoint answers nothing for a while.

    A blocker, or a warning where the address is among the allowed ones.
    """
    planned = [change for change in changes if not change.is_blocked]
    for served in _served(planned):
        for change in _ending(served, planned):
            yield _finding(change, served, is_allowed=change.address in allowed)


def _served(changes: Iterable[Change]) -> Iterator[Served]:
    for change in changes:
        handler = HANDLERS[change.resource.kind]
        if change.observed is not None and isinstance(handler, RoutesTraffic):
            shares = handler.shares(change.observed)
            if shares:
                yield Served(change, shares)


def _ending(served: Served, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes that leave nobody to answer; none where somebody still does."""
    if served.change.action in AWAY:
        yield served.change
        return
    inside = [c for c in changes if is_within(_id(c), _id(served.change))]
    going = {_name(c): c for c in inside if c.action in AWAY and _name(c) in served.shares}
    if going.keys() >= served.shares.keys():
        yield from going.values()
    for change in inside:
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, SetsTraffic) or change.action is not Action.UPDATE:
            continue
        if not handler.shares_of(change.resource):
            yield change


def _finding(change: Change, served: Served, *, is_allowed: bool) -> Finding:
    endpoint, address = served.change.address, change.address
    if change.action is Action.REPLACE:
        what = f"answers nothing for about {TYPICAL_MIN} min while `{address}` is replaced"
    elif change.action is Action.DELETE:
        what = f"answers nothing any more once `{address}` is deleted"
    else:
        what = "answers nothing any more: no deployment is given traffic"
    return Finding(
        CHECK,
        Level.WARNING if is_allowed else Level.BLOCKER,
        address,
        f"`{endpoint}` {what}",
        change.resource.position,
        "allowed with --allow-outage" if is_allowed else f"it serves now through {_who(served)}",
        ""
        if is_allowed
        else "add a deployment under another name and move the traffic first, or allow it: "
        f"`--allow-outage {address}`",
        CHECKED_BY,
    )


def _who(served: Served) -> str:
    return ", ".join(f"{name} ({share} %)" for name, share in served.shares.items())


def _id(change: Change) -> str:
    return change.resource.resource_id


def _name(change: Change) -> str:
    return _id(change).rpartition("/")[2].casefold()
