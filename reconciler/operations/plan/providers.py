"""Find the resource providers that a plan needs and the subscription has not registered.

Asked only for what is to be made, and only where nothing that exists proves the
registration: a plan without creations costs no request for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ApiError
from reconciler.engine.decisions import Change, Create, Wait
from reconciler.engine.types import Action, Address, Observed, Resource
from reconciler.kinds.resource_provider import (
    ALWAYS_REGISTERED,
    API_VERSION,
    MISSING,
    ResourceProviderHandler,
    address_of,
    namespace_of,
    registration_of,
)
from reconciler.reasons import NotRegistered

UNREADABLE = (401, 403, 404)
WRITES = (Action.CREATE, Action.RUN, Action.REPLACE, Action.UPDATE)


def registrations(
    run: RunScope, changes: Iterable[Change], *, parallelism: int
) -> dict[Address, Change]:
    """Return the registrations that must come first, by address.

    Where the identity may not read a provider there is none: Azure then refuses the write,
    and its error says what to do.
    """
    planned = list(changes)
    proven = {_proven_by(change.observed) for change in planned}
    needed = {namespace.casefold(): namespace for namespace in map(_needs, planned) if namespace}
    open_ = [name for folded, name in sorted(needed.items()) if folded not in proven]
    if not open_:
        return {}
    with ThreadPoolExecutor(max(1, min(parallelism, len(open_)))) as pool:
        found = pool.map(lambda name: _registration(run, name), open_)
        return {change.address: change for change in found if change}


def first_register(
    graph: Mapping[Address, frozenset[Address]],
    changes: Mapping[Address, Change],
    steps: Mapping[Address, Change],
) -> dict[Address, frozenset[Address]]:
    """Return the graph with each registration before all that needs it."""
    before = {
        address: edges | ({address_of(_needs(changes[address]))} & steps.keys())
        for address, edges in graph.items()
    }
    return {**dict.fromkeys(steps, frozenset()), **before}


def is_unregistered(error: Exception) -> bool:
    """Return whether a read failed only because its provider is not registered."""
    return isinstance(error, ApiError) and error.code == MISSING


def _needs(change: Change) -> str:
    namespace = namespace_of(change.resource.resource_id)
    is_free = namespace.casefold() in ALWAYS_REGISTERED
    return "" if is_free or change.is_blocked or change.action not in WRITES else namespace


def _proven_by(observed: Observed | None) -> str:
    """Return the provider that something which exists proves to be registered."""
    return namespace_of(str(observed.body.get("id") or "")).casefold() if observed else ""


def _registration(run: RunScope, namespace: str) -> Change | None:
    resource_id = f"/subscriptions/{run.subscription_id}/providers/{namespace}"
    try:
        body, _, _ = run.arm.send("GET", resource_id, API_VERSION)
    except ApiError as error:
        if error.status in UNREADABLE:
            return None
        raise
    state = registration_of(body)
    if state == "registered":
        return None
    resource = Resource(address_of(namespace), ResourceProviderHandler.kind, resource_id, {})
    if state == "registering":
        # Where the first time comes to nothing, it is asked for again.
        return Change(resource, Observed(body), Wait("Registering", Create()))
    return Change(resource, None, Create(NotRegistered(namespace)))
