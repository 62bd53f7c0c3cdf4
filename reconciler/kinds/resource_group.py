"""Resource group: created when absent, used when it is there, never deleted unless ours.

Source: learn.microsoft.com/rest/api/resources/resource-groups; its location cannot change.
Writes go through azure-mgmt-resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from reconciler.cloud.sdk import translated
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion

if TYPE_CHECKING:
    from reconciler.kinds import Spec

ADDRESS = "resource_group"
RESOURCES_API = "2025-04-01"
"""For groups, and for the list of what is in one."""


class ResourceGroupHandler(ArmHandler):
    """Knows the one resource group that the target names."""

    kind = "resource group"
    section = "target"
    type = "Microsoft.Resources/resourceGroups"
    api_version = RESOURCES_API
    contents = "resources"
    attributes = Attributes(frozenset({"id", "location"}))
    policy: ClassVar[Policy] = Policy(Rules(immutable=frozenset({"location"})), uses_existing=True)

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the group of the target."""
        resource_id = expansion.group_id
        expansion.add(
            Resource(
                ADDRESS,
                self.kind,
                resource_id,
                {"location": expansion.location, "tags": expansion.tracked_tags(resource_id)},
                position=expansion.document.position(("target", "resource_group")),
                known={"location": expansion.location},
            )
        )

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Create the group (synchronous in ARM)."""
        groups = context.run.resources.resource_groups
        with translated():
            groups.create_or_update(context.resource_group, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Set the tags that differ; other people's tags stay."""
        tags = {**((change.observed.body.get("tags") if change.observed else None) or {})}
        tags.update(desired["tags"])
        context.run.arm.patch(change.resource.resource_id, self.api_version, {"tags": tags})

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the group and all that is left in it."""
        context.run.arm.delete(resource.resource_id, self.api_version)
