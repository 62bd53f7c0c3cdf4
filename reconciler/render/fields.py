"""Which fields of a change a reader sees, and how a value is written in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from reconciler.engine.acceptance import WHOLE, accepted_as
from reconciler.engine.decide import resolve
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, diff, duration_seconds, states_hidden
from reconciler.engine.ignored import with_ignored_as_found
from reconciler.engine.types import Action, Address, FieldDiff, Reference, Unknown
from reconciler.reasons import Concern, RetryOf
from reconciler.render.terminal import clean
from reconciler.secrets import SENSITIVE, Secret, is_secret_by_form, shortened

if TYPE_CHECKING:
    from reconciler.operations.plan.build import Plan

AFTER_APPLY = "(known after apply)"
AT_APPLY = "(compared at apply)"
ABSENT = "(none)"
NEW = (Action.CREATE, Action.RUN, Action.REPLACE)
OWNER_TAG = "reconcile-owner"
BOOKKEEPING = ("reconcile-", "reconcile.")
"""How the names of tags and properties begin that only we read."""
MAX_VALUE = 400
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)"
    r"(?:/resourceGroups/(?P<group>[^/]+)(?P<rest>(?:/providers(?:/[^/]+){3}(?:/[^/]+/[^/]+)*)?))?/?",
    re.IGNORECASE,
)
"""An ARM id: of a subscription, a group, or something in one."""

ASSIGNED = "identity.userAssignedIdentities"
"""How Azure names in every kind what the spec calls `user_assigned_identities`."""


def _no_concerns(_change: Change) -> Iterable[Concern]:
    """Say nothing."""
    return ()


@dataclass(frozen=True)
class KindView:
    """What rendering needs to know of a kind."""

    rules: Rules = field(default_factory=Rules)
    compares_at_apply: bool = False
    holds_data: bool = False
    serves_traffic: bool = False
    grants_access: bool = False
    stated_apart: frozenset[str] = frozenset()
    concerns: Callable[[Change], Iterable[Concern]] = _no_concerns

    def words_it(self, label: str) -> bool:
        """Return whether a label is the spec's own word for a field, or for what that is in."""
        return any(f"{label}.".startswith(f"{word}.") for word in self.rules.labels.values())


