"""The prompt flow service: flows made from a folder in the workspace's working directory share.

Create and get: recorded traffic of the promptflow client. List, update (PUT) and archive (PATCH)
follow the published swagger of microsoft/promptflow and were never seen in a recording. DELETE
is not in that swagger at all; the sandbox offers it so that a test can clean up, and answers
`x-sandbox-unverified: true`. The swagger's path is `Flows`; `PromptFlows` is taken as the same.
"""

from __future__ import annotations

import uuid

from aiohttp import web

from reconciler.sandbox.serving.exchange import (
    AmlError,
    Json,
    caller,
    json_body,
    workspace_of,
)
from reconciler.sandbox.serving.flowfile import check_flow_file
from reconciler.sandbox.world import READS, STALE, World

SPACE = "flows"
FLOW_TYPES = {name.lower(): name for name in ("Default", "Evaluation", "Chat", "Rag")}
TEXTS = ("flowName", "description", "flowDefinitionFilePath", "vmSize", "identity", "computeName")
CREATE_KEYS = {
    *TEXTS, "details", "tags", "flow", "flowType", "flowRunSettings", "isArchived",
    "maxIdleTimeSeconds", "enableMultiContainer",
}  # fmt: skip
UPDATE_KEYS = {*CREATE_KEYS, "flowRunResult", "flowTestMode", "flowTestInfos"}
UNVERIFIED = {"x-sandbox-unverified": "true"}


