"""A kind that only tests know: a blob container in the storage account of the workspace.

It is the whole of what a new kind takes, apart from the model of its section.
"""

from typing import Any, ClassVar

from reconciler.engine.decide import Policy
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Owner, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.ownership import mark, owner_of
from reconciler.kinds.within import Within

MARK = "reconcileowner"
"""Names of a container's metadata are identifiers: they take no hyphen."""


class ToyHandler(ArmHandler):
    """Knows one blob container for each workspace's storage account."""

    kind = "blob container"
    section = "containers"
    type = "Microsoft.Storage/storageAccounts/blobServices/containers"
    api_version = "2026-04-01"
    has_tags = False
    costs_money = True
    within = (Within("storage account", "blobServices/default/containers"),)
    policy: ClassVar[Policy] = Policy(Rules(immutable=frozenset({"properties.publicAccess"})))

    def expand(self, spec: Any, expansion: Expansion) -> None:
        """Add one to the account that the workspace is linked to."""
        account = expansion.resources.get("workspace.storage_account")
        if account is None:
            return
        resource_id = f"{account.resource_id}/blobServices/default/containers/toy"
        metadata = {MARK: mark(expansion.owner, resource_id)}
        expansion.add(
            Resource(
                "containers.toy",
                self.kind,
                resource_id,
                {"properties": {"metadata": metadata}},
                depends_on=frozenset({account.address}),
            )
        )

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whose mark the metadata carries."""
        metadata = (body.get("properties") or {}).get("metadata") or {}
        return owner_of(metadata.get(MARK), owner, resource_id)
