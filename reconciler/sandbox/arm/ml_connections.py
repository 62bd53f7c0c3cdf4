"""Workspace connections: credentials are kept, never shown, and listed only on demand.

Sources: recorded connection_git_pat.json (PUT 200, `credentials: null`, the account-rp 404, lists
by category); azure-facts section 18. A project also lists its hub's connections.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml
from reconciler.sandbox.arm.errors import ArmError, user_error
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
TYPE = f"{ml.WORKSPACE}/connections"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d")


def _not_found(name: str, resource_id: str) -> ArmError:
    text = f"Connection {name} can't be found in this workspace"
    return ArmError(404, "UserError", text, inner="NotFoundError", component="account-rp")


def _prepare(write: Write) -> None:
    properties = write.properties
    credentials = properties.pop("credentials", None)
    _check_credentials(properties, credentials)
    if credentials is not None:
        write.hidden["credentials"] = credentials
    elif write.old is not None and write.old_properties.get("authType") != properties["authType"]:
        write.hidden.pop("credentials", None)
    for key, value in (("metadata", {}), ("isSharedToAll", False), ("sharedUserList", [])):
        if properties.get(key) is None:
            properties[key] = value
    if not _MOMENT.match(str(properties.get("expiryTime"))):  # recorded: forgotten
        properties["expiryTime"] = None
    properties.setdefault("peRequirement", "NotRequired")
    properties.setdefault("peStatus", "NotApplicable")
    properties.setdefault("useWorkspaceManagedIdentity", False)


def _check_credentials(properties: Json, credentials: Json | None) -> None:
    kind = properties["authType"]
    if kind == "CustomKeys" and not (credentials or {}).get("keys"):
        raise user_error("CustomKeys connections need credentials.keys.", "ValidationError")


def _present(world: World, record: Record, body: Json) -> None:
    body.setdefault("tags", None)
    body.setdefault("location", None)
    properties = body["properties"]
    properties["credentials"] = None
    properties.setdefault("expiryTime", None)
    properties["createdByWorkspaceArmId"] = ml.workspace_id(record.id)
    properties["group"] = "AzureAI" if properties["category"] != "Git" else "ServicesAndApps"


def _list_secrets(world: World, record: Record, call: Call) -> Answer:
    body = world.arm.present(record, call.version)
    body["properties"]["credentials"] = copy.deepcopy(record.hidden.get("credentials"))
    return Answer(200, body)


def _hub_of(world: World, workspace: Record) -> Record | None:
    return world.store.get(str(workspace.body["properties"].get("hubResourceId") or ""))


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    owner = call.path.rsplit("/", 1)[0]
    workspace = world.store.get(owner)
    if workspace is None:
        return None  # type: ignore[return-value] # the engine answers with the right 404
    hub = _hub_of(world, workspace)
    found = list(world.store.of_type(TYPE, workspace.id))
    if hub is not None:
        own = {record.name.lower() for record in found}
        shared = world.store.of_type(TYPE, hub.id)
        found += [record for record in shared if record.name.lower() not in own]
    category = call.query.get("category")
    items = [
        world.arm.present(record, call.version)
        for record in found
        if category is None or record.body["properties"]["category"].lower() == category.lower()
    ]
    return Answer(200, page(world, call, items))


CONNECTIONS = ResourceType(
    type=TYPE,
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema(
        """
        properties!: <ml.WorkspaceConnectionPropertiesV2>
          category!: ~
          credentials@2022-05-01: ~
          metadata@2024-04-01/2023-04-01: map
          isSharedToAll@2024-04-01/2023-08-01: bool
          sharedUserList@2024-04-01/2024-01-01: [str]
          expiryTime@2024-04-01/2023-04-01: str
          error@2025-12-01/2024-07-01: str
          peRequirement@2025-12-01/2024-04-01: Required|NotRequired|NotApplicable
          peStatus@2025-12-01/2024-04-01: Inactive|Active|NotApplicable
          useWorkspaceManagedIdentity@2025-12-01/2024-04-01: bool
          value@2022-05-01..2025-09-01/2022-02-01..2023-04-01: str
          valueFormat@2022-05-01..2025-09-01/2022-02-01..2023-04-01: str
          createdByWorkspaceArmId-@2024-04-01/2023-08-01: str
          group-@2024-04-01/2024-01-01: str
        tags: map
        location: str
        """
    ),
    # published: {2,32}; but a name of 34 was recorded being accepted (connection_git_pat.json)
    name_pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,33}$",
    tracked=False,
    create_status=200,
    shows_state=False,
    system_data_since="2024",
    not_found=_not_found,
    prepare=_prepare,
    present=_present,
    actions={"listsecrets": _list_secrets},
)
TYPES = (CONNECTIONS,)
ROUTES = (
    Route(
        "GET",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/"
        "Microsoft.MachineLearningServices/workspaces/{workspace}/connections",
        ml.VERSIONS,
        _list,
    ),
)
