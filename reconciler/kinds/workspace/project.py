"""Foundry project (classic): a workspace of kind Project under a hub.

Azure shows the storage, vault and network that a project inherits, and refuses them when
they are sent back: only what is the project's own is ever stated. Source: the Terraform
provider's notes on hub and project, learn.microsoft.com/azure/ai-foundry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from reconciler.engine.types import JsonObject, Reference
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.workspace.ml_workspace import (
    LINKS,
    READ_ONLY,
    MLWorkspaceHandler,
    WorkspaceName,
    workspace_resource,
)
from reconciler.spec.model import RefOrId, SpecModel, Tags

if TYPE_CHECKING:
    from reconciler.kinds import Spec

INHERITED = frozenset(
    f"properties.{name}" for name in (*LINKS.values(), "managedNetwork", "encryption")
)
"""What a GET shows of the hub's, and a PUT must not send back."""


class Project(SpecModel):
    """A Foundry project to create."""

    name: WorkspaceName
    """The name in the resource group."""
    hub_id: RefOrId
    """The hub it belongs to: `${{ hub }}`, or the id of an existing one."""
    friendly_name: str | None = None
    """The name shown in the portal. Default: the name."""
    description: str | None = None
    """A description for people."""
    permanently_delete: bool = False
    """Skip soft delete when it is deleted. Otherwise Azure keeps it for 14 days and its name stays
    taken."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class ProjectHandler(MLWorkspaceHandler):
    """Knows projects."""

    kind = "project"
    section = "project"
    arm_kinds = frozenset({"project"})
    read_only = READ_ONLY | INHERITED

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the project, or note the existing one."""
        settings = spec.project
        if isinstance(settings, str):
            expansion.external("project", self.kind, settings)
        elif settings is not None:
            self._add(settings, expansion)

    def _add(self, settings: Project, expansion: Expansion) -> None:
        hub = expansion.reference(settings.hub_id, ("project", "hub_id"), kinds=("hub",))
        depends_on: frozenset[str] = frozenset()
        if isinstance(hub, Reference):
            depends_on = frozenset({hub.address})
            hub = expansion.known_id(hub.address)
        properties: JsonObject = {
            "friendlyName": settings.friendly_name or settings.name,
            "hubResourceId": hub,
        }
        if settings.description:
            properties["description"] = settings.description
        expansion.add(workspace_resource(self, expansion, settings, properties, depends_on))
