"""Every answer of every type, in every published api-version, fits Microsoft's published types."""

from __future__ import annotations

import collections
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox
from tests.support.scenario import ML, workspace

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(
    not (SHARED / "azure-types").is_dir(), reason="the published types are not beside the project"
)
# What real Azure was recorded to send beyond the published type.
BEYOND = {
    "connections response $.tags",  # connection_git_pat: null
    "connections response $.location",  # connection_git_pat: null
    "connections response $.properties.authType",  # kinds of 2022 and 2023 versions were fewer
    "data/versions response $.properties.dataType",  # named UriFile in 2022-02-01-preview
    "registries response $.properties.anonymousPullEnabled",  # acr_crud at 2023-07-01
    "policies.softDeletePolicy",  # acr_crud at 2023-07-01
    "policies.azureADAuthenticationAsArmPolicy",  # acr_crud at 2023-07-01
    "properties.Ver",  # appinsights_crud
    "workspaces response $.etag",  # flow_get: null
    "workspaces response $.properties.softDeleteEnabled",
    "connections response $.properties.metadata",  # connection_git_pat at 2023-04-01-preview
    "connections response $.properties.peRequirement",  # before it was published
    "connections response $.properties.peStatus",
    "connections response $.properties.useWorkspaceManagedIdentity",
}


def checker() -> Any:
    spec = importlib.util.spec_from_file_location(
        "check_traffic", SHARED / "tools" / "check_traffic.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def everything(put: Any, tenant: str) -> None:
    workspace(put, tenant)
    identity = put("Microsoft.ManagedIdentity/userAssignedIdentities/uai1", "2024-11-30")
    scale = {"minNodeCount": 0, "maxNodeCount": 1}
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": scale}
    put(
        f"{ML}/ws1/computes/cpu",
        "2024-10-01",
        identity={"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}},
        properties={"computeType": "AmlCompute", "properties": inner},
    )
    uri = "azureml://datastores/workspaceblobstore/paths/x"
    put(
        f"{ML}/ws1/data/d/versions/1",
        "2024-10-01",
        **_only(properties={"dataType": "uri_file", "dataUri": uri}),
    )
    put(
        f"{ML}/ws1/models/m/versions/1",
        "2024-10-01",
        **_only(properties={"modelType": "custom_model", "modelUri": uri}),
    )
    put(
        f"{ML}/ws1/onlineEndpoints/ep-one",
        "2024-10-01",
        identity={"type": "SystemAssigned"},
        properties={"authMode": "Key"},
    )
    put(
        f"{ML}/ws1/onlineEndpoints/ep-one/deployments/blue",
        "2024-10-01",
        sku={"name": "Default", "capacity": 1},
        properties={
            "endpointComputeType": "Managed",
            "model": "azureml://registries/azureml/models/Phi-4/versions/1",
            "instanceType": "Standard_DS3_v2",
        },
    )
    put(
        f"{ML}/ws1/connections/conn",
        "2024-10-01",
        **_only(
            properties={
                "category": "CustomKeys",
                "authType": "CustomKeys",
                "target": "https://x",
                "credentials": {"keys": {"key": "k"}},
            }
        ),
    )


def _only(**body: Any) -> dict[str, Any]:
    return {"location": None, **body}


def test_every_answer_fits_the_published_type(sandbox: Sandbox, put: Any) -> None:
    check = checker()
    everything(put, sandbox.server.tenant_id)
    records = sandbox.control("GET", "snapshot")
    ids = [row[0] for row in json.loads(records)["resources"]]
    wrong: set[tuple[str, str]] = set()
    checked: collections.Counter[str] = collections.Counter()
    for resource_id in ids:
        found = check.resource_type(resource_id)
        if found is None:
            continue
        for file in sorted((SHARED / "azure-types" / found[0]).glob("*.json")):
            status, body, _ = sandbox.send("GET", resource_id, api_version=file.stem)
            if status == 400:  # an api-version that this type does not have
                continue
            entry = {
                "method": "GET",
                "path": resource_id,
                "query": {"api-version": file.stem},
                "status": status,
                "response_body": body,
            }
            wrong |= set(check.problems(entry, SHARED / "azure-types", True, checked))
    unexplained = {
        (place, what)
        for place, what in wrong
        if not any(re.sub(r"@\S+", "", place).endswith(b) for b in BEYOND)
    }
    assert checked["response bodies checked"] > 150
    assert not unexplained, "\n".join(sorted(f"{place}: {what}" for place, what in unexplained))
