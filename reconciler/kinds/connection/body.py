"""What a connection is in Azure: category, kind of sign-in, target, credentials, metadata.

Source: the published type WorkspaceConnectionPropertiesV2 of Microsoft.MachineLearningServices.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.engine.types import JsonObject, Reference
from reconciler.kinds.connection.settings import (
    SECRETS,
    WITH_API_KEY,
    Connection,
    Credentials,
)
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.kinds.secret_values import secret_of
from reconciler.spec.document import Keys
from reconciler.spec.vault_secrets import REFER, KeyVaultSecret

LOOKS_SECRET = re.compile(r"key|secret|token|password|pwd|credential", re.IGNORECASE)
ADDRESS_OF_SECRET = ".vault.azure.net/secrets/"
CATEGORIES = {
    "custom": "CustomKeys",
    "api_key": "ApiKey",
    "azure_open_ai": "AzureOpenAI",
    "azure_ai_search": "CognitiveSearch",
    "azure_content_safety": "CognitiveService",
    "azure_ai_services": "AIServices",
    "git": "Git",
    "python_feed": "PythonFeed",
    "container_registry": "ContainerRegistry",
    "s3": "S3",
    "snowflake": "Snowflake",
    "azure_sql_db": "AzureSqlDb",
    "azure_synapse_analytics": "AzureSynapseAnalytics",
    "azure_my_sql_db": "AzureMySqlDb",
    "azure_postgres_db": "AzurePostgresDb",
    "azure_data_lake_gen2": "ADLSGen2",
}
"""The category of each type; the words are az ml's, the values Azure's."""

KNOWN_METADATA = {
    "custom": {
        "azureml.flow.connection_type": "Custom",
        "azureml.flow.module": "promptflow.connections",
    },
    "azure_open_ai": {"ApiType": "azure"},
    "azure_content_safety": {"Kind": "Content Safety"},
}
"""What clients of a connection expect in its metadata, by type."""


def body_of(settings: Connection, resource_id: str, expansion: Expansion, path: Keys) -> JsonObject:
    """Return the body that Azure should hold; secrets in it are references."""
    keys = {
        name: _value(name, text, expansion, (*path, "keys", name))
        for name, text in settings.keys.items()
    }
    target = _target(settings, keys, expansion, path)
    auth, credentials = _signed_in(settings, keys, expansion, path)
    held = {"credentials": credentials} if credentials else {}
    shared = {} if settings.is_shared is None else {"isSharedToAll": settings.is_shared}
    return {
        "properties": {
            "category": CATEGORIES[settings.type],
            "authType": auth,
            "target": target,
            **held,
            "metadata": {**_metadata(settings), OWNER_TAG: mark(expansion.owner, resource_id)},
            **shared,
        }
    }


def _signed_in(
    settings: Connection, keys: JsonObject, expansion: Expansion, path: Keys
) -> tuple[str, JsonObject]:
    """Return the kind of sign-in, and the credentials for it."""
    if settings.type == "custom":
        return "CustomKeys", {"keys": keys}
    if settings.type in WITH_API_KEY:
        return "ApiKey", {"key": secret_of(settings.api_key or "", expansion, (*path, "api_key"))}
    return _stated(settings.credentials, settings, expansion, (*path, "credentials"))


def _stated(
    stated: Credentials | None, settings: Connection, expansion: Expansion, path: Keys
) -> tuple[str, JsonObject]:
    if stated is None:
        return ("AAD" if settings.type == "azure_data_lake_gen2" else "None"), {}
    return stated.auth, {
        wire: _credential(name, getattr(stated, name), expansion, (*path, name))
        for name, wire in stated.wire.items()
    }


def _credential(name: str, value: Any, expansion: Expansion, path: Keys) -> Any:
    if name in SECRETS:
        return secret_of(value, expansion, path)
    return expansion.reference(value, path)


def _metadata(settings: Connection) -> dict[str, str]:
    return {**KNOWN_METADATA.get(settings.type, {}), **_version(settings), **settings.metadata}


def _version(settings: Connection) -> dict[str, str]:
    return {"ApiVersion": settings.api_version} if settings.api_version else {}


def _target(settings: Connection, keys: JsonObject, expansion: Expansion, path: Keys) -> Any:
    """Return the address: the stated one, or the value of `endpoint`; it cannot be a secret."""
    place = (*path, "target") if settings.target else (*path, "keys", "endpoint")
    found = expansion.reference(settings.target, place) if settings.target else keys["endpoint"]
    if isinstance(found, Reference) and found.secret:
        expansion.problem(
            f"`{place[-1]}` is visible to everyone, so it cannot be a secret",
            place,
            hint="give the address here, and the secret under another name in `keys`",
        )
    return found


def _value(name: str, stated: str | KeyVaultSecret, expansion: Expansion, path: Keys) -> Any:
    """Return a value or reference; a secret written out in the spec is refused."""
    found = secret_of(stated, expansion, path)
    if isinstance(found, Reference) or found != stated:
        return found
    if ADDRESS_OF_SECRET in found:
        hint = f"write `{name}: {{key_vault_url: ...}}` to use its value"
        expansion.problem(f"`{name}` is the address of a secret, not the secret", path, hint=hint)
    elif LOOKS_SECRET.search(name):
        what = f"`{name}` looks like a secret: a spec must not contain one"
        expansion.problem(what, path, hint=REFER)
    return found
