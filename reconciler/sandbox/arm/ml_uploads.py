"""Where a client may upload the files of a code version, before it registers the version.

Source: azure-rest-api-specs MachineLearningServices 2024-10-01, CodeVersions_
CreateOrGetStartPendingUpload and its example; azure-ai-ml 1.35 `get_storage_info_for_non_
registry_asset` (each call gets a container and a signature of its own). The container's name and
the signature's hour are UNVERIFIED.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reconciler.sandbox.arm import ml
from reconciler.sandbox.arm.errors import user_error
from reconciler.sandbox.arm.ml_workspaces_shown import linked
from reconciler.sandbox.arm.types import Answer, Call, Route
from reconciler.sandbox.storage.sharedkey import blob_sas_text, sign

if TYPE_CHECKING:
    from reconciler.sandbox.store import Record
    from reconciler.sandbox.world import World

Json = dict[str, Any]
SAS_LIFETIME = timedelta(hours=1)
SAS_VERSION = "2022-11-02"
SAS_PERMISSIONS = "racwl"
_KINDS = ("None", "TemporaryBlobReference")


def _start(world: World, call: Call, path: dict[str, str]) -> Answer:
    workspace = ml.workspace_of(world, call.path)
    account = linked(world, workspace, "storageAccount")
    if account is None:
        raise user_error("The workspace's storage account was not found.", "NotFoundError", 404)
    sent = call.body if isinstance(call.body, dict) else {}
    kind = sent.get("pendingUploadType", "None")
    if kind not in _KINDS:
        raise user_error(f"The pendingUploadType '{kind}' is not valid.", "ValidationError")
    upload = str(sent.get("pendingUploadId") or uuid.uuid4())
    return Answer(200, _upload(world, account, workspace.name, upload, kind))


def _upload(world: World, account: Record, workspace: str, upload: str, kind: str) -> Json:
    container = f"{workspace.lower().replace('_', '-')[:20].strip('-')}-{uuid.uuid4()}"
    world.blobs.create_container(account.name, container)
    uri = f"https://{account.name}.blob.core.sandbox.test/{container}"
    credential = {
        "credentialType": "SAS",
        "sasUri": f"{uri}?{_signature(world, account.name, container)}",
    }
    return {
        "pendingUploadId": upload,
        "pendingUploadType": kind,
        "blobReferenceForConsumption": {
            "blobUri": uri,
            "storageAccountArmId": account.id,
            "credential": credential,
        },
    }


def _signature(world: World, account: str, container: str) -> str:
    """Return the query of a container's service SAS; storage counts in real time, so do we."""
    end = datetime.now(UTC) + SAS_LIFETIME
    query = {
        "sv": SAS_VERSION,
        "spr": "https",
        "se": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sr": "c",
        "sp": SAS_PERMISSIONS,
    }
    text = blob_sas_text(f"/blob/{account}/{container}", query)
    return urlencode({**query, "sig": sign(world.account_key(account), text)})


ROUTES = (
    Route(
        "POST",
        "/subscriptions/{sub}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices"
        "/workspaces/{workspace}/codes/{name}/versions/{version}/startPendingUpload",
        ml.VERSIONS,
        _start,
    ),
)
