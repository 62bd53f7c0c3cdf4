"""What stays as it is although the spec, or a default, says otherwise: told, never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.engine.acceptance import NOT_APPLIED, NOT_STATED, WEAKER
from reconciler.engine.decide import resolve
from reconciler.engine.decisions import Change
from reconciler.engine.diff import held_at_create
from reconciler.engine.ignored import unstated_differences, weaker_differences
from reconciler.engine.protection import PROTECT_TAG
from reconciler.engine.types import Action, Address, FieldDiff, Observed, Unknown
from reconciler.render.fields import BOOKKEEPING, Views, name_of, shown_after, shown_before

HEADING = "Not changed, since Azure takes these at create only"
UNSTATED = "Not stated in the spec, so left as it is"
IGNORED = "Ignored, and weaker than the spec says"
STAYING = (Action.NO_OP, Action.UPDATE, Action.ADOPT)


@dataclass(frozen=True)
class Held:
    """One field that stays as it was created, in words."""

    address: Address
    name: str
    is_: str
    wanted: str

    check: str = NOT_APPLIED
    accepted: str = ""
    """Why the spec accepts it; "" where it does not."""

    @property
    def id(self) -> str:
        """What the spec can accept it as."""
        return f"{self.check}.{self.name}"

    @property
    def text(self) -> str:
        """What stays, and what the spec or the default says."""
        if self.check == NOT_STATED:
            return f"{self.name} is {self.is_}, the default is {self.wanted}"
        verb = "is" if self.check == WEAKER else "stays"
        return f"{self.name} {verb} {self.is_}, the spec says {self.wanted}"


def held_of(views: Views) -> Iterator[Held]:
    """Yield every field that an apply of the plan leaves as it was created."""
    for change, observed in _staying(views):
        for item in _fields(views, change, observed):
            yield _held(views, change, item, NOT_APPLIED)


def unstated_of(views: Views) -> Iterator[Held]:
    """Yield every default of ours that somebody changed, and that nobody stated."""
    for change, observed in _staying(views):
        resource, rules = change.resource, views.of(change).rules
        desired = resolve(resource.desired, views.known)
        for item in unstated_differences(resource, desired, observed, rules):
            shown = views.in_words(change, item)
            yield _held(views, change, shown, NOT_STATED)


def weaker_of(views: Views) -> Iterator[Held]:
    """Yield every ignored field that somebody opened further than the spec says."""
    for change, observed in _staying(views):
        resource, rules = change.resource, views.of(change).rules
        desired = resolve(resource.desired, views.known)
        for item in weaker_differences(resource, desired, observed, rules):
            yield _held(views, change, views.in_words(change, item), WEAKER)


def _staying(views: Views) -> Iterator[tuple[Change, Observed]]:
    """Yield what exists and is not made again, with what was observed of it."""
    for change in () if views.plan.destroys else views.plan.changes:
        if change.observed and not change.is_blocked and change.action in STAYING:
            yield change, change.observed


def _held(views: Views, change: Change, item: FieldDiff, check: str) -> Held:
    before, after = shown_before(item), shown_after(item)
    found = Held(
        change.address,
        name_of(item),
        views.in_units(item, before, item.before),
        views.in_units(item, after, item.after),
        check,
    )
    return replace(found, accepted=views.accepted(change.address, found.id))


def _fields(views: Views, change: Change, observed: Observed) -> Iterator[FieldDiff]:
    for item in held_at_create(views.desired(change), observed.body, views.of(change).rules):
        name = item.keys[-1]
        is_ours = name.startswith(BOOKKEEPING) and name != PROTECT_TAG
        if not is_ours and not isinstance(item.after, Unknown):
            yield views.in_words(change, item)
