"""The bodies of a change as trees of plain data: what was, what will be, what is not known yet.

Secrets are replaced by words; what is not known yet is absent from what will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.engine.diff import Rules
from reconciler.engine.types import Unknown
from reconciler.secrets import SENSITIVE, Secret


def as_created(after: Any, before: Any, rules: Rules, path: tuple[str, ...]) -> Any:
    """Return what will be there, with what only a create writes as it is now."""
    if ".".join(path) in rules.create_only:
        return before
    if not isinstance(after, Mapping) or not isinstance(before, Mapping):
        return after
    return {k: as_created(v, before.get(k), rules, (*path, k)) for k, v in after.items()}


def _is_sensitive(value: Any, rules: Rules, path: tuple[str, ...]) -> bool:
    """Return whether a value is never shown; of a mapping its names are."""
    is_secret = isinstance(value, Secret) or (isinstance(value, Unknown) and value.reference.secret)
    is_named = any(".".join(path[:end]) in rules.sensitive for end in range(1, len(path) + 1))
    return is_secret or (is_named and not isinstance(value, Mapping))


def projected(desired: Any, observed: Any, rules: Rules, path: tuple[str, ...]) -> Any:
    """Return the part of the observed body that the spec speaks of, secrets masked."""
    if _is_sensitive(desired, rules, path):
        return None if observed is None else SENSITIVE
    if not isinstance(desired, Mapping) or not desired or not isinstance(observed, Mapping):
        return observed
    folded = {str(key).casefold(): value for key, value in observed.items()}
    return {
        key: projected(value, folded.get(key.casefold()), rules, (*path, key))
        for key, value in desired.items()
    }


def after_apply(desired: Any, rules: Rules, path: tuple[str, ...]) -> Any:
    """Return what will be there, without what only Azure can tell, secrets masked."""
    if _is_sensitive(desired, rules, path):
        return SENSITIVE
    if isinstance(desired, Mapping):
        return {
            key: after_apply(value, rules, (*path, key))
            for key, value in desired.items()
            if not isinstance(value, Unknown) or value.reference.secret
        }
    if isinstance(desired, list):
        return [None if _is_unknown(v) else after_apply(v, rules, path) for v in desired]
    return desired


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Unknown) and not value.reference.secret


def unknown_in(desired: Any) -> Any:
    """Return the tree of `true` for what only Azure can tell; empty where all is known."""
    if isinstance(desired, Mapping):
        found = {key: unknown_in(value) for key, value in desired.items()}
        return {key: value for key, value in found.items() if value}
    if isinstance(desired, list):
        items = [unknown_in(value) or False for value in desired]
        return items if any(items) else False
    return _is_unknown(desired)


def sensitive_in(desired: Any, rules: Rules, path: tuple[str, ...]) -> Any:
    """Return the tree of `true` for what is never shown; empty where nothing is."""
    if _is_sensitive(desired, rules, path):
        return True
    if isinstance(desired, Mapping):
        found = {key: sensitive_in(value, rules, (*path, key)) for key, value in desired.items()}
        return {key: value for key, value in found.items() if value}
    return False