@dataclass(frozen=True)
class Views:
    """A plan with the knowledge of its kinds: what every format of it is made from."""

    plan: Plan
    kinds: Mapping[str, KindView] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags of the whole spec: said once in the header instead of at every new resource."""

    sections: Mapping[Address, BaseModel] = field(default_factory=dict)
    """The part of the spec that states each address."""

    def section(self, change: Change) -> BaseModel | None:
        """Return what the spec states of a resource, None where it has no section of its own."""
        settings = change.resource.settings
        own = settings if isinstance(settings, BaseModel) else None
        return self.sections.get(change.address, own)

    def accepted(self, address: Address, check: str) -> str:
        """Return why the spec accepts what a check says of a resource; "" where it does not."""
        change = self._by_address.get(address or WHOLE)
        entry = accepted_as(change.resource.accepted, check) if change else None
        return entry.why if entry else ""

    def of(self, change: Change) -> KindView:
        """Return what is known of the change's kind."""
        return self.kinds.get(change.resource.kind, KindView())

    def known(self, reference: Reference) -> Any:
        """Return the value of a reference where the plan knows it, otherwise None."""
        if reference.secret:
            return None
        change = self._by_address.get(reference.address)
        if change is None:
            return None
        if reference.attribute in change.resource.known:
            return change.resource.known[reference.attribute]
        if change.observed is None or change.action in NEW:
            return None
        return change.observed.outputs.get(reference.attribute)

    def desired(self, change: Change) -> Any:
        """Return the desired body with known references replaced, the others `Unknown`."""
        body = resolve(change.resource.desired, self.known)
        is_new = change.action in NEW
        return body if is_new else with_ignored_as_found(change.resource, body, change.observed)

    def fields(self, change: Change) -> list[FieldDiff]:
        """Return the fields to show: what differs, or for something new what the spec states."""
        if isinstance(change.reason, RetryOf):
            return []  # It ran before with the same inputs.
        if change.action in (Action.CREATE, Action.RUN):
            stated = [item for item in self._stated(change) if not self._is_noise(item)]
        else:
            stated = [item for item in change.fields if not self._is_mark(item)]
        return [self.in_words(change, item) for item in stated]

    def compares(self, change: Change) -> bool:
        """Whether apply compares secrets of an existing resource that the plan did not read."""
        if self.plan.destroys or change.observed is None:
            return False
        waits = change.action in (Action.NO_OP, Action.UPDATE, Action.ADOPT)
        kind = self.of(change)
        states_some = states_hidden(change.resource.desired, kind.rules)
        return kind.compares_at_apply and states_some and waits

    @cached_property
    def compared(self) -> list[Change]:
        """What is unchanged as far as the plan can see, and whose secrets apply compares."""
        found = (c for c in self.plan.changes if c.action is Action.NO_OP and not c.is_blocked)
        return [change for change in found if self.compares(change)]

    @cached_property
    def _by_address(self) -> dict[Address, Change]:
        return {change.address: change for change in self.plan.changes}

    def _stated(self, change: Change) -> list[FieldDiff]:
        """Return every value that the spec states; references to a whole resource by address."""
        rules = replace(
            self.of(change).rules, write_only=frozenset(), create_only=frozenset(), same={}
        )
        body = _addresses(change.resource.desired, self._by_id)
        found = diff(resolve(body, self.known), {}, rules)
        return [part for item in found for part in _parts(item)]

    @cached_property
    def _by_id(self) -> dict[str, Address]:
        """Every ARM id of the plan, with the address, or address and attribute, it belongs to."""
        found: dict[str, Address] = {}
        for change in self.plan.changes:
            found[change.resource.resource_id.casefold()] = change.address
            for name, value in change.resource.known.items():
                if name != "id" and isinstance(value, str) and value.startswith("/subscriptions/"):
                    found[value.casefold()] = f"{change.address}.{name}"
        return found

    def in_words(self, change: Change, item: FieldDiff) -> FieldDiff:
        """Return a field with its values as the kind words them, and ids as addresses."""
        words = self.of(change).rules.words.get(item.path)

        def worded(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            return words(value) if words else self.place(value)

        return replace(item, before=worded(item.before), after=worded(item.after))

    def place(self, text: str) -> str:
        """Return a resource's id as people say it: its address, or its name and where that is."""
        known = self._by_id.get(text.casefold())
        match = _ID.fullmatch(text)
        if known or not match:
            return known or text
        target, group = self.plan.target, match["group"]
        elsewhere = match["subscription"].casefold() != target.subscription_id.casefold()
        inside = f" of subscription {match['subscription']}" if elsewhere else ""
        if group is None:
            return f"subscription {match['subscription']}"
        if not match["rest"]:
            return f"resource group {group}{inside}"
        is_far = elsewhere or group.casefold() != target.resource_group.casefold()
        name = "/".join(match["rest"].split("/")[4::2])
        return f"{name} (in {group}{inside})" if is_far else name

    def in_units(self, item: FieldDiff, text: str, value: Any) -> str:
        """Return a value's text in the unit of the spec's field: seconds, milliseconds."""
        seconds = duration_seconds(value) if isinstance(value, str) else None
        if seconds is None or item.sensitive or item.label.startswith("properties."):
            return text
        return f"{seconds * 1000:.12g}" if item.label.endswith("_ms") else f"{seconds:.12g}"

    def _is_noise(self, item: FieldDiff) -> bool:
        """Whether a field of something new says only what is true of the whole spec, or of us."""
        if self._is_mark(item) or item.keys[-1].startswith(BOOKKEEPING):
            return True
        if item.keys[-2:-1] == ("tags",):
            return bool(self.tags.get(item.keys[-1]) == item.after)
        return item.keys == ("location",) and item.after == self.plan.target.location

    def _is_mark(self, item: FieldDiff) -> bool:
        mark = f"v1:{self.plan.spec_name}:"
        return item.keys[-1] == OWNER_TAG or (isinstance(item.after, str) and mark in item.after)


def _addresses(value: Any, addresses: Mapping[str, Address]) -> Any:
    """Return a body in which the id of a resource of the plan is that resource's address."""
    if isinstance(value, Reference):
        return value.address if value.attribute == "id" else value
    if isinstance(value, dict):
        return {
            addresses.get(key.casefold(), key): _addresses(item, addresses)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_addresses(item, addresses) for item in value]
    return addresses.get(value.casefold(), value) if isinstance(value, str) else value


def _parts(item: FieldDiff) -> Iterator[FieldDiff]:
    """Yield one field for each value of a mapping; an empty one counts as its own key.

    Of a sensitive one too: its names are read, its values are not.
    """
    if not isinstance(item.after, Mapping):
        yield item
        return
    for key, value in item.after.items():
        if isinstance(value, Mapping) and not value:
            yield replace(item, after=key)
        else:
            keys, label = (*item.keys, str(key)), f"{item.label}.{key}"
            yield from _parts(replace(item, keys=keys, label=label, after=value))


def name_of(item: FieldDiff) -> str:
    """Return the field's name as readers see it: the spec's word, else the ARM path."""
    label = item.label.removeprefix("properties.").removeprefix("properties.")
    return clean(label.replace(ASSIGNED, "identity.user_assigned_identities"))


def shown_before(item: FieldDiff) -> str:
    """Return the old value as text."""
    return SENSITIVE if item.sensitive and _is_secret(item.before) else shown(item.before)


def shown_after(item: FieldDiff) -> str:
    """Return the new value as text."""
    return SENSITIVE if item.sensitive and _is_secret(item.after) else shown(item.after)


def _is_secret(value: Any) -> bool:
    """Return whether a value of a sensitive field is one: an address, or an unknown, is not."""
    if value is None or (isinstance(value, Unknown) and not value.reference.secret):
        return False
    is_address = isinstance(value, str) and value.startswith("https://")
    return not (is_address and "?" not in value and not is_secret_by_form(value))


def shown(value: Any) -> str:
    """Return any value of a body in one line; secrets and unknowns as words."""
    if isinstance(value, Secret) or (isinstance(value, Unknown) and value.reference.secret):
        return SENSITIVE
    if isinstance(value, Unknown):
        return AFTER_APPLY
    if value is None:
        return ABSENT
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}" if isfinite(value) else str(value)
    seconds = duration_seconds(value) if isinstance(value, str) else None
    if seconds is not None:
        return f"{seconds:.12g}s"
    if isinstance(value, str):
        text = clean(value) if value and value == value.strip() else json.dumps(value)
    else:
        text = clean(json.dumps(value, default=str, ensure_ascii=False))
    return shortened(text, MAX_VALUE)
