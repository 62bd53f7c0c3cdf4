"""Azure ML workspaces: kinds Default, Hub and Project, with system datastores and soft delete.

Sources: azure-facts sections 10 and 11 (defaults, immutable fields, tombstones, projects inherit)
and 0.2 (linked ids keep their case); recordings (202 with Azure-AsyncOperation and Location); recorded datastore_blob_store.json
(datastore names and container form).
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import identities, ml, ml_datastores
from reconciler.sandbox.arm.errors import ArmError, conflict, user_error
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.ml_workspaces_schema import SCHEMA
from reconciler.sandbox.arm.ml_workspaces_shown import (
    INHERITED,
    LINKED,
    diagnose,
    linked,
    list_keys,
    present,
    projects,
)
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Route, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
DELETED = "deleted_workspaces"
KEPT_S = 14 * 86400.0
"""How long a deleted workspace may be recovered: concept-soft-delete of the ML documentation."""
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
    present=present,
    actions={"listKeys": list_keys, "diagnose": diagnose},
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
