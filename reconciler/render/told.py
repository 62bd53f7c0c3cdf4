"""What a plan tells a reader, and what of that the spec accepts: sorted once, for every printer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.engine.acceptance import WHOLE, Occurs, occurs, whose
from reconciler.engine.decisions import Change
from reconciler.engine.types import Acceptance, Address
from reconciler.render.attention import Attention, attention_of, concerns_if_new
from reconciler.render.fields import Views
from reconciler.render.held import STAYING, Held, held_of, unstated_of, weaker_of
from reconciler.render.reason_text import summary_of


@dataclass(frozen=True)
class Accepted:
    """One thing that the spec accepts, in one line: what it is, and why."""

    id: str
    addresses: tuple[Address, ...]
    what: str
    why: str

    @property
    def text(self) -> str:
        """What is accepted, and why."""
        return f"{self.what}; accepted: {self.why}"


@dataclass(frozen=True)
class Told:
    """Everything that is told beside the changes. What the spec accepts is in all of it still."""

    attention: tuple[Attention, ...]
    warnings: tuple[Diagnostic, ...]
    """What the spec or a list of Azure gives rise to; then what was checked beforehand."""
    checks: tuple[Diagnostic, ...]
    held: tuple[Held, ...]
    unstated: tuple[Held, ...]
    weaker: tuple[Held, ...]

    @property
    def fields(self) -> tuple[Held, ...]:
        """Every field that stays although something says otherwise."""
        return (*self.weaker, *self.held, *self.unstated)


def told_of(views: Views) -> Told:
    """Return what a plan tells."""
    plan = views.plan
    warnings = [w for w in plan.warnings if w.severity is Severity.WARNING]
    return Told(
        tuple(attention_of(views)),
        tuple(_placed(views, warnings)),
        tuple(f.diagnostic for f in plan.told),
        tuple(held_of(views)),
        tuple(unstated_of(views)),
        tuple(weaker_of(views)),
    )


def why_accepted(views: Views, item: Diagnostic) -> str:
    """Return why the spec accepts a warning; "" where it does not."""
    return views.accepted(item.address, item.id) if item.id else ""


def accepted_of(views: Views, told: Told) -> Iterator[Accepted]:
    """Yield what the spec accepts of a plan."""
    for item in told.attention:
        if item.accepted:
            yield Accepted(item.id, item.addresses, item.what, item.accepted)
    for held in told.fields:
        if held.accepted:
            yield Accepted(held.id, (held.address,), held.text, held.accepted)
    for found in (*told.warnings, *told.checks):
        why = why_accepted(views, found)
        if why:
            yield Accepted(found.id, (found.address or WHOLE,), summary_of(found), why)


def unused_of(views: Views, accepted: Iterable[Accepted]) -> Iterator[Diagnostic]:
    """Yield a note for each entry of the spec that accepts what does not occur any more.

    Only where this plan can tell: what comes with a change may come with the next one.
    """
    plan = views.plan
    if plan.destroys or plan.targets:
        return
    used = {(address, item.id) for item in accepted for address in item.addresses}
    declared: dict[Acceptance, list[Change]] = {}
    for change in plan.changes:
        for entry in change.resource.accepted:
            declared.setdefault(entry, []).append(change)
    for entry, changes in declared.items():
        if all((c.address, entry.id) not in used and _is_over(views, entry, c) for c in changes):
            what = f"`lifecycle.{entry.key}.accept`: `{entry.id}` matches nothing: remove it"
            yield Diagnostic(what, entry.position, severity=Severity.NOTE)


def _is_over(views: Views, entry: Acceptance, change: Change) -> bool:
    match occurs(entry.id):
        case Occurs.ALWAYS:
            return True
        case Occurs.WHILE_IT_EXISTS:
            return (
                change.observed is not None and change.action in STAYING and not change.is_blocked
            )
        case Occurs.WHEN_NEW:
            return entry.id not in concerns_if_new(views, change)
        case Occurs.WITH_A_CHANGE:
            return False


def _placed(views: Views, warnings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield warnings with the address of the resource that each is about."""
    resources = {change.address: change.resource for change in views.plan.changes}
    for item in warnings:
        yield replace(item, address=whose(item, resources)) if item.id else item
