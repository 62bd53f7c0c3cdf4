"""The prompt flow service and the share that it reads, as recorded traffic shows them.

Not an ARM resource: flows are made by the data plane out of a folder in the project's
working directory share. Create and read follow recorded traffic of the promptflow client,
list, update and archive its published swagger (github.com/microsoft/promptflow); none of
it was tried against Azure by us. The service ends on 2027-04-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from reconciler.cloud.sdk import translated
from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext
from reconciler.secrets import remember

if TYPE_CHECKING:
    from azure.storage.fileshare import ShareClient

API_VERSION = "2026-05-01"
STORAGE_API = "2026-04-01"
DATASTORE = "workspaceworkingdirectory"
ROOT = "Users/reconcile/promptflow"


class FlowService:
    """The flows of one project. `project` is its body as ARM shows it."""

    def __init__(self, context: HandlerContext, project: JsonObject) -> None:
        """Take the region's address from where the project says it is discovered."""
        self._context = context
        self._project = project
        discovery = str((project.get("properties") or {}).get("discoveryUrl") or "")
        base = discovery.removesuffix("/").removesuffix("/discovery")
        if not base.startswith("https://"):
            raise ReconcileError.because(
                f"the project {project.get('name')} does not say where its services are",
                detail=f"discoveryUrl is {discovery!r}",
            )
        self._flows = f"{base}/flow/api{project['id']}/Flows"
        # Published flow swagger: required for one flow, and always the workspace's own id.
        workspace_id = str((project.get("properties") or {}).get("workspaceId") or "")
        self._experiment = {"experimentId": workspace_id}

    def list(self) -> list[JsonObject]:
        """Return the flows that are not archived."""
        return self._context.reads.list(self._flows, "", {"listViewType": "ActiveOnly"})

    def create(self, body: JsonObject) -> JsonObject:
        """Make a flow; the service gives it an id of its own."""
        return self._context.run.arm.send("POST", self._flows, "", body=body)[0]

    def update(self, flow_id: str, body: JsonObject) -> None:
        """Replace what the flow says of itself, and where its files are."""
        path = f"{self._flows}/{flow_id}"
        self._context.run.arm.send("PUT", path, "", params=self._experiment, body=body)

    def archive(self, flow_id: str) -> None:
        """Take the flow out of sight: the service has no delete."""
        body = {"flowPatchOperationType": "ArchiveFlow"}
        path = f"{self._flows}/{flow_id}"
        self._context.run.arm.send("PATCH", path, "", params=self._experiment, body=body)

    def upload(self, folder: str, files: Mapping[str, bytes]) -> str:
        """Put the files into a folder of the working directory; return the folder's path.

        The folder is named by its content: what this run put there once is there.
        """
        top = f"{ROOT}/{folder}"
        place = f"{self._project['id']}/{top}".casefold()
        if place in self._context.placed:
            return top
        share = self._share()
        with translated():
            for directory in _directories(top, files):
                _make_directory(share, directory)
            for name, content in files.items():
                share.get_file_client(f"{top}/{name}").upload_file(content)
        self._context.placed.add(place)
        return top

    def _share(self) -> ShareClient:
        """Return a client for the share behind the project's working directory."""
        arm = self._context.run.arm
        path = f"{self._project['id']}/datastores/{DATASTORE}"
        datastore = arm.get_expected(path, API_VERSION)
        if datastore is None:
            raise ReconcileError.because(f"the project has no datastore {DATASTORE}", detail=path)
        properties = datastore["properties"]
        account = str(properties["accountName"])
        endpoint = self._file_endpoint(account, properties)
        return self._context.run.share(
            endpoint, str(properties["fileShareName"]), self._credential(path, account, properties)
        )

    def _credential(self, path: str, account: str, properties: JsonObject) -> Any:
        """Return the account's key where the datastore works with one, otherwise our token."""
        kind = str((properties.get("credentials") or {}).get("credentialsType") or "None")
        if kind.casefold() != "accountkey":
            return self._context.run.tokens
        secrets = self._context.run.arm.post(f"{path}/listSecrets", API_VERSION)
        remember(secrets.get("key"))
        return {"account_name": account, "account_key": str(secrets["key"])}

    def _file_endpoint(self, account: str, properties: JsonObject) -> str:
        """Return the address of the account's files: as the account itself tells it."""
        account_id = str((self._project.get("properties") or {}).get("storageAccount") or "")
        if account_id.rpartition("/")[2].casefold() == account.casefold():
            body = self._context.run.arm.get_expected(account_id, STORAGE_API) or {}
            shown = (body.get("properties") or {}).get("primaryEndpoints") or {}
            if shown.get("file"):
                return str(shown["file"])
        return f"{properties.get('protocol') or 'https'}://{account}.file.{properties['endpoint']}"


def _directories(top: str, files: Mapping[str, bytes]) -> list[str]:
    """Return every directory that the files need, parents first."""
    needed: set[str] = set()
    for name in files:
        for parent in PurePosixPath(f"{top}/{name}").parents:
            if parent.as_posix() != ".":
                needed.add(parent.as_posix())
    return sorted(needed, key=lambda path: (path.count("/"), path))


def _make_directory(share: ShareClient, path: str) -> None:
    from azure.core.exceptions import ResourceExistsError

    try:
        share.get_directory_client(path).create_directory()
    except ResourceExistsError:
        return
