"""What may be ignored is ignored: for each field of each kind, compared as a plan compares it."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from reconciler.engine.decide import decide, resolve
from reconciler.engine.diff import value_at
from reconciler.engine.ignored import ignorable, with_ignored_as_found
from reconciler.engine.types import Observed, Resource
from reconciler.kinds import HANDLERS
from reconciler.operations.load import load
from tests.support.azure import ROOT

OTHERS = "somebody else's"
NONE: frozenset[tuple[str, ...]] = frozenset()


def changed(body: Any, path: tuple[str, ...]) -> Any:
    """Return a body in which somebody else has set a field."""
    found = deepcopy(body)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    value = inner[path[-1]]
    match value:
        case bool():
            inner[path[-1]] = not value
        case int():
            inner[path[-1]] = value + 7
        case dict():
            inner[path[-1]] = {"other": 7}
        case _:
            inner[path[-1]] = OTHERS
    return found


def differing(resource: Resource, desired: Any, held: Any) -> set[tuple[str, ...]]:
    policy = HANDLERS[resource.kind].policy
    return {item.keys for item in decide(resource, desired, Observed(held), policy).fields}


def test_a_field_is_a_difference_until_it_is_ignored_and_goes_back_as_it_was() -> None:
    seen = set()
    for resource in load(str(ROOT / "specs/phi3-ultrachat.yaml")).resources.values():
        rules = HANDLERS[resource.kind].policy.rules
        desired = resolve(resource.desired, lambda reference: str(reference))
        for path in ignorable(desired, rules):
            held = changed(desired, path)
            ignoring = Resource(
                **{**vars(resource), "ignored": frozenset({path}), "unstated": NONE}
            )
            enforcing = replace(resource, unstated=NONE)
            if path in differing(enforcing, desired, held):
                seen.add((resource.kind, path[-1]))
            assert path not in differing(ignoring, desired, held), (resource.address, path)
            kept = with_ignored_as_found(ignoring, desired, Observed(held))
            assert value_at(kept, path) == value_at(held, path)
    assert {
        ("storage account", "allowSharedKeyAccess"),
        ("container registry", "adminUserEnabled"),
        ("online deployment", "capacity"),
        ("compute cluster", "maxNodeCount"),
        ("workspace", "publicNetworkAccess"),
        ("resource group", "team"),
    } <= seen
