"""What must be there before a recording starts, and the names it takes in the sandbox.

Recordings start in the middle: a group, a workspace, an account, a blob that was there already.
Whatever a recording uses with success before it creates it is made first.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from reconciler.sandbox.arm.ids import parse
from tests.sandbox.replay.compare import Answer
from tests.sandbox.replay.recordings import WAIT_HEADERS, Exchange
from tests.support.sandbox import SUBSCRIPTION, Sandbox
from tests.support.scenario import ML, workspace

LONG_S = 86400.0
_SUBSCRIPTION = re.compile(r"(?<=/subscriptions/)[0-9a-f-]+", re.I)
ARM, STORAGE = "https://management.azure.com/.default", "https://storage.azure.com/.default"
_VERSIONS = {"Microsoft.Storage/storageAccounts": "2023-05-01"}
_BODIES: dict[str, dict[str, Any]] = {
    "Microsoft.Storage/storageAccounts": {
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {},
    }
}
_PENDING = {"Accepted", "Creating", "Deleting", "InProgress", "Queued", "Starting", "Updating"}
_COMPUTE = {
    "computeType": "AmlCompute",
    "properties": {
        "vmSize": "Standard_DS3_v2",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1},
    },
}


class Ground:
    """A sandbox prepared for one recording, through which its requests are sent."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._names: dict[str, str] = {}  # recorded name -> name here
        self._operations: dict[str, str] = {}  # recorded operation path -> URL here
        self._lengths: dict[str, int] = {}  # of files, by recorded path
        host = urlsplit(sandbox.url)
        self._http = HTTPSConnection(
            host.hostname or "",
            host.port,
            context=ssl.create_default_context(cafile=sandbox.ca_file),
        )
        sandbox.reset()
        sandbox.control("POST", "clock", {"mode": "speed=1"})  # Retry-After as Azure sends it

    # ---- preparation

    def prepare(self, exchanges: list[Exchange]) -> None:
        """Make what the recording expects to find."""
        for path in _expected(exchanges):
            self._make(path)
        for exchange in exchanges:
            self._make_compute(exchange)
            if exchange.url.netloc.split(".")[1] in ("blob", "file"):
                self._name_storage(exchange)
        self._make_content(exchanges)

    def _make(self, path: str) -> None:
        target = parse(path)
        if target is None or not target.types:
            return
        if target.type == "Microsoft.Resources/resourceGroups":
            self.arm("PUT", path, "2021-04-01", {"location": "eastus"})
        elif target.type.lower() == ML.lower():
            group = path.partition("/providers/")[0]
            self._workspace(group, target.names[-1])
        elif target.type in _BODIES:
            body = {"location": "eastus", **_BODIES[target.type]}
            self.arm("PUT", path, _VERSIONS[target.type], body)

    def _workspace(self, group: str, name: str) -> None:
        def put(path: str, version: str, **body: Any) -> dict[str, Any]:
            sent = {"location": "eastus", **body}
            return self.arm("PUT", f"{group}/providers/{path}", version, sent)

        workspace(put, self._sandbox.server.tenant_id, name)

    def _make_compute(self, exchange: Exchange) -> None:
        used = ((exchange.body or {}) if isinstance(exchange.body, dict) else {}).get("properties")
        compute = (used or {}).get("computeId")
        if compute:
            self.arm("PUT", compute, "2024-10-01", {"location": "eastus", "properties": _COMPUTE})

    def _name_storage(self, exchange: Exchange) -> None:
        """The recorded account and container stand for those of the workspace's datastore."""
        service = exchange.url.netloc.split(".")[1]
        store = "workspaceblobstore" if service == "blob" else "workspaceworkingdirectory"
        found = self._sandbox.control("GET", "snapshot")
        rows = json.loads(found)["resources"]
        store_id = next(row[0] for row in rows if row[0].endswith(f"/datastores/{store}"))
        shown = self.arm("GET", store_id, "2024-10-01")["properties"]
        self._names[exchange.url.netloc.split(".")[0]] = shown["accountName"]
        container = shown.get("containerName") or shown["fileShareName"]
        self._names[exchange.path.split("/")[1]] = container

    def _make_content(self, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            service = exchange.url.netloc.split(".")[1]
            if "comp=range" in exchange.url.query:
                self._lengths[exchange.path] = len(str(exchange.body).encode())
            if service == "blob" and exchange.method == "HEAD" and exchange.status == 200:
                self._raw("PUT", self._data_path(exchange), b"x", {"x-ms-blob-type": "BlockBlob"})
            elif service == "file" and exchange.status == 409:
                self._raw("PUT", self._data_path(exchange), None, {})

    # ---- requests

    def arm(self, method: str, path: str, version: str, body: Any = None) -> dict[str, Any]:
        """Send a preparing request, wait until it is done, and return the resource."""
        path = _SUBSCRIPTION.sub(SUBSCRIPTION, path)
        status, shown, _ = self._sandbox.send(method, path, body, api_version=version)
        if status >= 400:
            raise AssertionError(f"preparing: {method} {path}: {status} {shown}")
        if method == "PUT":
            self.pass_time()
            _, shown, _ = self._sandbox.send("GET", path, api_version=version)
        found: dict[str, Any] = shown
        return found

    def pass_time(self) -> None:
        """Let everything that is under way come to its end."""
        self._sandbox.control("POST", "clock", {"advance": LONG_S})

    def send(self, exchange: Exchange) -> Answer:
        """Send a recorded request, in the state of things in which it was recorded."""
        if not _shows_pending(exchange):
            self.pass_time()
        answer = self._sent(exchange)
        self._note_names(exchange, answer)
        return answer

    def _sent(self, exchange: Exchange) -> Answer:
        if exchange.is_poll:
            here = self._operations.get(exchange.path.lower())
            if here is None:  # the sandbox began no operation
                return Answer(0, {}, None)
            return self._raw("GET", _relative(here), None, {})
        body, headers = self._body_of(exchange)
        if not exchange.is_arm:
            return self._raw(exchange.method, self._data_path(exchange), body, headers)
        query = (
            exchange.url.query or "api-version=2024-04-01-preview"
        )  # promptflow's recorder cuts it
        path = _SUBSCRIPTION.sub(SUBSCRIPTION, exchange.path)
        return self._raw(exchange.method, f"{path}?{query}", body, headers)

    def _data_path(self, exchange: Exchange) -> str:
        account, service = exchange.url.netloc.split(".")[:2]
        if service not in ("blob", "file"):
            path = _SUBSCRIPTION.sub(SUBSCRIPTION, exchange.path)
            before, _, name = path.rpartition("/")
            return f"/_aml{before}/{self._names.get(name, name)}?{exchange.url.query}"
        space, _, rest = exchange.path[1:].partition("/")
        place = f"/_{service}/{self._names[account]}/{self._names[space]}/{quote(unquote(rest))}"
        return f"{place}?{exchange.url.query}" if exchange.url.query else place

    def _body_of(self, exchange: Exchange) -> tuple[bytes | None, dict[str, str]]:
        """The body, with the storage headers that the recorder cut away."""
        if exchange.url.netloc.split(".")[1] != "file":
            if exchange.body is None:
                return None, {}
            text = _SUBSCRIPTION.sub(SUBSCRIPTION, json.dumps(exchange.body))
            return text.encode(), {"content-type": "application/json"}
        if exchange.method != "PUT" or "restype" in exchange.url.query:
            return None, {}
        if "comp=range" in exchange.url.query:
            data = str(exchange.body).encode()
            return data, {"x-ms-write": "update", "x-ms-range": f"bytes=0-{len(data) - 1}"}
        return None, {"x-ms-type": "file", "x-ms-content-length": str(self._lengths[exchange.path])}

    def _note_names(self, exchange: Exchange, answer: Answer) -> None:
        """Remember what the recorded flow is called here, and where the operations are."""
        if isinstance(exchange.answer, dict) and isinstance(answer.body, dict):
            name = exchange.answer.get("flowId")
            if name and "flowId" in answer.body:
                self._names[name] = answer.body["flowId"]
        for header in WAIT_HEADERS:
            recorded = exchange.headers.get(header)
            here = answer.headers.get(header)
            if recorded and here:
                self._operations[urlsplit(recorded).path.lower()] = here

    def _raw(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        scope = STORAGE if path.startswith(("/_blob", "/_file")) else ARM
        token = self._sandbox.credential.get_token(scope).token
        sent = {"authorization": f"Bearer {token}", "x-ms-version": "2023-11-03", **headers}
        sent["x-ms-file-request-intent"] = "backup"
        sent["x-ms-date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        self._http.request(method, path, body, sent)
        response = self._http.getresponse()
        raw = response.read()
        names = {key.lower(): value for key, value in response.getheaders()}
        return Answer(response.status, names, _parsed(raw))


def _expected(exchanges: list[Exchange]) -> list[str]:
    """Paths of groups and resources that a recording takes for granted, parents first."""
    made: set[str] = set()
    wanted: dict[str, str] = {}
    for exchange in exchanges:
        if not exchange.is_arm:
            base = exchange.path.partition("/subscriptions/")[2]
            if base:
                _want("/subscriptions/" + base.rpartition("/")[0], made, wanted)
            continue
        if exchange.is_poll or exchange.status >= 400:
            continue
        path = exchange.path
        if exchange.method == "PUT":
            _want(path, made | {path.lower()}, wanted)
            made.add(path.lower())
        else:
            _want(path, made, wanted)
    return list(wanted.values())


def _want(path: str, made: set[str], wanted: dict[str, str]) -> None:
    parts = path.split("/")
    for end in (5, 9):  # the group, and the resource at the top below it
        above = "/".join(parts[:end])
        if len(parts) >= end and above.lower() not in made:
            wanted.setdefault(above.lower(), above)


def _shows_pending(exchange: Exchange) -> bool:
    if exchange.status == 202 and exchange.method == "GET":
        return True
    if exchange.method != "GET" or not isinstance(exchange.answer, dict):
        return False
    properties = exchange.answer.get("properties") or {}
    states = (exchange.answer.get("status"), properties.get("provisioningState"))
    return any(state in _PENDING for state in (*states, properties.get("status")))


def _relative(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _parsed(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8-sig", "replace")
