"""Outages: what takes away all that answers the requests of an endpoint, and for how long.

A deployment that is replaced, deleted or pruned hands its share to the others; where there is
no other, the endpoint answers nothing until the new one is ready. So does an endpoint that is
replaced, and one whose traffic goes to nobody. None of that happens unless it is allowed by
address. An endpoint that the spec does not state, or no more, is read for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within, type_of
from reconciler.engine.types import Action, Address, Observed
from reconciler.kinds import HANDLERS, KINDS
from reconciler.kinds.extensions import RoutesTraffic, SetsTraffic
from reconciler.operations.plan.checks.existing import Seen

CHECK = "outage"
MOVED = "traffic"
CHECKED_BY = "the traffic of the endpoint"
UNSTATED = "the spec states no `traffic`, so nothing gives it back"
IF_STOPPED = (
    "the spec states no `traffic`, so nothing gives it back where apply is stopped meanwhile"
)
STATE_IT = "state the shares: `endpoints: {NAME: {traffic: {DEPLOYMENT: 100}}}`"
TYPICAL_MIN = 15
"""How long a new deployment usually takes until it answers, in minutes.

Source: learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints (8 to 20).
"""
AWAY = (Action.DELETE, Action.REPLACE)


ROUTERS = {kind.type.casefold(): kind for kind in KINDS if isinstance(kind, RoutesTraffic)}
"""The kinds that pass requests on, by their type."""


@dataclass(frozen=True)
class Served:
    """An endpoint that answers now, and the deployments that do it, with their shares.

    `change` is its own in the plan; None where the plan has none.
    """

    name: str
    resource_id: str
    shares: Mapping[str, int]
    change: Change | None = None


def endpoint_of(change: Change) -> str:
    """Return the id of the endpoint out of which a change takes something, "" where out of none."""
    outer = _id(change).rpartition("/")[0].rpartition("/")[0]
    is_inside = change.action in AWAY and type_of(outer).casefold() in ROUTERS
    return outer if is_inside else ""


def check_outages(
    changes: Iterable[Change], endpoints: Mapping[str, Seen], allowed: Collection[Address]
) -> Iterator[Finding]:
    """Yield a finding for each change after which an endpoint answers nothing for a while.

    A blocker, or a warning where the address is among the allowed ones. `endpoints` are those
    that the plan has no change of, by their ids.
    """
    everything = tuple(changes)
    planned = [change for change in everything if not change.is_blocked]
    for served in (*_served(planned), *_served_beside(endpoints)):
        ending = list(_ending(served, planned))
        comes_back = _is_set_again(served, everything)
        for change in ending:
            allowed_too = change.address in allowed
            yield _finding(change, served, is_allowed=allowed_too, comes_back=comes_back)
        if not ending and not comes_back:
            yield from _lent(served, planned)
    yield from _not_checked(planned, endpoints)


def _served(changes: Iterable[Change]) -> Iterator[Served]:
    for change in changes:
        handler = HANDLERS[change.resource.kind]
        if change.observed is not None and isinstance(handler, RoutesTraffic):
            shares = handler.shares(change.observed)
            if shares:
                yield Served(change.address, _id(change), shares, change)


def _served_beside(endpoints: Mapping[str, Seen]) -> Iterator[Served]:
    """Yield the endpoints that answer and are not in the plan."""
    for resource_id, seen in endpoints.items():
        handler = ROUTERS[type_of(resource_id).casefold()]
        shares = handler.shares(Observed(seen.body)) if seen.body else {}
        if shares:
            yield Served(resource_id.rpartition("/")[2], resource_id, shares)


def _is_set_again(served: Served, changes: Iterable[Change]) -> bool:
    """Whether the spec says who is to answer, so that what is made again gets its share again."""
    return any(
        isinstance(HANDLERS[change.resource.kind], SetsTraffic)
        and is_within(_id(change), served.resource_id)
        for change in changes
    )


def _lent(served: Served, changes: Iterable[Change]) -> Iterator[Finding]:
    """Yield a warning for each deployment that is replaced and whose share the others get."""
    for change in changes:
        share = served.shares.get(_name(change))
        inside = is_within(_id(change), served.resource_id)
        if share and inside and change.action is Action.REPLACE:
            yield Finding(
                MOVED,
                Level.WARNING,
                change.address,
                f"`{change.address}` gives its {share} % of `{served.name}` to the others until it is "
                "replaced, and gets it back unless somebody sets the traffic meanwhile",
                change.resource.position,
                f"{IF_STOPPED}; it serves now through {_who(served)}",
                STATE_IT,
                CHECKED_BY,
            )


def _not_checked(changes: Iterable[Change], endpoints: Mapping[str, Seen]) -> Iterator[Finding]:
    for change in changes:
        seen = endpoints.get(endpoint_of(change))
        if seen and seen.problem:
            yield Finding(
                CHECK,
                Level.WARNING,
                change.address,
                f"not checked: whether `{change.address}` serves requests",
                change.resource.position,
                seen.problem.diagnostics[0].summary,
                "look at the traffic of its endpoint before you apply",
                CHECKED_BY,
            )


def _ending(served: Served, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes that leave nobody to answer; none where somebody still does."""
    if served.change and served.change.action in AWAY:
        yield served.change
        return
    inside = [c for c in changes if is_within(_id(c), served.resource_id)]
    going = {_name(c): c for c in inside if c.action in AWAY and _name(c) in served.shares}
    if going.keys() >= served.shares.keys():
        yield from going.values()
    for change in inside:
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, SetsTraffic) or change.action is not Action.UPDATE:
            continue
        if not handler.shares_of(change.resource):
            yield change


def _finding(change: Change, served: Served, *, is_allowed: bool, comes_back: bool) -> Finding:
    endpoint, address = served.name, change.address
    is_itself = served.change is change
    if change.action is Action.REPLACE and is_itself and not comes_back:
        what = f"answers nothing any more once `{address}` is replaced: {UNSTATED}"
    elif change.action is Action.REPLACE:
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
