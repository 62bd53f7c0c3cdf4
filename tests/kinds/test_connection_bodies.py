"""A connection is to Azure what azure-ai-ml makes of the same words."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml

from reconciler.engine.decide import resolve
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.kinds.test_cases import BASE

CREDENTIALS = {
    "pat": {"pat": "SECRET"},
    "sas": {"sas_token": "SECRET"},
    "username_password": {"username": "somebody", "password": "SECRET"},
    "access_key": {"access_key_id": "AKIA1", "secret_access_key": "SECRET"},
    "managed_identity": {
        "client_id": "one",
        "resource_id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x",
    },
    "none": {},
}
STATED = [
    *({"type": "git", "target": "https://github.com/contoso/specs", "credentials": {"type": kind, **held}}
      for kind, held in CREDENTIALS.items()),
    *({"type": kind, "target": "somewhere"} for kind in (
        "python_feed", "container_registry", "s3", "snowflake", "azure_sql_db",
        "azure_synapse_analytics", "azure_my_sql_db", "azure_postgres_db", "azure_data_lake_gen2")),
    *({"type": kind, "target": "https://contoso.example", "api_key": "SECRET"}
      for kind in ("azure_ai_search", "azure_content_safety")),
]  # fmt: skip


def ours(stated: dict[str, Any]) -> dict[str, Any]:
    """Our body, with every secret as the text `SECRET` in place of a reference."""
    words = yaml.safe_dump({**BASE, "connections": {"given": in_vault(stated)}})
    loaded = load_document(parse(words, "spec.yaml", None))
    body = resolve(loaded.resources["connections.given"].desired, lambda _: "SECRET")
    properties: dict[str, Any] = body["properties"]
    metadata = properties["metadata"].items()
    properties["metadata"] = {k: v for k, v in metadata if not k.startswith("reconcile-")}
    return properties


def in_vault(stated: Any) -> Any:
    if isinstance(stated, dict):
        return {key: in_vault(value) for key, value in stated.items()}
    return "${{ workspace.key_vault.secrets.one }}" if stated == "SECRET" else stated


def theirs(stated: dict[str, Any]) -> dict[str, Any]:
    from azure.ai.ml import load_connection

    target = "endpoint" if "api_key" in stated else "target"
    file = {"name": "given", **stated, target: stated["target"]}
    if target == "endpoint":
        del file["target"]
    return (
        load_connection(io.StringIO(yaml.safe_dump(file)))._to_rest_object().as_dict()["properties"]
    )


@pytest.mark.parametrize(
    "stated", STATED, ids=lambda s: f"{s['type']}-{s.get('credentials', {}).get('type', '')}"
)
def test_the_body_is_that_of_azure_ai_ml(stated: dict[str, Any]) -> None:
    expected = theirs(stated)
    made = ours({**stated, "is_shared": True})
    assert made == expected
