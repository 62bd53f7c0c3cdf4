"""Writes to one online endpoint: read, change, PUT whole, one at a time.

An endpoint's PUT replaces the whole resource, its traffic included. Traffic, settings and
the draining of a deployment are different changes to the same body, so each reads afresh
and they take turns. Source: learn.microsoft.com/rest/api/azureml/online-endpoints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from reconciler.diagnostics import MalformedError
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import JsonObject
from reconciler.kinds.arm_handler import SYSTEM_KEYS, without
from reconciler.kinds.base import HandlerContext, Lent

API_VERSION = "2026-05-01"

READ_ONLY = frozenset(
    {
        "properties.provisioningState",
        "properties.scoringUri",
        "properties.swaggerUri",
        "properties.properties",
        "properties.keys",
        "identity.principalId",
        "identity.tenantId",
    }
)
"""What Azure refuses or ignores in a PUT; `properties.properties` is the service's own book."""

SHARES = ("properties", "traffic")
"""Where the shares of its deployments stand in an endpoint's body."""

_TURNS: defaultdict[str, Lock] = defaultdict(Lock)


def rewrite(
    context: HandlerContext, endpoint_id: str, change: Callable[[JsonObject], JsonObject | None]
) -> None:
    """Read the endpoint, let `change` make the new body, PUT it and wait.

    Nothing is written when `change` returns None or the endpoint does not exist.
    """
    arm = context.run.arm
    with _TURNS[endpoint_id.casefold()]:
        observed = arm.get_expected(endpoint_id, API_VERSION)
        body = None if observed is None else change(writable(observed))
        if body is not None:
            arm.put(endpoint_id, API_VERSION, body)


def writable(observed: JsonObject) -> JsonObject:
    """Return an endpoint's body without what a PUT must not hold."""
    kept = {key: value for key, value in observed.items() if key not in SYSTEM_KEYS}
    body: JsonObject = without(kept, READ_ONLY)
    assigned = (body.get("identity") or {}).get("userAssignedIdentities")
    if assigned:
        body["identity"]["userAssignedIdentities"] = {key: {} for key in assigned}
    return body


def clean_traffic(traffic: Mapping[str, Any] | None) -> dict[str, int]:
    """Return traffic in the one form in which it is compared: lower-case names, no zeros."""
    if not isinstance(traffic, Mapping | None):
        raise MalformedError.at("traffic", "not an object")
    return {
        name.lower(): whole_number_in(traffic, name)
        for name, share in (traffic or {}).items()
        if share
    }


def set_traffic(context: HandlerContext, endpoint_id: str, traffic: Mapping[str, int]) -> None:
    """Make the endpoint's traffic exactly this, and leave all else."""

    def change(body: JsonObject) -> JsonObject | None:
        properties = body.get("properties") or {}
        if clean_traffic(properties.get("traffic")) == clean_traffic(traffic):
            return None
        return {**body, "properties": {**properties, "traffic": clean_traffic(traffic)}}

    rewrite(context, endpoint_id, change)


def drain(context: HandlerContext, endpoint_id: str, *deployments: str) -> None:
    """Take all traffic from some deployments, so that they may be deleted.

    The shares are kept for `give_back`, in case one of them stays or is created again.
    """

    def change(body: JsonObject) -> JsonObject | None:
        properties = body.get("properties") or {}
        rest = traffic = clean_traffic(properties.get("traffic"))
        for name in deployments:
            rest = without_deployment(rest, name) if name.lower() in rest else rest
        if rest == traffic:
            return None
        _lend(context, endpoint_id, traffic, rest, deployments)
        return {**body, "properties": {**properties, "traffic": rest}}

    rewrite(context, endpoint_id, change)


def _lend(
    context: HandlerContext,
    endpoint_id: str,
    before: Mapping[str, int],
    rest: Mapping[str, int],
    names: Iterable[str],
) -> None:
    """Keep the shares that this run takes away; where others set them since, only these count."""
    place = endpoint_id.casefold()
    known = context.lent.get(place)
    lent = known if known and known.left == before else Lent(before)
    lent.left = rest
    lent.away |= {name.lower() for name in names}
    context.lent[place] = lent


def give_back(context: HandlerContext, endpoint_id: str, name: str) -> None:
    """Restore the traffic share of a recreated deployment, unless others changed the traffic.

    What is still away gets its own when it is back.
    """
    lent = context.lent.get(endpoint_id.casefold())
    if lent is None or name.lower() not in lent.away:
        return
    lent.away.discard(name.lower())

    def change(body: JsonObject) -> JsonObject | None:
        properties = body.get("properties") or {}
        if clean_traffic(properties.get("traffic")) != lent.left:
            return None
        shares: dict[str, int] = dict(lent.before)
        for other in lent.away:
            shares = without_deployment(shares, other)
        lent.left = shares
        return {**body, "properties": {**properties, "traffic": shares}}

    rewrite(context, endpoint_id, change)


def without_deployment(traffic: Mapping[str, int], deployment: str) -> dict[str, int]:
    """Return the traffic with one deployment's share handed to the others, in proportion.

    Azure takes a sum of 0 or 100 only.
    """
    rest = {n: s for n, s in clean_traffic(traffic).items() if n != deployment.lower()}
    total = sum(rest.values())
    if not total:
        return {}
    shared = {name: share * 100 // total for name, share in rest.items()}
    largest = max(shared, key=lambda name: (shared[name], name))
    shared[largest] += 100 - sum(shared.values())
    return shared
