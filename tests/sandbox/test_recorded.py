"""The sandbox answers as real Azure was recorded to answer: status, error code, properties."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.sandbox.conftest import GROUP, Sandbox
from tests.sandbox.scenario import workspace

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "azure-recorded"
pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recordings are not beside the project"
)
ANONYMOUS = "/subscriptions/00000000-0000-0000-0000-000000000/resourceGroups/00000"
# The recorder's own ground, or moments that instant time skips.
SKIPPED = {
    ("aso/generic_Test_NewResourceGroup", "GET", 200, 404),  # recorded while still deleting
    ("aso/storage_before_rg", "DELETE", 404, 200),  # its group was deleted long before
    ("azure-cli/resource_group", "DELETE", 202, 404),  # of a group that was there before
    ("azure-cli/resource_group", "POST", 200, 404),  # exportTemplate is not emulated
    ("aso/appinsights_crud", "DELETE", 200, 204),
}
NAMES = [
    "aso/generic_Test_NewResourceGroup",
    "aso/generic_Test_NewResourceGroup_Error",
    "aso/resource_group_crud",
    "aso/storage_before_rg",
    "aso/uai_export",
    "aso/acr_crud",
    "azure-cli/acr_check_name",
    "azure-cli/resource_group",
    "azure-ai-ml/data_create_uri_file",
    "azure-ai-ml/model_crud_file",
    "azure-ai-ml/datastore_blob_store",
    "azure-ai-ml/environment_create_conda",
]
UNKNOWN = ("replications", "webtests", "pricingplans")


def keys(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}"
            yield from keys(item, f"{path}.{key}")
    elif isinstance(value, list) and value:
        yield from keys(value[0], f"{path}[]")


def exchanges(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any], str, dict[str, str]]]:
    recording = json.loads((RECORDED / f"{name}.json").read_text())
    for exchange in recording["exchanges"]:
        url = urlsplit(exchange["request"]["url"])
        path = url.path.replace(ANONYMOUS, GROUP).replace("workspaces/00000", "workspaces/ws1")
        is_arm = "management.azure" in url.netloc and "operation" not in path.lower()
        if is_arm and not any(word in path.lower() for word in UNKNOWN):
            query = {
                key.replace("api-version", "api_version").replace("$", "__"): value
                for key, value in parse_qsl(url.query)
            }
            yield exchange["request"], exchange["response"], path, query


@pytest.mark.parametrize("name", NAMES)
def test_recorded_requests_get_recorded_answers(
    sandbox: Sandbox, rm: Any, put: Any, name: str
) -> None:
    if name.startswith("azure-ai-ml"):
        workspace(put, sandbox.server.tenant_id)
    different = []
    for request, recorded, path, query in exchanges(name):
        status, body, _ = sandbox.send(request["method"], path, request["body"], **query)
        if (name, request["method"], recorded["status"], status) in SKIPPED:
            continue
        where = f"{request['method']} {path}"
        if status != recorded["status"]:
            different.append(f"{where}: {recorded['status']} recorded, {status} {body}")
        elif status >= 400 and recorded["body"]:
            found = body["error"]["code"]
            if found != recorded["body"]["error"]["code"]:
                different.append(f"{where}: code {found}")
        elif request["method"] in ("GET", "PUT", "PATCH"):
            absent = sorted(set(keys(recorded["body"])) - set(keys(body)))
            different += [f"{where}: no {key}" for key in absent]
    assert not different, "\n".join(different)
