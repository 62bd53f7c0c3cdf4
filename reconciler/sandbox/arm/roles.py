"""The roles that are known here, built-in and custom: their ids, and what they allow through ARM.

Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles (ids, descriptions,
actions and notActions). A role without an entry in `ROLES` has data actions alone, or is not stated
here, and allows nothing through ARM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.sandbox.store import Record
    from reconciler.sandbox.world import World

DEFINITION = "Microsoft.Authorization/roleDefinitions"
_GROUP_ACTIONS = "Microsoft.Resources/subscriptions/resourceGroups"
GUIDS: dict[str, str] = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Container Registry Repository Reader": "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Metrics Writer (preview)": "635dd51f-9968-44d3-b7fb-6d9a6bd613ae",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure AI User": "53ca6127-db72-4b80-b1b0-d745d6d5456d",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Foundry Project Manager": "eadc314b-1a2d-4efa-be10-5d325db5065e",
    "Foundry Account Owner": "e47c6f54-e4a2-4754-9501-8e0985b135e1",
    "Foundry Owner": "c883944f-8b7b-4483-af10-35834be79c4a",
    "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Cognitive Services Contributor": "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Quota Request Operator": "0e5f05e5-9ab9-446b-b98d-1e2157c94125",
}
NAMES = {guid: name for name, guid in GUIDS.items()}
DESCRIPTIONS = {
    "Owner": "Grants full access to manage all resources, including the ability to assign roles in "
    "Azure RBAC.",
    "Contributor": "Grants full access to manage all resources, but does not allow you to assign "
    "roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
    "Reader": "View all resources, but does not allow you to make any changes.",
    "User Access Administrator": "Lets you manage user access to Azure resources.",
    "AcrPull": "acr pull",
    "AcrPush": "acr push",
    "Storage Blob Data Reader": "Allows for read access to Azure Storage blob containers and data",
    "Storage Blob Data Contributor": "Allows for read, write and delete access to Azure Storage "
    "blob containers and data",
    "Storage Blob Data Owner": "Allows for full access to Azure Storage blob containers and data, "
    "including assigning POSIX access control.",
    "AzureML Data Scientist": "Can perform all actions within an Azure Machine Learning workspace, "
    "except for creating or deleting compute resources and modifying the workspace itself.",
}


@dataclass(frozen=True)
class Role:
    """What a role allows: patterns in which `*` stands for anything, slashes too."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether the role allows an action (compared without case)."""
        return _any(self.actions, action) and not _any(self.not_actions, action)


_ML = "Microsoft.MachineLearningServices/workspaces"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
ROLES: dict[str, Role] = {
    "Owner": Role(("*",)),
    "Contributor": Role(
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    "Reader": Role(("*/read",)),
    "User Access Administrator": Role(
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*")
    ),
    "Role Based Access Control Administrator": Role(
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        )
    ),
    "AcrPull": Role(("Microsoft.ContainerRegistry/registries/pull/read",)),
    "AcrPush": Role(
        (
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        )
    ),
    "Storage Blob Data Reader": Role((f"{_BLOBS}/containers/read",)),
    "Storage Blob Data Contributor": Role(
        (f"{_BLOBS}/containers/delete", f"{_BLOBS}/containers/read", f"{_BLOBS}/containers/write")
    ),
    "Storage Blob Data Owner": Role((f"{_BLOBS}/containers/*",)),
    "AzureML Data Scientist": Role(
        (f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/delete", f"{_ML}/*/write"),
        (
            f"{_ML}/delete",
            f"{_ML}/write",
            f"{_ML}/computes/*/write",
            f"{_ML}/computes/*/delete",
            f"{_ML}/computes/listKeys/action",
            f"{_ML}/listKeys/action",
        ),
    ),
    "AzureML Compute Operator": Role((f"{_ML}/computes/*",)),
    "Managed Identity Operator": Role(
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
            f"{_GROUP_ACTIONS}/read",
            "Microsoft.Resources/deployments/*",
        )
    ),
}


def custom(world: World, guid: str) -> Record | None:
    """Return the definition of a custom role, or None."""
    return world.store.find_named(DEFINITION, guid)


def known(world: World, guid: str) -> str | None:
    """Return what a role is called here: a built-in one by name, a custom one by its id."""
    return NAMES.get(guid) or (guid if custom(world, guid) is not None else None)


def allowed(world: World, name: str) -> tuple[Role, ...]:
    """Return what a role allows, for each of its permissions; `name` as `known` gives it."""
    if name in ROLES:
        return (ROLES[name],)
    record = custom(world, name)
    permissions = record.body["properties"]["permissions"] if record is not None else []
    return tuple(
        Role(tuple(one.get("actions") or ()), tuple(one.get("notActions") or ()))
        for one in permissions
    )


def _any(patterns: tuple[str, ...], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) is not None for pattern in patterns)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*"), re.IGNORECASE)
