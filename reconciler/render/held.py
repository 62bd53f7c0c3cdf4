"""What the spec says of something that exists and no update will make so: told, never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.engine.decisions import Change
from reconciler.engine.diff import held_at_create
from reconciler.engine.protection import PROTECT_TAG
from reconciler.engine.types import Action, Address, FieldDiff, Unknown
from reconciler.render.fields import BOOKKEEPING, Views, name_of, shown_after, shown_before

HEADING = "Not changed, since Azure takes these at create only"
STAYING = (Action.NO_OP, Action.UPDATE, Action.ADOPT)


@dataclass(frozen=True)
class Held:
    """One field that stays as it was created, in words."""

    address: Address
    name: str
    is_: str
    wanted: str

    @property
    def text(self) -> str:
        """What stays, and what the spec says."""
        return f"{self.name} stays {self.is_}, the spec says {self.wanted}"


def held_of(views: Views) -> Iterator[Held]:
    """Yield every field that an apply of the plan leaves as it was created."""
    if views.plan.destroys:
        return
    for change in views.plan.changes:
        if change.observed is None or change.is_blocked or change.action not in STAYING:
            continue
        for item in _fields(views, change):
            before, after = shown_before(item), shown_after(item)
            yield Held(
                change.address,
                name_of(item),
                views.in_units(item, before, item.before),
                views.in_units(item, after, item.after),
            )


def _fields(views: Views, change: Change) -> Iterator[FieldDiff]:
    observed = change.observed.body if change.observed else {}
    for item in held_at_create(views.desired(change), observed, views.of(change).rules):
        name = item.keys[-1]
        is_ours = name.startswith(BOOKKEEPING) and name != PROTECT_TAG
        if not is_ours and not isinstance(item.after, Unknown):
            yield views.in_words(change, item)
