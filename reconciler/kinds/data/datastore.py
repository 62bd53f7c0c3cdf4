"""Datastore: a name in the workspace for a container, share or filesystem, and how to reach it.

It holds no data and no key of its own: without `credentials` whoever reads acts as itself, with
them Azure ML keeps a copy in the workspace's key vault, taken from a vault by apply alone. A plan
reads no secret: GET shows none, so apply compares them through `listSecrets`.
Source: az ml's datastore YAML (learn.microsoft.com/azure/machine-learning/reference-yaml-datastore-
blob and its siblings), whose bodies these are; what cannot be changed is what Terraform's provider
replaces. Another place under the same name would change the meaning of every path through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from reconciler.diagnostics import ApiError
from reconciler.engine.decide import Policy
from reconciler.engine.diff import same_folded
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.secret_values import SecretText, revealed, secret_of
from reconciler.kinds.within import Within
from reconciler.secrets import Secret, remember
from reconciler.spec.document import Keys
from reconciler.spec.model import Guid, SpecModel, Tags, matching

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2026-05-01"
NAME = r"^[a-zA-Z0-9_]{1,255}$"
NAME_WORDS = "1 to 255 letters, digits and underscores"
DEFAULT_ENDPOINT = "core.windows.net"
DEFAULT_AUTHORITY = "https://login.microsoftonline.com"

TYPE = Arm("properties.datastoreType", immutable=True)
PROTOCOL = Arm("properties.protocol")

AccountName = Annotated[str, matching(r"^[a-z0-9]{3,24}$", "3 to 24 lower-case letters and digits")]
Place = Annotated[
    str,
    matching(
        r"^[$a-z0-9](?:-?[a-z0-9]){2,62}$",
        "3 to 63 lower-case letters, digits and single hyphens",
    ),
]
"""Source: learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers."""


class AccountKey(SpecModel):
    """The key of the storage account."""

    account_key: SecretText
    """A reference to the key in a key vault, or a map with its `key_vault_url`."""


class SasToken(SpecModel):
    """A shared access signature."""

    sas_token: SecretText
    """A reference to the token in a key vault, or a map with its `key_vault_url`."""


class ServicePrincipal(SpecModel):
    """A service principal that reads the data."""

    tenant_id: Guid
    """The tenant of the service principal."""
    client_id: Guid
    """Its application (client) id."""
    client_secret: SecretText
    """A reference to its secret in a key vault, or a map with its `key_vault_url`."""
    authority_url: Annotated[str, StringConstraints(pattern=r"^https://")] = DEFAULT_AUTHORITY
    """Where it signs in."""
    resource_url: Annotated[str, StringConstraints(pattern=r"^https://")] | None = None
    """What it signs in for. Default: storage."""


class _Datastore(SpecModel):
    """What every datastore has."""

    name: Annotated[str, matching(NAME, NAME_WORDS)] | None = None
    """The name in the workspace. Default: the key."""
    account_name: Annotated[AccountName, Arm("properties.accountName", immutable=True)]
    """The name of the storage account. It need not be in this spec."""
    description: Annotated[str | None, Arm("properties.description")] = Field(
        default=None, max_length=1024
    )
    """A description for people."""
    endpoint: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9.-]+$"), Arm("properties.endpoint")
    ] = DEFAULT_ENDPOINT
    """The domain of storage accounts in your cloud."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""


class BlobDatastore(_Datastore):
    """A datastore for a blob container; the key is its name."""

    type: Annotated[Literal["azure_blob"], TYPE]
    """The kind of storage."""
    container_name: Annotated[Place, Arm("properties.containerName", immutable=True)]
    """The blob container."""
    protocol: Annotated[Literal["https", "wasbs"], PROTOCOL] = "https"
    """The protocol of its paths."""
    credentials: AccountKey | SasToken | None = None
    """How Azure ML reaches the data. Default: with the identity of the user or job that reads."""


class FileDatastore(_Datastore):
    """A datastore for a file share; the key is its name."""

    type: Annotated[Literal["azure_file"], TYPE]
    """The kind of storage."""
    file_share_name: Annotated[Place, Arm("properties.fileShareName", immutable=True)]
    """The file share."""
    protocol: Annotated[Literal["https"], PROTOCOL] = "https"
    """The protocol of its paths."""
    credentials: AccountKey | SasToken | None = None
    """How Azure ML reaches the data. Default: with the identity of the user or job that reads."""


class DataLakeGen2Datastore(_Datastore):
    """A datastore for a Data Lake Storage Gen2 filesystem; the key is its name."""

    type: Annotated[Literal["azure_data_lake_gen2"], TYPE]
    """The kind of storage."""
    filesystem: Annotated[Place, Arm("properties.filesystem", immutable=True)]
    """The filesystem: the container of an account with a hierarchical namespace."""
    protocol: Annotated[Literal["https", "abfss"], PROTOCOL] = "https"
    """The protocol of its paths."""
    credentials: ServicePrincipal | None = None
    """How Azure ML reaches the data. Default: with the identity of the user or job that reads."""


Datastore = Annotated[
    BlobDatastore | FileDatastore | DataLakeGen2Datastore, Field(discriminator="type")
]
"""A datastore of the workspace."""


CREDENTIAL_LABELS = {
    "properties.credentials.credentialsType": "credentials",
    "properties.credentials.tenantId": "credentials.tenant_id",
    "properties.credentials.clientId": "credentials.client_id",
    "properties.credentials.authorityUrl": "credentials.authority_url",
    "properties.credentials.resourceUrl": "credentials.resource_url",
}


