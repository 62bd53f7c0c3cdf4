"""Azure ML workspaces: kinds Default, Hub and Project, with system datastores and soft delete.

Sources: azure-facts sections 10 and 11 (defaults, immutable fields, tombstones, projects inherit)
and 0.2 (linked ids keep their case); recordings (202 with Azure-AsyncOperation and Location); recorded datastore_blob_store.json
(datastore names and container form).
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import containerregistry, identities, later, ml, ml_datastores
from reconciler.sandbox.arm.errors import ArmError, conflict, user_error
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.ml_workspaces_schema import SCHEMA
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Route, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
DELETED = "deleted_workspaces"
DIAGNOSE_S = 20.0
KEPT_S = 14 * 86400.0
"""How long a deleted workspace may be recovered: concept-soft-delete of the ML documentation."""
LINKED = {
    "storageAccount": "Microsoft.Storage/storageAccounts",
    "keyVault": "Microsoft.KeyVault/vaults",
    "applicationInsights": "Microsoft.Insights/components",
    "containerRegistry": "Microsoft.ContainerRegistry/registries",
}
INHERITED = (*LINKED, "managedNetwork", "encryption")
NAME = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$"


def _prepare(write: Write) -> None:
    _check_tombstone(write)
    kind = str(write.body.get("kind") or (write.old and write.old.body["kind"]) or "Default")
    proper = {"default": "Default", "hub": "Hub", "project": "Project"}.get(kind.lower())
    if proper is None:
        raise user_error(f"Workspace kind '{kind}' is not supported.", "ValidationError")
    write.body["kind"] = proper
    if not write.body.get("location") and write.old is not None:
        write.body["location"] = write.old.body["location"]
    if write.old is None and not write.body.get("location"):
        raise ArmError(400, "LocationRequired", "The location property is required.")
    identities.prepare(write, default="SystemAssigned")
    _check_identity(write)
    if proper == "Project":
        _prepare_project(write)
    else:
        _prepare_linked(write)
    _defaults(write)


def _check_identity(write: Write) -> None:
    identity = write.body["identity"]["type"]
    primary = write.properties.get("primaryUserAssignedIdentity")
    if identity == "UserAssigned" and not primary:
        raise user_error(
            "primaryUserAssignedIdentity is required when the workspace has only user-assigned "
            "identities.",
            "ValidationError",
        )


def _check_tombstone(write: Write) -> None:
    if write.old is None and _is_kept(write.world, write.id):
        raise ArmError(
            400,
            "BadRequest",
            "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete",
        )


def _prepare_project(write: Write) -> None:
    properties = write.properties
    hub = write.world.store.get(str(properties.get("hubResourceId") or ""))
    if hub is None and write.old is not None:
        hub = write.world.store.get(write.old_properties["hubResourceId"])
    if hub is None or hub.body.get("kind") != "Hub":
        raise user_error(
            f"Hub '{properties.get('hubResourceId')}' of the project was not found.",
            "ValidationError",
        )
    properties["hubResourceId"] = hub.id
    if write.body["location"] != hub.body["location"]:
        raise user_error(
            f"Project location must be the hub's location '{hub.body['location']}'.",
            "ValidationError",
        )
    for name in INHERITED:
        if properties.get(name) is not None:
            raise user_error(
                f"The property '{name}' is inherited from the hub and cannot be set on a project.",
                "ValidationError",
            )


def _prepare_linked(write: Write) -> None:
    properties = write.properties
    for name in ("storageAccount", "keyVault"):
        if not properties.get(name):
            properties[name] = write.old_properties.get(name)
        if not properties.get(name):
            raise user_error(f"Missing dependent resource: {name}.", "ValidationError")
    for name, type_ in LINKED.items():
        linked = properties.get(name)
        if not linked:
            properties.pop(name, None)
            continue
        target = parse(str(linked))
        if target is None or target.is_collection or target.type.lower() != type_.lower():
            raise _not_there(name, str(linked))
        properties[name] = _as_kept(str(linked))


def _not_there(name: str, linked: str) -> ArmError:
    return user_error(
        f"The {name} '{linked}' was not found: dependent resources must exist.",
        "ValidationError/ResourceNotFound",
    )


def _as_kept(linked: str) -> str:
    """A linked id as it was sent, but for two namespaces that Azure spells in its own way."""
    for namespace in ("Microsoft.Keyvault", "Microsoft.insights"):
        linked = re.sub(rf"(?<=/providers/){namespace}(?=/)", namespace, linked, flags=re.I)
    return linked


def _defaults(write: Write) -> None:
    write.hidden.setdefault("workspace", str(uuid.uuid4()))
    write.body.setdefault("sku", {"name": "Basic", "tier": "Basic"})
    write.body["sku"].setdefault("tier", "Basic")
    defaults: Json = {
        "friendlyName": write.name,
        "description": "",
        "hbiWorkspace": False,
        "publicNetworkAccess": "Enabled",
        "allowPublicAccessWhenBehindVnet": False,
        "v1LegacyMode": False,
        "enableDataIsolation": write.body["kind"] != "Default",
        "systemDatastoresAuthMode": "AccessKey",
        "provisionNetworkNow": False,
    }
    if write.body["kind"] != "Project":
        defaults["managedNetwork"] = {"isolationMode": "Disabled"}
    for key, value in defaults.items():
        if write.properties.get(key) is None:
            write.properties[key] = write.old_properties.get(key, value)


def _ready(world: World, record: Record) -> None:
    """What it links to is looked for while it is made: a PUT may come before theirs (recorded)."""
    for name in LINKED if record.body["kind"] != "Project" else ():
        wanted = record.body["properties"].get(name)
        if wanted and world.store.get(wanted) is None:
            raise _not_there(name, wanted)
    ml_datastores.create_system_datastores(world, record, linked(world, record, "storageAccount"))


def linked(world: World, record: Record, name: str) -> Record | None:
    """Return a workspace's linked resource, a project's through its hub."""
    owner = record
    if record.body.get("kind") == "Project":
        hub = world.store.get(record.body["properties"]["hubResourceId"])
        owner = hub or record
    return world.store.get(str(owner.body["properties"].get(name) or ""))


def projects(world: World, hub: Record) -> list[Record]:
    """Return the projects of a hub."""
    return [
        record
        for record in world.store.of_type(ml.WORKSPACE)
        if str(record.body["properties"].get("hubResourceId", "")).lower() == hub.id.lower()
    ]


def _present(world: World, record: Record, body: Json) -> None:
    identities.present(world, record, body)
    properties = body["properties"]
    body.setdefault("tags", {})
    body["etag"] = None
    for name in ("containerRegistry", "imageBuildCompute"):
        properties.setdefault(name, None)
    properties["softDeleteEnabled"] = True
    if body["kind"] == "Project":
        hub = world.store.get(properties["hubResourceId"])
        for name in INHERITED:
            value = hub.body["properties"].get(name) if hub else None
            if value is not None:
                properties[name] = value
    if body["kind"] == "Hub":
        properties["associatedWorkspaces"] = [one.id for one in projects(world, record)]
    location = body["location"]
    properties |= {
        "workspaceId": record.hidden["workspace"],
        "tenantId": world.identity.tenant_id,
        "discoveryUrl": f"{world.base_url}/_aml/discovery",
        "mlFlowTrackingUri": f"azureml://{location}.api.azureml.ms/mlflow/v1.0{record.id}",
        "privateLinkCount": 0,
        "storageHnsEnabled": False,
        "notebookInfo": {
            "resourceId": record.hidden["workspace"].replace("-", ""),
            "fqdn": f"ml-{record.name.lower()}-{location}.{location}.notebooks.sandbox.test",
            "isPrivateLinkEnabled": False,
        },
    }


def _before_delete(world: World, record: Record, call: Call) -> None:
    if record.body.get("kind") == "Hub" and projects(world, record):
        raise conflict(
            "Conflict",
            f"Hub '{record.name}' cannot be deleted: it has associated projects. Delete them first.",
        )
    purge = call.query.get("forceToPurge", "false").lower() == "true"
    record.hidden["purge"] = purge


def _removed(world: World, record: Record) -> None:
    if not record.hidden.get("purge"):
        until = world.clock.now() + KEPT_S
        document = {"id": record.id, "location": record.body["location"], "until": until}
        world.store.put_document(DELETED, record.id.lower(), document)


def _is_kept(world: World, workspace_id: str) -> bool:
    """Return whether a deleted workspace may still be recovered, so that its name is taken."""
    document = world.store.document(DELETED, workspace_id.lower())
    return document is not None and bool(world.clock.now() < document["until"])


def _purge_tombstone(world: World, call: Call, path: dict[str, str]) -> Answer | None:
    """DELETE with forceToPurge on a tombstone; other deletes go the generic way."""
    purge = call.query.get("forceToPurge", "false").lower() == "true"
    if not purge or world.store.get(call.path) or not _is_kept(world, call.path):
        return None
    world.store.delete_document(DELETED, call.path.lower())
    return Answer(200)


def _list_keys(world: World, record: Record, call: Call) -> Answer:
    account = linked(world, record, "storageAccount")
    if account is None:
        raise user_error("The workspace's storage account was not found.", "NotFoundError", 404)
    insights = linked(world, record, "applicationInsights")
    keys = {
        "userStorageKey": account.hidden["keys"][0],
        "userStorageResourceId": account.id,
        "appInsightsInstrumentationKey": insights.hidden["key"] if insights else None,
        "containerRegistryCredentials": _registry_login(world, record),
        "notebookAccessKeys": {"primaryAccessKey": None, "secondaryAccessKey": None},
    }
    return Answer(200, keys)


def _registry_login(world: World, record: Record) -> Json:
    """Published example Workspace/listKeys; a registry without its admin user has no passwords."""
    registry = linked(world, record, "containerRegistry")
    if registry is None or not registry.body["properties"].get("adminUserEnabled"):
        return {"location": None, "username": None, "passwords": None}
    return {"location": registry.body["location"], **containerregistry.login(world, registry)}


def _diagnose(world: World, record: Record, call: Call) -> Answer:
    """Nothing is ever wrong with a sandbox's network (published example Workspace/diagnose)."""
    checks = (
        "userDefinedRoute",
        "networkSecurityRule",
        "resourceLock",
        "dnsResolution",
        "storageAccount",
        "keyVault",
        "containerRegistry",
        "applicationInsights",
        "other",
    )
    results: Json = {"value": {f"{name}Results": [] for name in checks}}
    return later.accepted(world, call, later.begin(world, call, DIAGNOSE_S, results))


WORKSPACES = ResourceType(
    type=ml.WORKSPACE,
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=SCHEMA,
    name_pattern=NAME,
    create=Lro.BOTH,
    create_status=202,
    update=Lro.BOTH,
    update_status=202,
    delete=Lro.BOTH,
    create_s=60.0,
    update_s=20.0,
    delete_s=60.0,
    says_retry_after=False,
    immutable=(
        "kind",
        "properties.storageAccount",
        "properties.keyVault",
        "properties.hbiWorkspace",
        "properties.hubResourceId",
    ),
    immutable_error=lambda path, name: user_error(
        f"Property '{path}' of workspace '{name}' cannot be changed after creation.",
        "ValidationError/Immutable",
    ),
    prepare=_prepare,
    ready=_ready,
    before_delete=_before_delete,
    removed=_removed,
    present=_present,
    actions={"listKeys": _list_keys, "diagnose": _diagnose},
)
TYPES = (WORKSPACES,)
ROUTES: tuple[Route, ...] = (
    Route(
        "DELETE",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/"
        "Microsoft.MachineLearningServices/workspaces/{name}",
        ml.VERSIONS,
        _purge_tombstone,
    ),
)
