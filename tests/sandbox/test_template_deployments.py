"""Templates: the one that azure-ai-ml writes for a hub, and ones written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.sandbox.conftest import GROUP

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
URL = f"{GROUP}/providers/Microsoft.Resources/deployments/d1"


def _properties(name: str) -> dict[str, Any]:
    identity = {"type": IDENTITY, "apiVersion": "2024-11-30", "location": "eastus"}
    resource = {**identity, "name": name}
    template = {"parameters": {"p": {"type": "string", "defaultValue": "one"}}}
    sent = {"template": {**template, "resources": [resource]}, "parameters": {"p": {"value": None}}}
    return {"properties": {"mode": "Incremental", **sent}}


def test_a_parameter_that_is_null_takes_its_default(rm: Any) -> None:
    body = _properties("[concat(parameters('p'), '-id')]")
    rm.resources.begin_create_or_update_by_id(URL, body, api_version="2024-11-01").result()
    found = rm.resources.get_by_id(f"{GROUP}/providers/{IDENTITY}/one-id", api_version="2024-11-30")
    assert found.name == "one-id"


def test_an_unknown_function_is_an_invalid_template(rm: Any) -> None:
    with pytest.raises(HttpResponseError) as caught:
        rm.resources.begin_create_or_update_by_id(
            URL, _properties("[nope()]"), api_version="2024-11-01"
        )
    assert caught.value.error is not None
    assert caught.value.error.code == "InvalidTemplate"


@pytest.mark.xfail(
    strict=True,
    reason="the SDK sends hbiWorkspace as the string false, which our schema refuses",
)
def test_azure_ai_ml_creates_a_hub(rm: Any, ml: Any) -> None:
    from azure.ai.ml.entities import Hub

    hub = ml.workspaces.begin_create(Hub(name="hub1", location="eastus")).result()
    assert hub.name == "hub1"
    assert ml.workspaces.get("hub1").storage_account
