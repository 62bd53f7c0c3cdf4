"""Azure ML workspace: the one that trains and serves, and who it acts as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Change
from reconciler.engine.diff import same_id
from reconciler.engine.types import Address, JsonObject, Reference, Resource
from reconciler.kinds.access.grant_scopes import addresses_of
from reconciler.kinds.access.identity import attached
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
from reconciler.secrets import shortened
from reconciler.spec.document import Keys
from reconciler.spec.model import ExistingOr, Identity, RefOrId, SpecModel, Tags
from reconciler.spec.problems import did_you_mean

if TYPE_CHECKING:
    from reconciler.kinds import Spec

ISOLATION = {
    "disabled": "Disabled",
    "allow_internet_outbound": "AllowInternetOutbound",
    "allow_only_approved_outbound": "AllowOnlyApprovedOutbound",
}


CLUSTER = re.compile(r"\$\{\{\s*compute\.(?P<name>[A-Za-z0-9_-]+)(\.(id|name))?\s*\}\}")
CLUSTER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}")
NETWORK = "properties.managedNetwork.isolationMode"


class ManagedNetwork(SpecModel):
    """The managed virtual network around the workspace's compute."""

    isolation_mode: Literal["disabled", "allow_internet_outbound", "allow_only_approved_outbound"]
    """How isolated it is. Cannot be switched back to `disabled`."""


class Workspace(SpecModel):
    """An Azure ML workspace to create."""

    name: WorkspaceName
    """The name in the resource group."""
    friendly_name: str | None = None
    """The name shown in the studio. Default: the name."""
    description: str | None = None
    """A description for people."""
    storage_account: ExistingOr[StorageAccount]
    """The storage account for data and models: a map creates one, a resource id uses an existing
    one."""
    key_vault: ExistingOr[KeyVault]
    """The key vault for secrets."""
    application_insights: ExistingOr[ApplicationInsights]
    """Monitoring, with its Log Analytics workspace."""
    container_registry: ExistingOr[ContainerRegistry] | None = None
    """Registry for container images. When left out, Azure creates one with the first image."""
    public_network_access: Literal["enabled", "disabled"] = "enabled"
    """Whether it can be reached from the internet."""
    system_datastores_auth_mode: Literal["access_key", "identity"] | None = None
    """How the default datastores reach the storage account."""
    hbi_workspace: bool = False
    """Whether it holds high-business-impact data. Cannot be changed later."""
    image_build_compute: str | None = None
    """The cluster that builds images when the registry is private: its name, or a cluster in this
    spec."""
    managed_network: ManagedNetwork | None = None
    """The managed virtual network."""
    identity: Identity | None = None
    """The workspace's identity. Default: system-assigned. A user-assigned identity needs roles on
    the storage account, key vault and registry; those in this spec are granted first."""
    primary_user_assigned_identity: RefOrId | None = None
    """Which of several user-assigned identities the workspace acts as."""
    permanently_delete: bool = False
    """Skip soft delete when it is deleted. Otherwise Azure keeps it for 14 days and its name stays
    taken."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="after")
    def _whole(self) -> Workspace:
        is_ours = self.identity is not None and self.identity.type == "user_assigned"
        if self.primary_user_assigned_identity and not is_ours:
            raise ValueError(
                "`primary_user_assigned_identity` needs an `identity` of type `user_assigned`"
            )
        return self


class WorkspaceHandler(MLWorkspaceHandler):
    """Knows plain workspaces."""

    kind = "workspace"
    section = "workspace"
    arm_kinds = frozenset({"", "default"})

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the workspace, or note the existing one."""
        settings = spec.workspace
        if isinstance(settings, str):
            expansion.external("workspace", self.kind, settings)
        elif settings is not None:
            resource = self._resource(settings, expansion)
            if settings.identity:
                resource = _acting_as(settings.identity, resource, spec, expansion)
            expansion.add(resource)

    def review(self, change: Change) -> Change:
        """Refuse to open a managed network, which Azure cannot.

        Source: learn.microsoft.com/azure/machine-learning/how-to-managed-network, Limitations.
        """
        change = super().review(change)
        field = next((f for f in change.fields if f.path == NETWORK), None)
        words = {arm: word for word, arm in ISOLATION.items() if word != "disabled"}
        word = words.get(str(field.before)) if field else None
        if change.is_blocked or not field or field.after != ISOLATION["disabled"] or not word:
            return change
        return change.blocked_by(
            Diagnostic(
                "the managed network of `workspace` cannot be switched off again",
                change.resource.position,
                hint=f"leave it at `isolation_mode: {word}`, or choose another `name`",
            ),
        )

    def _resource(self, settings: Workspace, expansion: Expansion) -> Resource:
        links, addresses = linked_ids(expansion, "workspace")
        properties: JsonObject = {
            "friendlyName": settings.friendly_name or settings.name,
            **links,
            "publicNetworkAccess": settings.public_network_access.capitalize(),
            "hbiWorkspace": settings.hbi_workspace,
        }
        if settings.description:
            properties["description"] = settings.description
        if settings.system_datastores_auth_mode:
            mode = {"access_key": "AccessKey", "identity": "Identity"}
            properties["systemDatastoresAuthMode"] = mode[settings.system_datastores_auth_mode]
        if settings.image_build_compute:
            properties["imageBuildCompute"] = _cluster_name(settings.image_build_compute, expansion)
        if settings.managed_network:
            mode_ = ISOLATION[settings.managed_network.isolation_mode]
            properties["managedNetwork"] = {"isolationMode": mode_}
        _check_keys(settings, expansion)
        return workspace_resource(self, expansion, settings, properties, addresses)


