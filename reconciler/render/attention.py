"""What a reader must not miss, before anything else: losses, rights, open doors, paid runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from reconciler.engine.decisions import Change, Create, Run
from reconciler.engine.types import Action, Address
from reconciler.reasons import Concern, PaidRun, PrivilegedRole, PublicNetwork
from reconciler.render.fields import Views
from reconciler.secrets import shortened

MOST_NAMED = 12
OUTAGE = "outage"
"""Also the id of the findings that say where an endpoint answers nothing for a while."""
RUNNING_JOBS = "running-jobs"
"""The id of the findings that say which jobs a change would end."""


@dataclass(frozen=True)
class Attention:
    """One thing to look at. `what` says it in words, of these resources."""

    id: str
    what: str
    addresses: tuple[Address, ...]
    accepted: str = ""
    """Why the spec accepts it; "" where it does not."""

    @property
    def named(self) -> tuple[Address, ...]:
        """The addresses to name; how many more there are is `unnamed`."""
        return self.addresses[:MOST_NAMED]

    @property
    def unnamed(self) -> int:
        """How many addresses are too many to be named."""
        return max(0, len(self.addresses) - MOST_NAMED)


def attention_of(views: Views) -> Iterator[Attention]:
    """Yield what needs attention, the gravest first; what several share is one."""
    found: dict[tuple[int, str, str, str], list[Address]] = defaultdict(list)
    for finding in views.plan.findings:
        if finding.id in (OUTAGE, RUNNING_JOBS):
            found[1, finding.id, finding.summary, ""].append(finding.address)
    for change in views.plan.changes:
        if change.is_blocked:
            continue
        for rank, name, what in (*_losses(views, change), *_concerns(views, change)):
            why = views.accepted(change.address, name)
            found[rank, name, what, why].append(change.address)
    for (_rank, name, what, why), addresses in sorted(found.items(), key=lambda item: item[0]):
        yield Attention(name, what, tuple(addresses), why)


def concerns_if_new(views: Views, change: Change) -> set[str]:
    """Return the ids of what a plan would say of a resource, were it made anew."""
    new = (change.deciding(Create()), change.deciding(Run()))
    return {name for one in new for _rank, name, _what in _concerns(views, one)}


def _losses(views: Views, change: Change) -> Iterator[tuple[int, str, str]]:
    if not change.action.is_destructive:
        return
    verb = "will be deleted"
    if change.action is Action.REPLACE:
        verb += " and created again"
    view = views.of(change)
    if view.holds_data or change.resource.holds_data:
        yield 0, "data-loss", f"{verb}, with the data in it"
    elif view.serves_traffic and views.plan.destroys:
        yield 1, OUTAGE, f"{verb}, and answers no request any more"
    else:
        yield 2, "delete", verb


def _concerns(views: Views, change: Change) -> Iterator[tuple[int, str, str]]:
    for concern in views.of(change).concerns(change):
        yield _in_words(views, concern)


def _in_words(views: Views, concern: Concern) -> tuple[int, str, str]:
    match concern:
        case PrivilegedRole(role=role, scope=scope):
            where = views.place(scope)
            return 3, "privileged-role", f"grants {shortened(role, 80)} on {where}"
        case PublicNetwork():
            return 5, "public-network", "accepts connections from any network"
        case PaidRun():
            return 4, "paid-run", "starts a new run, which is paid for by the hour"
        case never:
            assert_never(never)
