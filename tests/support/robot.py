"""A principal with no rights but those that a test gives it: a pipeline's managed identity."""

import time
import uuid

from reconciler.cloud.tokens import Token, Tokens
from tests.support.vaults import GROUP, managed_token

SUBSCRIPTION = GROUP.rpartition("/")[0]
HOME = f"{GROUP}/rg-robots"
ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
}
"""Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles."""


class Robot:
    """The credential of a managed identity, made in a group of its own."""

    def __init__(self, azure, loaded):
        """Make the identity, as the owner of the sandbox."""
        self._azure, self._loaded = azure, loaded
        arm = azure.connection(loaded).arm
        arm.put(HOME, "2025-04-01", {"location": "eastus"})
        identity = f"{HOME}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/bot"
        made = arm.put(identity, "2024-11-30", {"location": "eastus"})["properties"]
        self._client_id, self._principal_id = made["clientId"], made["principalId"]

    def get_token(self, *scopes, run):
        """Return a token, as a machine in Azure asks for one."""
        resource = scopes[0].removesuffix("/.default")
        found = managed_token(self._azure, self._client_id, resource)
        return Token(found, int(time.time()) + 3600)

    def is_given(self, role, scope=SUBSCRIPTION, condition=None):
        """Give it a built-in role, as the owner of the sandbox."""
        properties = {
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}",
            "principalId": self._principal_id,
            "principalType": "ServicePrincipal",
        }
        if condition:
            properties |= {"condition": condition, "conditionVersion": "2.0"}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self._azure.connection(self._loaded).arm.put(path, "2022-04-01", {"properties": properties})

    def connection(self):
        """Return a read-only run that is signed in as this identity."""
        run = self._azure.connection(self._loaded, read_only=True)
        run.azure._tokens = Tokens(self)
        return run
