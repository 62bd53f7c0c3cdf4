"""Tell what was changed outside of the spec from what the spec asks for anew.

Pure. Each write leaves a digest of what the spec asked for beside our mark. What Azure shows
otherwise, although the spec asks for the same as then, was changed outside. No secret, and no
value that is never shown, is part of a digest. Without one nothing is known, and that is said.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from reconciler.engine.decisions import Change
from reconciler.engine.diff import ASKED_TAG, WHOLE, Path, Rules, covers, value_at
from reconciler.engine.protection import PLACES, add_beside
from reconciler.engine.types import FieldDiff, JsonObject, Owner, Phase, Reference, Unknown
from reconciler.secrets import Secret

VERSION = "v1"
LONGEST_TAG = 256
"""Source: learn.microsoft.com/azure/azure-resource-manager/management/tag-resources."""
_WHOLE, _NAME, _VALUE = 12, 4, 3
"""Hexadecimal digits: of all that is asked, of a field's path, of its value."""


class Origin(Enum):
    """Where a difference comes from."""

    SPEC = "spec"
    OUTSIDE = "drift"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cause:
    """The fields of a change by where their difference comes from."""

    spec: tuple[FieldDiff, ...] = ()
    outside: tuple[FieldDiff, ...] = ()
    unknown: tuple[FieldDiff, ...] = ()

    @property
    def origin(self) -> Origin:
        """The word for all of it; unknown only where nothing is known."""
        if self.outside:
            return Origin.BOTH if self.spec else Origin.OUTSIDE
        return Origin.SPEC if self.spec else Origin.UNKNOWN


def with_asked(desired: JsonObject, mark: str, rules: Rules) -> JsonObject:
    """Return a desired body with its digest beside our `mark`, wherever that stands in it.

    Not where tags are written by a create alone: the digest would soon be an old one.
    """
    if "tags" in rules.create_only:
        return desired
    return add_beside(desired, mark, ASKED_TAG, digest(desired, mark, rules))


def digest(desired: JsonObject, mark: str, rules: Rules) -> str:
    """Return the digest of what a body asks for: of all of it, then of each field while they fit."""
    fields = [(p, canonical(v)) for p, v in _leaves((), desired, rules) if p[-1] != mark]
    whole = _hash(json.dumps(sorted((".".join(p), v) for p, v in fields)), _WHOLE)
    parts = "".join(sorted(_hash(".".join(p), _NAME) + _hash(v, _VALUE) for p, v in fields))
    start = f"{VERSION}:{whole}:"
    return start + parts if len(start) + len(parts) <= LONGEST_TAG else start


def cause_of(change: Change) -> Cause | None:
    """Return where the differences of a change come from; None where there is nothing to tell."""
    seen = change.observed
    if seen is None or not change.fields or seen.phase is not Phase.READY:
        return None
    if seen.owner is not Owner.OURS:
        return None
    desired = change.resource.desired
    now, then = _Asked.of(asked_in(desired)), _Asked.of(asked_in(seen.body))
    by_origin: dict[Origin, list[FieldDiff]] = {origin: [] for origin in Origin}
    for item in change.fields:
        is_known = not item.sensitive and not _depends(value_at(desired, item.keys), item.after)
        by_origin[_origin(item, now, then) if is_known else Origin.UNKNOWN].append(item)
    return Cause(
        tuple(by_origin[Origin.SPEC]),
        tuple(by_origin[Origin.OUTSIDE]),
        tuple(by_origin[Origin.UNKNOWN]),
    )


def asked_in(body: Any) -> str:
    """Return the digest that a body carries, "" where it carries none."""
    return next(_texts(body), "")


@dataclass(frozen=True)
class _Asked:
    """A digest that was read: of the whole, and of each field whose name is unambiguous."""

    whole: str = ""
    fields: Mapping[str, str] | None = None

    @classmethod
    def of(cls, text: str) -> _Asked:
        """Read a digest; one of another form tells nothing."""
        version, _, rest = text.partition(":")
        whole, _, parts = rest.partition(":")
        size = _NAME + _VALUE
        if version != VERSION or len(whole) != _WHOLE or len(parts) % size:
            return cls()
        pairs = [
            (parts[i : i + _NAME], parts[i + _NAME : i + size]) for i in range(0, len(parts), size)
        ]
        count = Counter(name for name, _ in pairs)
        once = {name: value for name, value in pairs if count[name] == 1}
        return cls(whole, once if pairs else None)


def _origin(item: FieldDiff, now: _Asked, then: _Asked) -> Origin:
    """Return where one difference comes from: the spec, if it asked otherwise at the last write."""
    if not now.whole or not then.whole:
        return Origin.UNKNOWN
    if now.whole == then.whole:
        return Origin.OUTSIDE
    name = _hash(item.path, _NAME)
    if now.fields is None or then.fields is None or name not in now.fields:
        return Origin.UNKNOWN
    return Origin.OUTSIDE if then.fields.get(name) == now.fields[name] else Origin.SPEC


def _depends(asked: Any, after: Any) -> bool:
    """Return whether a value comes from another resource: that one may be what changed."""
    if isinstance(asked, Mapping):
        return any(_depends(value, None) for value in asked.values())
    if isinstance(asked, list):
        return any(_depends(value, None) for value in asked)
    return isinstance(asked, Reference | Secret) or isinstance(after, Unknown | Secret)


def _leaves(path: Path, value: Any, rules: Rules) -> Iterator[tuple[Path, Any]]:
    """Yield what a comparison would look at, each with its path, but nothing that is not shown."""
    dotted = ".".join(path)
    if dotted in rules.write_only or dotted in rules.create_only or path[-1:] == (ASKED_TAG,):
        return
    if covers(rules.sensitive, path) or _is_secret(value):
        return
    own = rules.same.get(dotted) or WHOLE.get(path)
    if own is None and isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves((*path, key), item, rules)
    else:
        yield path, value


def _is_secret(value: Any) -> bool:
    is_reference = isinstance(value, Reference | Unknown)
    reference = value.reference if isinstance(value, Unknown) else value
    return isinstance(value, Secret) or (is_reference and reference.secret)


def canonical(value: Any) -> str:
    """Return a value as one text, whatever the order of its keys; secrets within are left out."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if not _is_secret(v)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value if not _is_secret(item)]
    if isinstance(value, Unknown):
        return str(value.reference)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _hash(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def _texts(body: Any) -> Iterator[str]:
    for key, value in body.items() if isinstance(body, Mapping) else ():
        if key in PLACES and isinstance(value, Mapping):
            yield from (str(v) for k, v in value.items() if str(k).casefold() == ASKED_TAG)
        elif isinstance(value, Mapping):
            yield from _texts(value)
