"""Fields that are left as they are once something exists: ignored ones, and those nobody stated.

`lifecycle: {ADDRESS: {ignore: [FIELD]}}` names the first; the others are defaults of ours. What Azure holds takes the place of what the spec says before anything is compared or sent: such
a field is then no difference, no part of a PATCH, and goes back in a PUT as it was. What is made
new gets the spec's value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.engine.diff import WHOLE, Path, Rules, covers, diff, label_of, value_at
from reconciler.engine.types import FieldDiff, JsonObject, Observed, Resource

FROM_OPEN_TO_CLOSED: Mapping[str, tuple[Any, ...]] = {
    "properties.publicNetworkAccess": ("enabled", "disabled"),
    "properties.egressPublicNetworkAccess": ("enabled", "disabled"),
    "properties.managedNetwork.isolationMode": (
        None,
        "disabled",
        "allowinternetoutbound",
        "allowonlyapprovedoutbound",
    ),
    "properties.allowBlobPublicAccess": (True, False),
    "properties.allowSharedKeyAccess": (None, True, False),
    "properties.adminUserEnabled": (True, False),
    "properties.disableLocalAuth": (None, False, True),
    "properties.supportsHttpsTrafficOnly": (False, True),
    "properties.minimumTlsVersion": ("tls1_0", "tls1_1", "tls1_2", "tls1_3"),
    "properties.enableRbacAuthorization": (None, False, True),
    "properties.enablePurgeProtection": (None, False, True),
}
"""Settings that let somebody in, and their values, the most open one first, text in lower case.

By Azure's conventions they are the same on every type. Source: learn.microsoft.com/azure/templates.
"""
OUR_TAGS = "reconcile-"
"""How the names of the tags begin that say whose a resource is: nobody else has a say in them."""


def with_ignored_as_found(
    resource: Resource, desired: JsonObject, observed: Observed | None
) -> JsonObject:
    """Return a desired body with what Azure holds in the fields that are left as they are."""
    if observed is None:
        return desired
    for path in sorted(resource.ignored | resource.unstated):
        desired = _put(desired, path, value_at(observed.body, path))
    return desired


def unstated_differences(
    resource: Resource, desired: JsonObject, observed: Observed, rules: Rules
) -> list[FieldDiff]:
    """Return where Azure holds another value than a default of ours, the open doors first."""
    told = resource.unstated - resource.ignored
    found = [item for item in diff(desired, observed.body, rules) if item.keys in told]
    return sorted(found, key=lambda item: not opens_a_door(item))


def weaker_differences(
    resource: Resource, desired: JsonObject, observed: Observed, rules: Rules
) -> list[FieldDiff]:
    """Return where an ignored field lets more in than the spec says."""
    found = [item for item in diff(desired, observed.body, rules) if item.keys in resource.ignored]
    return [item for item in found if opens_a_door(item)]


def opens_a_door(item: FieldDiff) -> bool:
    """Return whether what was found lets more in than what is asked for."""
    order = FROM_OPEN_TO_CLOSED.get(item.path, ())
    found, wanted = _folded(item.before), _folded(item.after)
    return found in order and wanted in order and order.index(found) < order.index(wanted)


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


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
