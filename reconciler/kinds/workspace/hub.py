"""Foundry hub (classic): a workspace of kind Hub, the parent of projects.

It shares the workspace's storage account and key vault where it states none of its own.
Source: learn.microsoft.com/azure/ai-foundry/concepts/ai-resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from reconciler.diagnostics import Diagnostic, RefusedError
from reconciler.engine.decisions import Change
from reconciler.engine.types import Action, JsonObject, Observed, Resource
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.workspace.application_insights import ApplicationInsights
from reconciler.kinds.workspace.container_registry import ContainerRegistry
from reconciler.kinds.workspace.key_vault import KeyVault
from reconciler.kinds.workspace.ml_workspace import (
    MLWorkspaceHandler,
    WorkspaceName,
    linked_ids,
    workspace_resource,
)
from reconciler.kinds.workspace.storage_account import StorageAccount
from reconciler.spec.model import ExistingOr, SpecModel, Tags

if TYPE_CHECKING:
    from reconciler.kinds import Spec


class Hub(SpecModel):
    """A Foundry hub to create."""

    name: WorkspaceName
    """The name in the resource group."""
    friendly_name: str | None = None
    """The name shown in the portal. Default: the name."""
    description: str | None = None
    """A description for people."""
    storage_account: ExistingOr[StorageAccount] | None = None
    """The storage account for data. Default: the workspace's."""
    key_vault: ExistingOr[KeyVault] | None = None
    """The key vault for secrets. Default: the workspace's."""
    application_insights: ExistingOr[ApplicationInsights] | None = None
    """Monitoring (optional)."""
    container_registry: ExistingOr[ContainerRegistry] | None = None
    """Registry for container images (optional)."""
    public_network_access: Literal["enabled", "disabled"] = "enabled"
    """Whether it can be reached from the internet."""
    permanently_delete: bool = False
    """Skip soft delete when it is deleted. Otherwise Azure keeps it for 14 days and its name stays
    taken."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class HubHandler(MLWorkspaceHandler):
    """Knows hubs."""

    kind = "hub"
    section = "hub"
    arm_kinds = frozenset({"hub"})

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the hub, or note the existing one."""
        settings = spec.hub
        if isinstance(settings, str):
            expansion.external("hub", self.kind, settings)
            return
        if settings is None:
            return
        links, addresses = linked_ids(expansion, "hub", fallback="workspace")
        properties: JsonObject = {
            "friendlyName": settings.friendly_name or settings.name,
            **links,
            "publicNetworkAccess": settings.public_network_access.capitalize(),
        }
        if settings.description:
            properties["description"] = settings.description
        expansion.add(workspace_resource(self, expansion, settings, properties, addresses))

    def review(self, change: Change) -> Change:
        """Refuse to replace a hub that has projects: Azure deletes none with projects in it."""
        change = super().review(change)
        held = _project_ids(change.observed)
        if change.action is not Action.REPLACE or change.is_blocked or not held:
            return change
        return change.blocked_by(
            Diagnostic(
                f"`hub` cannot be replaced while it has projects: {_names(held)}",
                change.resource.position,
                details=change.causes,
                hint="undo the change, choose another `name`, or delete the projects first",
            ),
        )

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """DELETE; one that still has projects is refused here, in better words than Azure's."""
        held = [i for i in _project_ids(observed) if context.reads.get(i, self.api_version)]
        if held:
            raise RefusedError.because(
                f"`hub` cannot be deleted while it has projects: {_names(held)}",
                hint="delete them first, or together with it",
            )
        super().delete(context, resource, observed)


def _project_ids(observed: Observed | None) -> list[str]:
    """Return the ids of the projects that Azure shows for a hub."""
    properties = (observed.body.get("properties") if observed else None) or {}
    return [str(project) for project in properties.get("associatedWorkspaces") or ()]


def _names(ids: list[str]) -> str:
    return ", ".join(project.rpartition("/")[2] for project in ids)