class Flows:
    """Flow handlers. A flow is kept as a document with the workspace it belongs to."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST: the folder must hold a flow.dag.yaml that parses."""
        claims = caller(self._world, request)
        workspace = workspace_of(self._world, request)
        body = await json_body(request)
        _check_body(body, CREATE_KEYS)
        path = body.get("flowDefinitionFilePath")
        if not path:
            raise AmlError(400, "InvalidFlow", "flowDefinitionFilePath must not be empty.")
        await check_flow_file(self._world, workspace, path)
        flow = self._new(workspace, body, claims)
        self._put(flow["flowId"], {"in": _key(workspace), "flow": flow})
        return web.json_response({"eTag": {}, **flow})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """GET one; the client sends the workspace's id as experimentId."""
        flow = self._find(request)
        return web.json_response({"timestamp": self._world.clock.iso(), "eTag": {}, **flow})

    async def listing(self, request: web.Request) -> web.StreamResponse:
        """GET all, the newest first; flowType and listViewType narrow."""
        claims = caller(self._world, request)
        workspace = workspace_of(self._world, request)
        view = request.query.get("listViewType", "ActiveOnly").lower()
        wanted = request.query.get("flowType", "").lower()
        found = []
        for flow in self._flows(request, workspace):
            is_shown = view == "all" or flow["isArchived"] == (view == "archivedonly")
            is_owned = flow["owner"]["userObjectId"] == claims["oid"]
            if request.query.get("ownedOnly", "").lower() == "true" and not is_owned:
                continue
            if is_shown and wanted in {"", flow["flowType"].lower()}:
                base = {key: flow[key] for key in flow if key != "studioPortalEndpoint"}
                found.append(base)
        return web.json_response(found[::-1])

    async def update(self, request: web.Request) -> web.StreamResponse:
        """PUT: what is sent replaces what was there; the rest stays."""
        flow = dict(self._find(request))
        body = await json_body(request)
        _check_body(body, UPDATE_KEYS)
        if "flowDefinitionFilePath" in body:
            workspace = workspace_of(self._world, request)
            await check_flow_file(self._world, workspace, body["flowDefinitionFilePath"])
        for key in ("flowName", "description", "tags", "flowDefinitionFilePath", "isArchived"):
            if key in body:
                flow[key] = body[key]
        return web.json_response(self._save(request, flow), headers=UNVERIFIED)

    async def patch(self, request: web.Request) -> web.StreamResponse:
        """PATCH: archive or restore."""
        flow = dict(self._find(request))
        body = await json_body(request)
        match body.get("flowPatchOperationType"):
            case "ArchiveFlow":
                flow["isArchived"] = True
            case "RestoreFlow":
                flow["isArchived"] = False
            case other:
                raise AmlError(400, "InvalidRequest", f"flowPatchOperationType {other!r}")
        return web.json_response(self._save(request, flow), headers=UNVERIFIED)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE: not in the published swagger; see the module's text."""
        flow = self._find(request)
        self._world.store.note_former(SPACE, flow["flowId"])
        self._world.store.delete_document(SPACE, flow["flowId"])
        return web.Response(status=204, headers=UNVERIFIED)

    def _find(self, request: web.Request) -> Json:
        caller(self._world, request)
        workspace = workspace_of(self._world, request)
        identity = request.match_info["flow"]
        if not request.query.get("experimentId"):  # required by the swagger
            raise AmlError(400, "InvalidRequest", "The experimentId field is required.")
        document = self._shown(request).get(identity)
        if document is None or document["in"] != _key(workspace):
            raise AmlError(404, "FlowNotFound", f"Flow with id {identity} not found.")
        flow: Json = document["flow"]
        return flow

    def _shown(self, request: web.Request) -> Json:
        """Return the flows that a request sees: a struck read sees the past."""
        store, is_read = self._world.store, request.method in READS
        if is_read and request.get(STALE):
            return store.former_documents(SPACE)
        return store.documents(SPACE)

    def _put(self, identity: str, document: Json) -> None:
        self._world.store.note_former(SPACE, identity)
        self._world.store.put_document(SPACE, identity, document)

    def _flows(self, request: web.Request, workspace: Json) -> list[Json]:
        documents = self._shown(request).values()
        return [held["flow"] for held in documents if held["in"] == _key(workspace)]

    def _save(self, request: web.Request, flow: Json) -> Json:
        flow["lastModifiedDate"] = self._world.clock.iso()
        workspace = workspace_of(self._world, request)
        self._put(flow["flowId"], {"in": _key(workspace), "flow": flow})
        return flow

    def _new(self, workspace: Json, body: Json, claims: Json) -> Json:
        identity, now = str(uuid.uuid4()), self._world.clock.iso()
        workspace_id = workspace["properties"].get("workspaceId", str(uuid.uuid4()))
        parts = str(workspace["id"]).strip("/").split("/")
        studio_workspace = f"/{'/'.join(parts)}".replace("resourceGroups", "resourcegroups")
        return {
            "studioPortalEndpoint": (
                f"{self._world.base_url}/portal/prompts/flow/{workspace_id}/{identity}/details"
                f"?wsid={studio_workspace}"
            ),
            "flowId": identity,
            "flowName": body.get("flowName") or "",
            "description": body.get("description"),
            "tags": body.get("tags") or {},
            "flowType": FLOW_TYPES[(body.get("flowType") or "default").lower()],
            "experimentId": workspace_id,
            "createdDate": now,
            "lastModifiedDate": now,
            "owner": {
                "userObjectId": claims["oid"],
                "userTenantId": claims["tid"],
                "userName": claims["appid"],
            },
            "flowResourceId": (
                f"azureml://locations/{workspace['location']}/workspaces/{workspace_id}"
                f"/flows/{identity}"
            ),
            "isArchived": bool(body.get("isArchived", False)),
            "flowDefinitionFilePath": body["flowDefinitionFilePath"],
            "enableMultiContainer": bool(body.get("enableMultiContainer", False)),
        }


def _key(workspace: Json) -> str:
    return str(workspace["id"]).lower()


def _check_body(body: Json, known: set[str]) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        raise AmlError(400, "InvalidRequest", f"Unknown members of the body: {unknown}")
    for key in TEXTS:
        if not isinstance(body.get(key), str | None):
            raise AmlError(400, "InvalidRequest", f"{key} must be a string.")
    tags = body.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(text, str) for text in tags.values()):
        raise AmlError(400, "InvalidRequest", "tags must map strings to strings.")
    if (body.get("flowType") or "default").lower() not in FLOW_TYPES:
        raise AmlError(400, "InvalidRequest", f"Unknown flowType {body['flowType']!r}.")
