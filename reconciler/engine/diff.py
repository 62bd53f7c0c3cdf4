"""Compare what is desired with what Azure shows, field by field.

Only keys that the desired body states are compared: Azure fills in the rest, and other
people's settings are none of our business. The rules of comparison (azure-wide first, a
kind's own on top) are those that Azure really needs: ids and locations in any case,
durations by length, an absent value equal to an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.engine.types import FieldDiff, JsonObject, Reference, Unknown
from reconciler.secrets import Secret

ASKED_TAG = "reconcile-asked"
"""The tag with the digest of what was asked for (`cause`): it rides along, and never differs."""

Path = tuple[str, ...]
Same = Callable[[Any, Any], bool]
"""Whether an observed and a desired value mean the same."""

_DURATION = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?", re.ASCII
)


@dataclass(frozen=True)
class Rules:
    """How a kind's bodies are compared. All paths are dotted body paths.

    `immutable`: a difference at or below forces a replace. `same`: comparisons of the
    kind's own. `labels`: the spec's word for a path, and for all below it. `words`: what people read in place of a
    value, for example a role's name for its id. `write_only`: sent, never returned,
    so never compared. `create_only`: sent once, since Azure takes no other value later; a
    difference is told and not written. `sensitive`: values that are never shown.
    """

    immutable: frozenset[str] = frozenset()
    same: Mapping[str, Same] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    write_only: frozenset[str] = frozenset()
    create_only: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()


def diff(desired: JsonObject, observed: JsonObject, rules: Rules) -> tuple[FieldDiff, ...]:
    """Return every field of `desired` that `observed` does not already satisfy, in body order."""
    return tuple(_walk((), desired, observed, rules))


def _walk(path: Path, desired: Any, observed: Any, rules: Rules) -> Iterator[FieldDiff]:
    dotted = ".".join(path)
    if dotted in rules.write_only or dotted in rules.create_only or path[-1:] == (ASKED_TAG,):
        return
    own = rules.same.get(dotted) or WHOLE.get(path)
    if own is None and isinstance(desired, Mapping) and desired:
        shown = observed if isinstance(observed, Mapping) else {}
        folded = {key.casefold(): value for key, value in shown.items()}
        for key, value in desired.items():
            yield from _walk((*path, key), value, folded.get(key.casefold()), rules)
    elif not (own or same_value)(observed, desired):
        yield FieldDiff(
            keys=path,
            label=label_of(path, rules),
            before=observed,
            after=desired,
            forces_replace=covers(rules.immutable, path),
            sensitive=covers(rules.sensitive, path) or isinstance(desired, Secret),
        )


def held_at_create(
    desired: JsonObject, observed: JsonObject, rules: Rules
) -> tuple[FieldDiff, ...]:
    """Return what differs of the fields that only a create writes: no update will take them."""
    open_ = replace(rules, create_only=frozenset())
    found: list[FieldDiff] = []
    for dotted in sorted(rules.create_only):
        path = tuple(dotted.split("."))
        wanted = value_at(desired, path)
        if wanted is not None:
            found.extend(_walk(path, wanted, value_at(observed, path), open_))
    return tuple(found)


def value_at(body: Any, path: Path) -> Any:
    """Return what stands at a path of a body, its names in any case; None where nothing does."""
    for key in path:
        shown = body if isinstance(body, Mapping) else {}
        body = next((v for name, v in shown.items() if name.casefold() == key.casefold()), None)
    return body


def label_of(path: Path, rules: Rules) -> str:
    """Return the spec's word for a path: its own, or that of the nearest parent with the rest."""
    for end in range(len(path), 0, -1):
        word = rules.labels.get(".".join(path[:end]))
        if word is not None:
            return ".".join((word, *path[end:]))
    return ".".join(path)


def states_hidden(desired: JsonObject, rules: Rules) -> bool:
    """Return whether a body states anything that is sent and never shown."""

    def has(body: Any, keys: list[str]) -> bool:
        if not keys:
            return True
        return isinstance(body, Mapping) and keys[0] in body and has(body[keys[0]], keys[1:])

    return any(has(desired, path.split(".")) for path in rules.write_only)


