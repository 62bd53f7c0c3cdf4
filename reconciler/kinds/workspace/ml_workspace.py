"""What workspace, hub and project share: one ARM type, three kinds.

Updates are a PATCH of what differs; links that Azure cannot change would replace it, which
its own soft-deleted twin stops. No API lists these twins: the published types know none.
Source: learn.microsoft.com/rest/api/azureml/workspaces; immutable fields as in the
published PATCH type and the Terraform provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from reconciler.diagnostics import ApiError, Diagnostic, RefusedError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded, same_id
from reconciler.engine.types import Address, JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.soft_delete import kept_until, refuse_replace
from reconciler.kinds.workspace.linked import Named, link
from reconciler.spec.model import matching

WORKSPACE_TYPE = "Microsoft.MachineLearningServices/workspaces"
API_VERSION = "2026-05-01"
NAME = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$"
SOFT_DELETED = "soft-deleted workspace exists"

WorkspaceName = Annotated[str, matching(NAME, "3 to 33 letters, digits, hyphens and underscores")]
"""3 to 33 letters, digits, hyphens and underscores."""

LINKS = {
    "storage_account": "storageAccount",
    "key_vault": "keyVault",
    "application_insights": "applicationInsights",
    "container_registry": "containerRegistry",
}
MUST_HAVE = ("storage_account", "key_vault")
KEPT_DAYS = 14
"""How long Azure keeps a deleted workspace."""

READ_ONLY = frozenset(
    {
        "properties.managedNetwork.networkId",
        "properties.managedNetwork.firewallPublicIpAddress",
        "properties.managedNetwork.status",
        "properties.mlFlowTrackingUri",
        "properties.notebookInfo",
        "properties.privateEndpointConnections",
        "properties.privateLinkCount",
        "properties.provisioningState",
        "properties.serviceProvisionedResourceGroup",
        "properties.storageHnsEnabled",
        "properties.tenantId",
        "properties.workspaceId",
        "properties.discoveryUrl",
        "properties.associatedWorkspaces",
    }
)
"""What Azure fills in and a PUT must not send back: the published type, and the two last
that it does not flag but the service sets.
"""

RULES = Rules(
    immutable=frozenset(
        {
            "location",
            "kind",
            "properties.storageAccount",
            "properties.keyVault",
            "properties.hbiWorkspace",
            "properties.hubResourceId",
        }
    ),
    same={
        "kind": same_folded,
        "properties.publicNetworkAccess": same_folded,
        "properties.systemDatastoresAuthMode": same_folded,
        "properties.managedNetwork.isolationMode": same_folded,
        **{f"properties.{name}": same_id for name in LINKS.values()},
        "properties.hubResourceId": same_id,
        "properties.primaryUserAssignedIdentity": same_id,
    },
    labels={
        "properties.friendlyName": "friendly_name",
        "properties.description": "description",
        "properties.publicNetworkAccess": "public_network_access",
        "properties.systemDatastoresAuthMode": "system_datastores_auth_mode",
        "properties.hbiWorkspace": "hbi_workspace",
        "properties.imageBuildCompute": "image_build_compute",
        "properties.managedNetwork.isolationMode": "managed_network.isolation_mode",
        "properties.primaryUserAssignedIdentity": "primary_user_assigned_identity",
        "properties.hubResourceId": "hub_id",
        **{f"properties.{arm}": spec for spec, arm in LINKS.items()},
    },
)


LEFT_BEHIND = {
    "container_registry": "images of its environments, and of jobs that ran, stay in the old "
    "registry: keep it as long as they are to be run again or traced",
    "storage_account": "data, outputs and logs of jobs that ran stay in the old account: keep it "
    "as long as they are to be read",
    "key_vault": "secrets of its connections and datastores stay in the old vault: state them "
    "again",
    "application_insights": "logs and metrics so far stay in the old one",
}
"""What another link of a workspace leaves where it was.