class DatastoreHandler(ArmHandler):
    """Knows the datastores that a spec adds to its workspace, beside the four it is born with."""

    kind = "datastore"
    section = "datastores"
    type = "Microsoft.MachineLearningServices/workspaces/datastores"
    api_version = API_VERSION
    lists = True
    patches = False
    has_tags = False
    within = (Within("workspace", "datastores"),)
    attributes = Attributes(frozenset({"id", "name"}))
    read_only = frozenset({"properties.isDefault"})
    policy: ClassVar[Policy] = Policy(
        rules_of(
            BlobDatastore,
            FileDatastore,
            DataLakeGen2Datastore,
            same={
                "properties.datastoreType": same_folded,
                "properties.credentials.credentialsType": same_folded,
            },
            labels=CREDENTIAL_LABELS,
            write_only=("properties.credentials.secrets",),
            sensitive=("properties.credentials.secrets",),
        )
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each datastore of the workspace."""
        for key, settings in spec.datastores.items():
            path: Keys = ("datastores", key)
            workspace = expansion.workspace_id(path)
            name = settings.name or key
            if not re.fullmatch(NAME, name, re.ASCII):
                expansion.problem(
                    f"invalid name of a datastore: `{name}`",
                    path,
                    hint=f"{NAME_WORDS}: choose another key, or give it a `name`",
                )
            if workspace:
                resource_id = f"{workspace}/datastores/{name}"
                expansion.add(
                    Resource(
                        f"datastores.{key}",
                        self.kind,
                        resource_id,
                        _body(settings, resource_id, expansion, path),
                        settings=settings,
                        position=expansion.document.position(path, of_key=True),
                        depends_on=frozenset({"workspace"}),
                        known={"name": name},
                    )
                )

    def outputs(self, body: JsonObject) -> dict[str, Any]:
        """Return the name."""
        return {"name": body.get("name")}

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """PUT it; the secrets are read out at this moment and kept nowhere."""
        context.run.arm.put(resource.resource_id, API_VERSION, revealed(desired))

    def put_body(self, observed: JsonObject, desired: JsonObject) -> JsonObject:
        """Return what Azure has with the desired body over it; credentials change as a whole."""
        body = super().put_body(observed, desired)
        credentials = desired["properties"]["credentials"]
        return {"properties": revealed({**body["properties"], "credentials": credentials})}

    def differences(
        self, context: HandlerContext, resource: Resource, desired: JsonObject
    ) -> Iterable[str]:
        """Yield the names of the secrets that Azure holds otherwise, never the values."""
        wanted = desired["properties"]["credentials"].get("secrets") or {}
        secrets = {name: v for name, v in wanted.items() if isinstance(v, Secret)}
        if not secrets:
            return
        try:
            held = context.run.arm.post(f"{resource.resource_id}/listSecrets", API_VERSION)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        remember(*(held.get(name) for name in secrets))
        for name, value in secrets.items():
            if not value.same_as(str(held.get(name) or "")):
                yield f"`credentials.{LABELS[name]}`"


LABELS = {"key": "account_key", "sasToken": "sas_token", "clientSecret": "client_secret"}
"""The spec's word for each secret of a body."""


def _body(
    settings: BlobDatastore | FileDatastore | DataLakeGen2Datastore,
    resource_id: str,
    expansion: Expansion,
    path: Keys,
) -> JsonObject:
    properties: JsonObject = {
        **_storage(settings),
        "accountName": settings.account_name,
        "endpoint": settings.endpoint,
        "protocol": settings.protocol,
        "credentials": _credentials(settings.credentials, expansion, (*path, "credentials")),
        "tags": expansion.tracked_tags(resource_id, settings.tags),
    }
    if settings.description:
        properties["description"] = settings.description
    return {"properties": properties}


def _storage(settings: BlobDatastore | FileDatastore | DataLakeGen2Datastore) -> JsonObject:
    match settings:
        case BlobDatastore(container_name=name):
            return {"datastoreType": "AzureBlob", "containerName": name}
        case FileDatastore(file_share_name=name):
            return {"datastoreType": "AzureFile", "fileShareName": name}
        case DataLakeGen2Datastore(filesystem=name):
            return {"datastoreType": "AzureDataLakeGen2", "filesystem": name}


def _credentials(
    stated: AccountKey | SasToken | ServicePrincipal | None, expansion: Expansion, path: Keys
) -> JsonObject:
    """Return the credentials with a reference in place of each secret."""
    match stated:
        case None:
            return {"credentialsType": "None"}
        case AccountKey(account_key=text):
            kind, name, place = "AccountKey", "key", "account_key"
        case SasToken(sas_token=text):
            kind, name, place = "Sas", "sasToken", "sas_token"
        case ServicePrincipal(client_secret=text):
            kind, name, place = "ServicePrincipal", "clientSecret", "client_secret"
    plain = _principal(stated) if isinstance(stated, ServicePrincipal) else {}
    secret = secret_of(text, expansion, (*path, place))
    return {"credentialsType": kind, **plain, "secrets": {"secretsType": kind, name: secret}}


def _principal(stated: ServicePrincipal) -> JsonObject:
    resource = {"resourceUrl": stated.resource_url} if stated.resource_url else {}
    return {
        "authorityUrl": stated.authority_url,
        **resource,
        "tenantId": stated.tenant_id,
        "clientId": stated.client_id,
    }
