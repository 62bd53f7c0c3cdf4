"""Azure ML datastores, among them the four that every workspace is born with.

Source: recorded azure-ai-ml datastore_blob_store.json (bodies, `secrets` never come back,
listSecrets {secretsType, key}, 404 text, DELETE 200); container names as in data_create_uri_file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml
from reconciler.sandbox.arm.errors import user_error
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
TYPE = f"{ml.WORKSPACE}/datastores"


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
        _create(world, workspace, name, {"datastoreType": "AzureBlob", "containerName": container})
    for name, share in (("workspacefilestore", file_store), ("workspaceworkingdirectory", code)):
        world.files.create_share(account.name, share)
        _create(world, workspace, name, {"datastoreType": "AzureFile", "fileShareName": share})


def _create(world: World, workspace: Record, name: str, place: Json) -> None:
    from reconciler.sandbox.arm.ml_workspaces import linked

    account = linked(world, workspace, "storageAccount")
    mode = str(workspace.body["properties"].get("systemDatastoresAuthMode", "AccessKey"))
    has_key = mode.lower() == "accesskey" or place["datastoreType"] == "AzureFile"
    properties: Json = {
        "description": None,
        "tags": None,
        "properties": None,
        "isDefault": name == "workspaceblobstore",
        "credentials": {"credentialsType": "AccountKey" if has_key else "None"},
        **place,
        "accountName": account.name if account else "",
        "endpoint": "core.sandbox.test",
        "protocol": "https",
        "serviceDataAccessAuthIdentity": (
            "None" if "fileShareName" in place else "WorkspaceSystemAssignedIdentity"
        ),
    }
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
    properties = write.properties
    credentials = properties.get("credentials") or {"credentialsType": "None"}
    secrets = credentials.pop("secrets", None)
    if secrets:
        write.hidden["secrets"] = secrets
    properties["credentials"] = credentials
    properties["isDefault"] = write.old_properties.get("isDefault", False)
    properties.setdefault("description", None)
    properties.setdefault("tags", {})
    properties.setdefault("properties", None)
    properties.setdefault("endpoint", "core.sandbox.test")
    properties.setdefault("protocol", "https")
    properties.setdefault("serviceDataAccessAuthIdentity", "None")


def _list_secrets(world: World, record: Record, call: Call) -> Answer:
    properties = record.body["properties"]
    kind = properties["credentials"]["credentialsType"]
    if kind == "None":
        raise user_error(f"Datastore {record.name} has no credentials.", "ValidationError")
    if "secrets" in record.hidden:
        return Answer(200, record.hidden["secrets"])
    return Answer(200, {"secretsType": kind, "key": world.account_key(properties["accountName"])})


DATASTORES = ResourceType(
    type=TYPE,
    names_created=True,
    versions=ml.VERSIONS,
    bad_content=ml.bad_content,
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
    actions={"listSecrets": _list_secrets},
)
TYPES = (DATASTORES,)