def covers(patterns: frozenset[str], path: Path) -> bool:
    """Return whether a pattern names the path or one of its parents."""
    return any(".".join(path[:end]) in patterns for end in range(1, len(path) + 1))


def same_value(observed: Any, desired: Any) -> bool:
    """Compare by Azure's general conventions; an unknown or secret value is never the same."""
    if isinstance(desired, Unknown | Secret | Reference):
        return False
    if _is_empty(observed) and _is_empty(desired):
        return True
    if isinstance(observed, str) and isinstance(desired, str):
        return _same_text(observed, desired)
    if isinstance(observed, list) and isinstance(desired, list):
        return len(observed) == len(desired) and all(map(same_value, observed, desired))
    if isinstance(observed, dict) and isinstance(desired, Mapping):
        return all(same_value(observed.get(key), value) for key, value in desired.items())
    if isinstance(observed, bool) or isinstance(desired, bool):
        return observed is desired
    return bool(observed == desired)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", {}, [])


def _same_text(observed: str, desired: str) -> bool:
    if observed == desired:
        return True
    if desired.startswith("/subscriptions/"):
        return same_id(observed, desired)
    seconds = duration_seconds(desired)
    return seconds is not None and seconds == duration_seconds(observed)


def duration_seconds(text: str) -> float | None:
    """Return the length of an ISO 8601 duration (`PT120S`) in seconds, None if it is none."""
    match = _DURATION.fullmatch(text)
    if not match or text in ("P", "PT"):
        return None
    days, hours, minutes, seconds = (float(match[g] or 0) for g in "dhms")
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def same_id(observed: Any, desired: Any) -> bool:
    """Compare two ARM ids: case and a trailing slash do not matter."""
    if not isinstance(observed, str) or not isinstance(desired, str):
        return _is_empty(observed) and _is_empty(desired)
    return observed.rstrip("/").casefold() == desired.rstrip("/").casefold()


def same_folded(observed: Any, desired: Any) -> bool:
    """Compare two texts without case: enums, sizes, family names."""
    if isinstance(observed, str) and isinstance(desired, str):
        return observed.casefold() == desired.casefold()
    return same_value(observed, desired)


def same_location(observed: Any, desired: Any) -> bool:
    """Compare two region names: `West Europe` is `westeurope`."""

    def plain(name: Any) -> str:
        return str(name or "").replace(" ", "").casefold()

    return plain(observed) == plain(desired)


def same_identity(observed: Any, desired: Any) -> bool:
    """Compare two identity blocks: types as a set, user-assigned ids without their values.

    Source: the type is spelt `SystemAssigned,UserAssigned` by Azure ML and with a blank by
    others, and Azure fills in principal and client ids behind each key.
    """
    return _identity(observed) == _identity(desired)


def _identity(block: Any) -> tuple[frozenset[str], frozenset[str]]:
    block = block or {}
    kinds = {part.strip().casefold() for part in str(block.get("type") or "None").split(",")}
    ids = block.get("userAssignedIdentities") or {}
    return frozenset(kinds - {"none"}), frozenset(str(key).casefold() for key in ids)


WHOLE: Mapping[Path, Same] = {("location",): same_location, ("identity",): same_identity}
"""Top-level values that Azure's conventions compare as one thing."""


def overlay(observed: Any, desired: Any) -> Any:
    """Return `observed` with everything that `desired` states put over it.

    Objects merge key by key (keys match in any case), everything else is replaced.
    """
    if not isinstance(desired, Mapping) or not isinstance(observed, Mapping):
        return desired
    names = {key.casefold(): key for key in observed}
    merged = dict(observed)
    for key, value in desired.items():
        old_key = names.get(key.casefold(), key)
        merged[key] = overlay(merged.pop(old_key, None), value)
    return merged


def only_changed(desired: JsonObject, fields: tuple[FieldDiff, ...]) -> JsonObject:
    """Return the part of `desired` that the given differences name: the body of a PATCH."""
    body: JsonObject = {}
    for item in fields:
        target, value, keys = body, desired, item.keys
        for depth, key in enumerate(keys):
            value = value[key]
            if depth == len(keys) - 1:
                target[key] = value
            else:
                target = target.setdefault(key, {})
    return body
