"""Azure ML datastores, among them the four that every workspace is born with.

Sources: recorded azure-ai-ml datastore_blob_store.json (bodies, `tags: null` where none were sent,
`secrets` never come back, listSecrets {secretsType, key}, 404 text, DELETE 200); published types
2026-05-01 (kinds, credentials, patterns, the query of the list); container names as in
data_create_uri_file. That the default one stays: azure-docs#73810.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml
from reconciler.sandbox.arm.errors import invalid_request, user_error
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
TYPE = f"{ml.WORKSPACE}/datastores"
_GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PATTERNS = {
    **dict.fromkeys(("accountName", "fileShareName", "filesystem"), re.compile(".*[a-zA-Z0-9_].*")),
    **dict.fromkeys(("clientId", "tenantId"), _GUID),
}
_DEFAULTS: Json = {
    "description": None,
    "tags": None,
    "properties": None,
    "endpoint": "core.sandbox.test",
    "protocol": "https",
    "serviceDataAccessAuthIdentity": "None",
}


def create_system_datastores(world: World, workspace: Record, account: Record | None) -> None:
    """Create datastores, containers and file shares, once, when a workspace becomes ready."""
    default_id = f"{workspace.id}/datastores/workspaceblobstore"
    if account is None or world.store.get(default_id) is not None:
        return
    guid = workspace.hidden["workspace"]
    blob, artifacts = f"azureml-blobstore-{guid}", f"azureml-{guid}"
    file_store, code = f"azureml-filestore-{guid}", f"code-{guid}"
    for name, container in (("workspaceblobstore", blob), ("workspaceartifactstore", artifacts)):
        world.blobs.create_container(account.name, container)
        place = {"datastoreType": "AzureBlob", "containerName": container}
        _create(world, workspace, name, {**place, "accountName": account.name})
    for name, share in (("workspacefilestore", file_store), ("workspaceworkingdirectory", code)):
        world.files.create_share(account.name, share)
        place = {"datastoreType": "AzureFile", "fileShareName": share}
        _create(world, workspace, name, {**place, "accountName": account.name})


def _create(world: World, workspace: Record, name: str, place: Json) -> None:
    mode = str(workspace.body["properties"].get("systemDatastoresAuthMode", "AccessKey"))
    has_key = mode.lower() == "accesskey" or place["datastoreType"] == "AzureFile"
    properties: Json = {
        **_DEFAULTS,
        "isDefault": name == "workspaceblobstore",
        "credentials": {"credentialsType": "AccountKey" if has_key else "None"},
        **place,
        "intellectualProperty": None,
        "subscriptionId": workspace.id.split("/")[2],
        "resourceGroup": workspace.id.split("/")[4],
    }
    if "containerName" in place:
        properties["serviceDataAccessAuthIdentity"] = "WorkspaceSystemAssignedIdentity"
    now = world.clock.iso()
    hidden: Json = {
        "systemData": {
            "createdAt": now,
            "createdBy": "Azure Machine Learning",
            "createdByType": "Application",
            "lastModifiedAt": now,
            "lastModifiedBy": "Azure Machine Learning",
            "lastModifiedByType": "Application",
        },
        "etag": '"system"',
    }
    identity = f"{workspace.id}/datastores/{name}"
    world.store.put(Record(identity, TYPE, {"properties": properties}, hidden, world.clock.now()))


def _prepare(write: Write) -> None:
    """A PUT replaces all: secrets of the credentials that were there before are forgotten."""
    properties = write.properties
    credentials = properties["credentials"]
    write.hidden.pop("secrets", None)
    if secrets := credentials.pop("secrets", None):
        write.hidden["secrets"] = secrets
    _check_texts(properties)
    _check_texts(credentials)
    properties["isDefault"] = write.old_properties.get("isDefault", False)
    for name, value in _DEFAULTS.items():
        if properties.get(name) is None:
            properties[name] = value


def _check_texts(values: Json) -> None:
    """Refuse what the published patterns do; in which words is UNVERIFIED."""
    for name, pattern in _PATTERNS.items():
        value = values.get(name)
        if value is not None and not pattern.fullmatch(value):
            text = f"The field {name} must match the regular expression '{pattern.pattern}'."
            raise invalid_request("InvalidRequestContent", text)


def _keep_default(world: World, record: Record, call: Call) -> None:
    """Refuse to delete the default datastore; in which words is UNVERIFIED."""
    if record.body["properties"]["isDefault"]:
        text = f"The default datastore {record.name} of a workspace cannot be deleted."
        raise user_error(text, "ValidationError")


def _filtered(world: World, records: list[Record], call: Call) -> list[Record]:
    """The datastores that the query asks for: by default, by names (a list with commas), by text."""
    query = call.query
    names = {name.lower() for name in query.get("names", "").split(",") if name}
    text = query.get("searchText", "").lower()
    default = query.get("isDefault", "").lower()
    if query.get("orderByAsc", "").lower() == "false":
        records = records[::-1]
    return [
        record
        for record in records
        if (not names or record.name.lower() in names)
        and text in record.name.lower()
        and default in ("", str(record.body["properties"]["isDefault"]).lower())
    ]


def _list_secrets(world: World, record: Record, call: Call) -> Answer:
    properties = record.body["properties"]
    kind = properties["credentials"]["credentialsType"]
    if kind == "None":
        raise user_error(f"Datastore {record.name} has no credentials.", "ValidationError")
    if "secrets" in record.hidden:
        return Answer(200, record.hidden["secrets"])
    return Answer(200, {"secretsType": kind, "key": _account_key(world, properties["accountName"])})


def _account_key(world: World, account: str) -> str:
    try:
        return world.account_key(account)
    except KeyError as error:
        text = f"The storage account '{account}' does not exist."
        raise user_error(text, "NotFoundError", 404) from error


DATASTORES = ResourceType(
    type=TYPE,
    names_created=True,
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema(
        """
        properties!: <ml.DatastoreProperties>
          datastoreType!: AzureBlob|AzureFile|AzureDataLakeGen2
          resourceGroup@2023-10-01/2022-05-01: ~
          subscriptionId@2023-10-01/2022-05-01: ~
          intellectualProperty@never/2023-04-01..2024-04-01: any
        """
    ),
    name_pattern=r"^[a-zA-Z0-9_]{1,255}$",
    tracked=False,
    shows_state=False,
    can_patch=False,
    not_found=ml.not_found("datastore"),
    prepare=_prepare,
    before_delete=_keep_default,
    list_filter=_filtered,
    actions={"listSecrets": _list_secrets},
)
TYPES = (DATASTORES,)
