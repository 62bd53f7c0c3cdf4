"""The section `connections` of the spec: what it connects to, and with which credentials.

Types and credentials are those of az ml: learn.microsoft.com/azure/machine-learning/
reference-yaml-connection-git and its siblings; a secret is never written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from reconciler.kinds.secret_values import SecretText
from reconciler.spec.model import Guid, RefOrId, SpecModel
from reconciler.spec.vault_secrets import KeyVaultSecret, text_or_secret

Text = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Value = Annotated[
    Annotated[str, StringConstraints(min_length=1), Tag("text")]
    | Annotated[KeyVaultSecret, Tag("key vault secret")],
    Discriminator(text_or_secret),
]
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
WITH_API_KEY = frozenset(
    {"api_key", "azure_open_ai", "azure_ai_search", "azure_content_safety", "azure_ai_services"}
)
"""The types that take a URL and `api_key`."""


class _Credentials(SpecModel):
    """What credentials are in Azure: the kind of sign-in, and the names of their fields there."""

    auth: ClassVar[str]
    wire: ClassVar[Mapping[str, str]]


class PatCredentials(_Credentials):
    """A personal access token."""

    auth = "PAT"
    wire: ClassVar[Mapping[str, str]] = {"pat": "pat"}

    type: Literal["pat"]
    """The kind of credentials."""
    pat: SecretText
    """A reference to the token, or a map with its `key_vault_url`."""


class SasCredentials(_Credentials):
    """A shared access signature."""

    auth = "SAS"
    wire: ClassVar[Mapping[str, str]] = {"sas_token": "sas"}

    type: Literal["sas"]
    """The kind of credentials."""
    sas_token: SecretText
    """A reference to the signature, or a map with its `key_vault_url`."""


class UsernamePassword(_Credentials):
    """A name and a password."""

    auth = "UsernamePassword"
    wire: ClassVar[Mapping[str, str]] = {"username": "username", "password": "password"}

    type: Literal["username_password"]
    """The kind of credentials."""
    username: Text
    """The name to sign in with."""
    password: SecretText
    """A reference to the password, or a map with its `key_vault_url`."""


class AccessKey(_Credentials):
    """A pair of keys, as Amazon S3 gives them."""

    auth = "AccessKey"
    wire: ClassVar[Mapping[str, str]] = {
        "access_key_id": "accessKeyId",
        "secret_access_key": "secretAccessKey",
    }

    type: Literal["access_key"]
    """The kind of credentials."""
    access_key_id: Text
    """The id of the key; it is no secret."""
    secret_access_key: SecretText
    """A reference to the secret key, or a map with its `key_vault_url`."""


class ConnectionAccountKey(_Credentials):
    """The key of an account."""

    auth = "AccountKey"
    wire: ClassVar[Mapping[str, str]] = {"account_key": "key"}

    type: Literal["account_key"]
    """The kind of credentials."""
    account_key: SecretText
    """A reference to the key, or a map with its `key_vault_url`."""


class ConnectionIdentity(_Credentials):
    """A managed identity."""

    auth = "ManagedIdentity"
    wire: ClassVar[Mapping[str, str]] = {"client_id": "clientId", "resource_id": "resourceId"}

    type: Literal["managed_identity"]
    """The kind of credentials."""
    client_id: Text
    """The client id of the identity."""
    resource_id: RefOrId
    """Its resource id, or a reference to an identity in this spec."""


class ServicePrincipalCredentials(_Credentials):
    """A service principal."""

    auth = "ServicePrincipal"
    wire: ClassVar[Mapping[str, str]] = {
        "client_id": "clientId",
        "client_secret": "clientSecret",
        "tenant_id": "tenantId",
    }

    type: Literal["service_principal"]
    """The kind of credentials."""
    tenant_id: Guid
    """The tenant of the service principal."""
    client_id: Guid
    """Its application (client) id."""
    client_secret: SecretText
    """A reference to its secret, or a map with its `key_vault_url`."""


class NoCredentials(_Credentials):
    """Nothing: whoever may use the connection may reach its target."""

    auth = "None"
    wire: ClassVar[Mapping[str, str]] = {}

    type: Literal["none"]
    """The kind of credentials."""


class CallersCredentials(_Credentials):
    """The identity of who calls."""

    auth = "AAD"
    wire: ClassVar[Mapping[str, str]] = {}

    type: Literal["aad"]
    """The kind of credentials."""


Credentials = Annotated[
    PatCredentials
    | SasCredentials
    | UsernamePassword
    | AccessKey
    | ConnectionAccountKey
    | ConnectionIdentity
    | ServicePrincipalCredentials
    | NoCredentials
    | CallersCredentials,
    Field(discriminator="type"),
]
SECRETS = frozenset(
    {"pat", "sas_token", "password", "secret_access_key", "account_key", "client_secret"}
)
"""The fields of credentials that are secrets."""


class Connection(SpecModel):
    """A connection; the key is its name."""

    type: Literal[
        "custom",
        "api_key",
        "azure_open_ai",
        "azure_ai_search",
        "azure_content_safety",
        "azure_ai_services",
        "git",
        "python_feed",
        "container_registry",
        "s3",
        "snowflake",
        "azure_sql_db",
        "azure_synapse_analytics",
        "azure_my_sql_db",
        "azure_postgres_db",
        "azure_data_lake_gen2",
    ] = "custom"
    """What it connects to: named values of your own (`custom`), a URL with a key (`api_key`), an
    Azure service with a key, or a repository, feed, registry or database with `credentials`."""
    keys: dict[KeyName, Value] = Field(default_factory=dict)
    """For `custom`: the named values. A secret must be a reference to an endpoint's key or to a
    secret in this spec's key vault, or a map with the `key_vault_url` of a secret in any other
    vault."""
    target: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The URL it connects to. Default for `custom`: the value of `endpoint` in `keys`."""
    api_key: SecretText | None = None
    """For `api_key` and the Azure services: a reference to the key, or a map with its
    `key_vault_url`."""
    api_version: Annotated[str, StringConstraints(pattern=r"^20\d\d-\d\d-\d\d[a-z-]*$")] | None = (
        None
    )
    """For `azure_open_ai`: the API version that clients use."""
    credentials: Credentials | None = None
    """For repositories, feeds, registries and databases: how to sign in there. Default: none."""
    metadata: dict[str, str] = Field(default_factory=dict)
    """Free-form properties that clients of the connection read."""
    is_shared: bool | None = None
    """Whether the projects of a hub may use it. Default: as Azure sets it."""

    @model_validator(mode="after")
    def _fits(self) -> Connection:
        if self.type == "custom":
            self._check_custom()
        elif self.type in WITH_API_KEY:
            if self.keys or self.credentials or not (self.target and self.api_key):
                raise ValueError(f"type `{self.type}` needs `target` and `api_key`, and no `keys`")
        elif self.keys or self.api_key or self.api_version or not self.target:
            raise ValueError(f"type `{self.type}` needs `target`, and takes `credentials` only")
        return self

    def _check_custom(self) -> None:
        if not self.keys:
            raise ValueError("a custom connection needs `keys`")
        if self.target is None and "endpoint" not in self.keys:
            raise ValueError("needs a `target`, or a key named `endpoint`")
        if self.api_key or self.api_version or self.credentials:
            raise ValueError(
                "`api_key`, `api_version` and `credentials` are not for custom connections"
            )
