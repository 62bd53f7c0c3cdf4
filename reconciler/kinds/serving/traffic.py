"""Traffic: which deployment answers which share of the requests.

Written on the endpoint in the spec, a resource of its own in the graph: it is set after
the deployments that it names are healthy, and again after one of them was replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.engine.contained import Announced
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules
from reconciler.engine.ids import is_within
from reconciler.engine.types import Address, JsonObject, Observed, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.serving.endpoint_writes import (
    API_VERSION,
    SHARES,
    clean_traffic,
    drain,
    set_traffic,
)
from reconciler.spec.document import Keys
from reconciler.spec.problems import did_you_mean

if TYPE_CHECKING:
    from reconciler.kinds import Spec


def same_traffic(observed: Any, desired: Any) -> bool:
    """Compare two tables of shares; zeros and the case of names do not matter."""
    return clean_traffic(observed) == clean_traffic(desired)


class TrafficHandler(Handler):
    """Knows the traffic of the spec's endpoints."""

    kind = "traffic"
    section = "endpoints"
    has_tags = False
    is_setting = True
    follows_replacement = True
    policy: ClassVar[Policy] = Policy(Rules(same={"traffic": same_traffic}))

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the traffic of each endpoint that states one."""
        for name, settings in spec.endpoints.items():
            endpoint = expansion.resources.get(f"endpoints.{name}")
            if endpoint is None or settings.traffic is None:
                continue
            path: Keys = ("endpoints", name, "traffic")
            behind = _deployments_of(endpoint, expansion)
            for deployment in settings.traffic:
                if deployment.lower() not in behind and not _is_broken(deployment, expansion):
                    expansion.problem(
                        f"`traffic` names `{deployment}`, which is not a deployment of this endpoint",
                        (*path, deployment),
                        hint=did_you_mean(deployment, behind) or "add it under `deployments:`",
                    )
            named = {behind[d.lower()] for d in settings.traffic if d.lower() in behind}
            expansion.add(
                Resource(
                    f"endpoints.{name}.traffic",
                    self.kind,
                    f"{endpoint.resource_id}/traffic",
                    {"traffic": clean_traffic(settings.traffic)},
                    settings=settings.traffic,
                    position=expansion.document.position(path, of_key=True),
                    depends_on=frozenset({endpoint.address, *named}),
                    adopt=endpoint.adopt,
                )
            )

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read the traffic off the endpoint; it is ours where the endpoint is."""
        endpoint_id = endpoint_of(resource)
        if context.reads.fresh:
            body = context.reads.get(endpoint_id, API_VERSION)
        else:
            items = context.reads.list(endpoint_id.rpartition("/")[0], API_VERSION)
            wanted = endpoint_id.casefold()
            body = next((i for i in items if str(i.get("id")).casefold() == wanted), None)
        return None if body is None else self.observed(context, resource, body)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return the traffic out of the body of its endpoint."""
        owner, name = tag_owner(body, context.owner, endpoint_of(resource))
        shown = clean_traffic((body.get("properties") or {}).get("traffic"))
        seen = {"traffic": shown, "systemData": body.get("systemData")}
        return Observed(seen, {"id": resource.resource_id}, owner, owner_name=name)

    def shares_of(self, resource: Resource) -> Mapping[str, int]:
        """Return the shares that the spec states."""
        return clean_traffic(resource.desired["traffic"])

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Set the shares."""
        set_traffic(context, endpoint_of(resource), desired["traffic"])

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Set the shares."""
        self.create(context, change.resource, desired)

    def written(self, change: Change) -> Mapping[str, Announced]:
        """Return the shares, which stand in the body of the endpoint."""
        return {endpoint_of(change.resource): {SHARES: change.resource.desired["traffic"]}}

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Let none of the spec's deployments answer any more; others get their shares."""
        drain(context, endpoint_of(resource), *resource.settings)


def endpoint_of(resource: Resource) -> str:
    """Return the id of the endpoint whose traffic a resource is."""
    return resource.resource_id.removesuffix("/traffic")


def _deployments_of(endpoint: Resource, expansion: Expansion) -> dict[str, Address]:
    """Return the deployments of an endpoint by their lower-case names."""
    collection = f"{endpoint.resource_id}/deployments"
    return {
        resource.resource_id.rpartition("/")[2].lower(): address
        for address, resource in expansion.resources.items()
        if is_within(resource.resource_id, collection)
    }


def _is_broken(deployment: str, expansion: Expansion) -> bool:
    """Return whether the spec states the deployment, but wrongly: that is told already."""
    return f"deployments.{deployment}" in expansion.broken or "deployments" in expansion.broken
