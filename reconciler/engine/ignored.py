"""Fields that the spec leaves to others once something exists (`lifecycle: {ADDRESS: {ignore: ...}}`).

What Azure holds takes the place of what the spec says before anything is compared or sent: such
a field is then no difference, no part of a PATCH, and goes back in a PUT as it was. What is made
new gets the spec's value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.engine.diff import WHOLE, Path, Rules, covers, label_of, value_at
from reconciler.engine.types import JsonObject, Observed, Resource

OUR_TAGS = "reconcile-"
"""How the names of the tags begin that say whose a resource is: nobody else has a say in them."""


def with_ignored_as_found(
    resource: Resource, desired: JsonObject, observed: Observed | None
) -> JsonObject:
    """Return a desired body with what Azure holds in the fields that are left to others."""
    if observed is None:
        return desired
    for path in sorted(resource.ignored):
        desired = _put(desired, path, value_at(observed.body, path))
    return desired


def _put(body: JsonObject, path: Path, value: Any) -> JsonObject:
    """Return a body with a value at a path that it has; None takes the key out."""
    key, *rest = path
    if key not in body:
        return body
    if rest:
        inner = body[key]
        return {**body, key: _put(inner, tuple(rest), value)} if isinstance(inner, dict) else body
    return {k: v for k, v in body.items() if k != key} | ({} if value is None else {key: value})


def ignorable(desired: JsonObject, rules: Rules) -> dict[Path, str]:
    """Return the spec's word for each path of a body that may be left to others.

    Not what makes it another resource, nor its identity, nor what Azure never shows: that
    cannot be sent back.
    """
    return {path: word_of(path, rules) for path in _leaves((), desired, rules)}


def word_of(path: Path, rules: Rules) -> str:
    """Return the spec's word for a path of a body."""
    label = label_of(path, rules)
    return label.removeprefix("properties.").removeprefix("properties.")


def _leaves(path: Path, desired: Any, rules: Rules) -> Iterator[Path]:
    fixed = rules.write_only | rules.sensitive | rules.immutable
    if path in WHOLE or covers(fixed, path) or (path and path[-1].startswith(OUR_TAGS)):
        return
    if isinstance(desired, Mapping) and desired and ".".join(path) not in rules.same:
        for key, value in desired.items():
            yield from _leaves((*path, key), value, rules)
    else:
        yield path