def _cluster_name(stated: str, expansion: Expansion) -> str:
    """Return the name of the cluster that builds images; the workspace is made before it."""
    path: Keys = ("workspace", "image_build_compute")
    match = CLUSTER.fullmatch(stated.strip())
    data = expansion.document.data.get("compute")
    clusters = data if isinstance(data, dict) else {}
    if match and match["name"] in clusters:
        return match["name"]
    if "${{" in stated or not CLUSTER_NAME.fullmatch(stated.rpartition("/")[2]):
        expansion.problem(
            f"{shortened(stated, 80)!r} is not a cluster of this spec",
            path,
            hint=did_you_mean(match["name"] if match else stated, clusters)
            or "give the name of a cluster, or `${{ compute.NAME }}`",
        )
    return stated.rpartition("/")[2]


def _acting_as(
    identity: Identity, resource: Resource, spec: Spec, expansion: Expansion
) -> Resource:
    """Return the workspace under the identity that the spec gives it, after that one's roles."""
    block, holders, _ = attached(identity, expansion, ("workspace", "identity"))
    properties = dict(resource.desired["properties"])
    if "userAssignedIdentities" in block:
        primary = _primary(resource.settings, list(block["userAssignedIdentities"]), expansion)
        properties["primaryUserAssignedIdentity"] = primary
    return replace(
        resource,
        desired={**resource.desired, "identity": block, "properties": properties},
        depends_on=resource.depends_on
        | holders
        | frozenset(_granted_before(holders, spec, expansion)),
    )


def _primary(settings: Workspace, ids: list[str], expansion: Expansion) -> str:
    """Return the id of the identity to act as: the stated one, or the only one."""
    path = ("workspace", "primary_user_assigned_identity")
    stated = settings.primary_user_assigned_identity
    if not stated:
        if len(ids) > 1:
            expansion.problem(
                "`primary_user_assigned_identity` must name one of the identities",
                ("workspace", "identity"),
            )
        return ids[0] if ids else ""
    found = expansion.reference(stated, path, kinds=("managed identity",))
    found = expansion.known_id(found.address) if isinstance(found, Reference) else str(found)
    if found and not any(same_id(found, one) for one in ids):
        expansion.problem("`primary_user_assigned_identity` is not one of the identities", path)
    return found


def _granted_before(
    holders: Iterable[Address], spec: Spec, expansion: Expansion
) -> Iterator[Address]:
    """Yield the role assignments that the identities need before the workspace is made.

    Those at the workspace itself, or at what comes after it, can only follow.
    """
    for holder in holders:
        name = holder.partition(".")[2]
        settings = spec.identities.get(name)
        grants = settings.role_assignments if settings else []
        for address, grant in zip(addresses_of(name, grants), grants, strict=True):
            if not grant.scope.startswith("$") or expansion.names(grant.scope):
                yield address


def _check_keys(settings: Workspace, expansion: Expansion) -> None:
    """Datastores with account keys cannot work on an account that refuses keys."""
    account = settings.storage_account
    keyless = isinstance(account, StorageAccount) and not account.allow_shared_key_access
    if keyless and settings.system_datastores_auth_mode != "identity":
        expansion.problem(
            "the storage account refuses account keys, but the workspace's datastores use them",
            ("workspace", "storage_account", "allow_shared_key_access"),
            hint="set `system_datastores_auth_mode: identity`",
        )