Source: learn.microsoft.com/azure/machine-learning/concept-workspace, Associated resources.
"""


class MLWorkspaceHandler(ArmHandler):
    """What workspace, hub and project have in common: reading, deleting, their tombstones."""

    type = WORKSPACE_TYPE
    holds_data = True
    api_version = API_VERSION
    lists = True
    links = frozenset(
        {*LINKS.values(), "hubResourceId", "keyVaultArmId", "primaryUserAssignedIdentity"}
    )
    shows_links = False
    read_only = READ_ONLY

    def consequences(self, change: Change) -> Iterator[str]:
        """Yield what stays with the old registry, account or vault where another is linked."""
        for field in change.fields:
            told = LEFT_BEHIND.get(field.label)
            if told and field.before:
                yield f"another `{field.label}` for `{change.address}`: {told}"

    def ends_runs(self, change: Change) -> str:
        """Return its id where it goes: what runs in it goes too."""
        return change.resource.resource_id if change.action.is_destructive else ""

    attributes = Attributes(frozenset({"id", "name", "location", "workspace_id", "identity"}))
    policy: ClassVar[Policy] = Policy(RULES)

    def collection(self, resource: Resource) -> str:
        """Return the path that lists workspaces, hubs and projects of the group in one go."""
        return resource.resource_id.rpartition("/")[0]

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what Azure shows; a plain workspace may come without its kind."""
        return super().observed(context, resource, {**body, "kind": body.get("kind") or "Default"})

    def patch_body(self, change: Change, desired: JsonObject) -> JsonObject:
        """Return what differs; an identity that is let go is named with null, as a PATCH wants."""
        body = super().patch_body(change, desired)
        wanted = (body.get("identity") or {}).get("userAssignedIdentities")
        if wanted and change.observed:
            held = (change.observed.body.get("identity") or {}).get("userAssignedIdentities") or {}
            kept = {key.casefold() for key in wanted}
            gone = {key: None for key in held if key.casefold() not in kept}
            body["identity"] = {**body["identity"], "userAssignedIdentities": {**gone, **wanted}}
        return body

    def outputs(self, body: JsonObject) -> dict[str, Any]:
        """Return the GUID that studio links carry, and where the data plane is."""
        properties = body.get("properties") or {}
        return {
            "name": body.get("name"),
            "location": body.get("location"),
            "identity": (body.get("identity") or {}).get("principalId"),
            "workspace_id": properties.get("workspaceId"),
            "discovery_url": properties.get("discoveryUrl"),
        }

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """PUT it; a soft-deleted twin, which no API lists, is told with the choices."""
        try:
            super().create(context, resource, desired)
        except ApiError as error:
            if SOFT_DELETED in str(error).casefold():
                raise _twin(resource, error) from error
            raise

    def review(self, change: Change) -> Change:
        """Refuse a replace, which its own soft-deleted twin would stop half-way."""
        if _for_good(change.resource):
            return change
        way_out = "; `permanently_delete: true` permanently deletes it and everything in it"
        return refuse_replace(change, KEPT_DAYS, way_out)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """DELETE; Azure keeps a soft-deleted twin unless the spec asks for none."""
        purge = {"forceToPurge": "true"} if _for_good(resource) else None
        context.run.arm.delete(resource.resource_id, self.api_version, purge)

    def remains(self, resource: Resource) -> str:
        """Say that the name stays taken."""
        if _for_good(resource):
            return ""
        return (
            f"{self.kind} {resource.resource_id.rpartition('/')[2]}: soft-deleted until "
            f"{kept_until(KEPT_DAYS)}, its name stays taken; to purge it: {_purge(resource)}"
        )


def workspace_resource(
    handler: MLWorkspaceHandler,
    expansion: Expansion,
    settings: Named,
    properties: JsonObject,
    depends_on: frozenset[Address],
) -> Resource:
    """Return a workspace, hub or project as a resource."""
    words = {"workspace": "Default", "hub": "Hub", "project": "Project"}
    resource_id = expansion.id_in_group(handler.type, settings.name)
    return Resource(
        handler.section,
        handler.kind,
        resource_id,
        {
            "location": expansion.location,
            "kind": words[handler.kind],
            "identity": {"type": "SystemAssigned"},
            "tags": expansion.tracked_tags(resource_id, settings.tags),
            "properties": properties,
        },
        settings=settings,
        position=expansion.document.position((handler.section,)),
        depends_on=depends_on | {"resource_group"},
        known={"name": settings.name, "location": expansion.location},
    )


def linked_ids(
    expansion: Expansion, section: str, fallback: str = ""
) -> tuple[JsonObject, frozenset[Address]]:
    """Return the linked resources of a workspace or hub: ARM property to id, and addresses.

    Storage and key vault must be there: one that is missing is noted as a problem.
    """
    ids: JsonObject = {}
    addresses: set[Address] = set()
    for field, name in LINKS.items():
        shared = fallback if field in MUST_HAVE else ""
        found, address = link(expansion, section, field, shared)
        if found:
            ids[name] = found
            addresses.add(address)
        elif field in MUST_HAVE and not {section, fallback} & expansion.broken:
            expansion.problem(
                f"`{section}` needs a `{field}`",
                (section,),
                hint=f"add `{field}: {{name: ...}}`, or give its resource id",
            )
    return ids, frozenset(addresses)


def _for_good(resource: Resource) -> bool:
    """Return whether the spec says that a delete leaves nothing; never so for a pruned one."""
    return bool(getattr(resource.settings, "permanently_delete", False))


def _purge(resource: Resource) -> str:
    """Return the command that deletes it, soft-deleted or not, for good."""
    group, name = (resource.resource_id.split("/")[i] for i in (4, -1))
    return f"`az ml workspace delete --name {name} --resource-group {group} --permanently-delete`"


def _twin(resource: Resource, error: ApiError) -> RefusedError:
    name = resource.resource_id.rpartition("/")[2]
    return RefusedError(
        Diagnostic(
            f"a soft-deleted {resource.kind} {name!r} blocks `{resource.address}`",
            resource.position,
            detail=f"Azure keeps a deleted {resource.kind} for {KEPT_DAYS} days: "
            f"{error.diagnostics[0].detail}",
            hint="recover it in the portal, choose another `name`, or purge it yourself: "
            f"{_purge(resource)}",
        )
    )
