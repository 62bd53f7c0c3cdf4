"""A policy out of a document: everything is checked before anything of it is used. Pure.

A misspelt rule would be no rule, so every name and value that is not known is an error. Who may
override a policy is for whoever approves pull requests: `override` is checked and not used here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.engine.policy import COSTS, Path, Policy

VERSION = 1


@dataclass(frozen=True)
class PolicyError:
    """What is wrong with a policy document, and where in it."""

    summary: str
    path: Path


_LISTS = ("subscriptions", "resource_groups", "locations", "sizes", "roles", "principals")
_LIMITS = (*COSTS, "max_instances", "runs_per_day")
_SECTIONS = {
    "allow": _LISTS,
    "limits": (*_LIMITS, "currency"),
    "deny": ("public_network", "delete_kinds", "unknown_price"),
    "require": ("tags", "rollout", "checks"),
    "override": ("teams", "expires"),
}


def read_policy(document: Any) -> tuple[Policy, tuple[PolicyError, ...]]:
    """Return the policy that a document states, and everything that is wrong with it."""
    errors = tuple(_errors(document))
    return (Policy() if errors else _policy(document)), errors


def _errors(document: Any) -> Iterator[PolicyError]:
    if not isinstance(document, Mapping):
        yield PolicyError("a policy is a mapping", ())
        return
    if document.get("version") != VERSION or isinstance(document.get("version"), bool):
        yield PolicyError("`version: 1` is missing", ("version",))
    for name, section in document.items():
        if name == "version":
            continue
        if name not in _SECTIONS:
            yield PolicyError(f"unknown section `{name}`", (str(name),))
        elif not isinstance(section, Mapping):
            yield PolicyError(f"`{name}` is a mapping", (name,))
        else:
            yield from _section_errors(name, section)


def _section_errors(name: str, section: Mapping[Any, Any]) -> Iterator[PolicyError]:
    for rule, value in section.items():
        path = (name, str(rule))
        if rule not in _SECTIONS[name]:
            yield PolicyError(f"unknown rule `{name}.{rule}`", path)
        elif not _KINDS[name, rule](value):
            yield PolicyError(f"`{name}.{rule}` cannot be {value!r}", path)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and _decimal(value) is not None


def _is_currency(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 3 and value.isalpha() and value.isupper()


def _is_principals(value: Any) -> bool:
    return bool(value == ["spec"])


def _is_date(value: Any) -> bool:
    return _date(value) is not None


_KINDS: dict[tuple[str, Any], Callable[[Any], bool]] = {
    **{("allow", name): _is_texts for name in _LISTS},
    ("allow", "principals"): _is_principals,
    **{("limits", name): _is_number for name in _LIMITS},
    ("limits", "currency"): _is_currency,
    ("deny", "public_network"): _is_flag,
    ("deny", "unknown_price"): _is_flag,
    ("deny", "delete_kinds"): _is_texts,
    **{("require", name): _is_texts for name in _SECTIONS["require"]},
    ("override", "teams"): _is_texts,
    ("override", "expires"): _is_date,
}


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found >= 0 else None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _policy(document: Mapping[str, Any]) -> Policy:
    def section(name: str) -> Mapping[str, Any]:
        return dict(document.get(name) or {})

    deny, require, limits = section("deny"), section("require"), section("limits")
    return Policy(
        allow={name: tuple(values) for name, values in section("allow").items()},
        limits={name: Decimal(str(limits[name])) for name in _LIMITS if name in limits},
        currency=limits.get("currency", "USD"),
        public_network=bool(deny.get("public_network")),
        delete_kinds=frozenset(deny.get("delete_kinds") or ()),
        unknown_price=bool(deny.get("unknown_price")),
        tags=tuple(require.get("tags") or ()),
        rollout=frozenset(require.get("rollout") or ()),
        checks=frozenset(require.get("checks") or ()),
    )
