"""Connections of a project: named addresses with secrets, for prompt flows.

A plan reads no secret: GET does not show credentials, so apply compares them through
`listsecrets`, mends what differs (a rotated key) and writes nothing that is equal.
Source: learn.microsoft.com/azure/machine-learning/prompt-flow/tools-reference/
python-tool (custom connection) and the REST API's workspace connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from reconciler.diagnostics import ApiError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded
from reconciler.engine.types import Address, JsonObject, Owner, Reference, Resource
from reconciler.kinds.arm_handler import ArmHandler, without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.ownership import OWNER_TAG, mark, owner_of
from reconciler.kinds.secret_values import SecretText, revealed, secret_of
from reconciler.kinds.within import Within
from reconciler.secrets import Secret, remember
from reconciler.spec.document import Keys
from reconciler.spec.model import SpecModel
from reconciler.spec.vault_secrets import REFER, KeyVaultSecret, text_or_secret

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2026-05-01"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}", re.ASCII)
LOOKS_SECRET = re.compile(r"key|secret|token|password|pwd|credential", re.IGNORECASE)
HOMES = ("project", "hub", "workspace")
"""Where a connection is made: the first of these that the spec has."""

Value = Annotated[
    Annotated[str, StringConstraints(min_length=1), Tag("text")]
    | Annotated[KeyVaultSecret, Tag("key vault secret")],
    Discriminator(text_or_secret),
]
ADDRESS_OF_SECRET = ".vault.azure.net/secrets/"
KeyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]


class Connection(SpecModel):
    """A connection; the key is its name."""

    type: Literal["custom", "api_key", "azure_open_ai"] = "custom"
    """What it connects to: named values of your own (`custom`), a URL with a key (`api_key`), or
    Azure OpenAI (`azure_open_ai`)."""
    keys: dict[KeyName, Value] = Field(default_factory=dict)
    """For `custom`: the named values. A secret must be a reference to an endpoint's key or to a
    secret in this spec's key vault, or a map with the `key_vault_url` of a secret in any other
    vault."""
    target: Annotated[str, StringConstraints(min_length=1)] | None = None
    """The URL it connects to. Default for `custom`: the value of `endpoint` in `keys`."""
    api_key: SecretText | None = None
    """For `api_key` and `azure_open_ai`: a reference to the key, or a map with its
    `key_vault_url`."""
    api_version: Annotated[str, StringConstraints(pattern=r"^20\d\d-\d\d-\d\d[a-z-]*$")] | None = (
        None
    )
    """For `azure_open_ai`: the API version that clients use."""

    @model_validator(mode="after")
    def _fits(self) -> Connection:
        if self.type == "custom":
            if not self.keys:
                raise ValueError("a custom connection needs `keys`")
            if self.target is None and "endpoint" not in self.keys:
                raise ValueError("needs a `target`, or a key named `endpoint`")
            if self.api_key or self.api_version:
                raise ValueError("`api_key` and `api_version` are not for custom connections")
        elif self.keys or not (self.target and self.api_key):
            raise ValueError(f"type `{self.type}` needs `target` and `api_key`, and no `keys`")
        return self


class ConnectionHandler(ArmHandler):
    """Knows connections of projects, hubs and workspaces."""

    kind = "connection"
    section = "connections"
    type = "Microsoft.MachineLearningServices/workspaces/connections"
    api_version = API_VERSION
    lists = True
    within = tuple(Within(home, "connections") for home in HOMES)
    has_tags = False
    read_only = frozenset({"properties.createdByWorkspaceArmId", "properties.group"})
    attributes = Attributes(frozenset({"id", "name"}))
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"properties.category"}),
            same={"properties.category": same_folded, "properties.authType": same_folded},
            labels={
                "properties.target": "target",
                "properties.category": "type",
                "properties.credentials.keys": "keys",
            },
            write_only=frozenset({"properties.credentials"}),
            sensitive=frozenset({"properties.credentials"}),
        )
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each connection to the project, or to what stands in for one."""
        for name, settings in spec.connections.items():
            path: Keys = ("connections", name)
            home, home_id = home_of(expansion)
            if not home_id:
                if not expansion.broken & set(HOMES):
                    expansion.problem(
                        "`connections` needs a `project`, `hub` or `workspace`",
                        path,
                        hint="add one of them, or give the resource id of one",
                    )
                continue
            if not NAME.fullmatch(name):
                expansion.problem(
                    f"invalid connection name `{name}`: 3 to 33 characters",
                    path,
                    hint="letters, digits, hyphens and underscores, a letter or digit first",
                )
            resource_id = f"{home_id}/connections/{name}"
            expansion.add(
                Resource(
                    f"connections.{name}",
                    self.kind,
                    resource_id,
                    _body(settings, resource_id, expansion, path),
                    settings=settings,
                    position=expansion.document.position(path, of_key=True),
                    depends_on=frozenset({home}),
                    known={"name": name},
                )
            )

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whose mark the metadata carries."""
        metadata = (body.get("properties") or {}).get("metadata") or {}
        folded = {str(key).casefold(): value for key, value in metadata.items()}
        return owner_of(folded.get(OWNER_TAG), owner, resource_id)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """PUT it; the secrets are read out at this moment and kept nowhere."""
        context.run.arm.put(resource.resource_id, API_VERSION, revealed(desired))

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PUT it with what others set, values and metadata, left as it is."""
        resource_id = change.resource.resource_id
        observed = (change.observed.body if change.observed else {}).get("properties") or {}
        kept = without({"properties": observed}, self.read_only)["properties"]
        wanted = {**kept, **desired["properties"]}
        wanted["metadata"] = {**(observed.get("metadata") or {}), **wanted["metadata"]}
        keys = wanted["credentials"].get("keys")
        if keys is not None:
            held = self.credentials(context, resource_id).get("keys") or {}
            remember(*_secrets_of(held, keys))
            wanted["credentials"] = {"keys": {**held, **keys}}
        context.run.arm.put(resource_id, API_VERSION, revealed({"properties": wanted}))

    def differences(
        self, context: HandlerContext, resource: Resource, desired: JsonObject
    ) -> Iterable[str]:
        """Yield the names of the values that Azure holds otherwise, never the values."""
        try:
            held = _flat(self.credentials(context, resource.resource_id))
        except ApiError as error:
            if error.status == 404:
                return
            raise
        wanted = _flat(desired["properties"]["credentials"])
        remember(*_secrets_of(held, wanted))
        for name, value in wanted.items():
            theirs = held.get(name, "")
            same = value.same_as(theirs) if isinstance(value, Secret) else value == theirs
            if not same:
                yield f"`{name}`"

    def credentials(self, context: HandlerContext, resource_id: str) -> JsonObject:
        """Return what a connection keeps, secrets and all: for comparing and calling only."""
        reply = context.run.arm.post(f"{resource_id}/listsecrets", API_VERSION)
        found: JsonObject = (reply.get("properties") or {}).get("credentials") or {}
        return found


def home_of(expansion: Expansion) -> tuple[Address, str]:
    """Return address and id of what connections and flows are made in; "" when there is none."""
    for address in HOMES:
        if address in expansion.broken:
            return address, ""
        found = expansion.known_id(address)
        if found:
            return address, found
    return "", ""


def _secrets_of(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Any]:
    """Return what may be secret of the values that Azure holds.

    What the spec writes out plainly is none; whatever else is there, of others too, may be one.
    """
    return [text for name, text in held.items() if not isinstance(wanted.get(name), str)]


def _flat(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return credentials as one table: those of CustomKeys are one level down."""
    keys = credentials.get("keys")
    return {f"keys.{k}": v for k, v in keys.items()} if keys else dict(credentials)


def _body(settings: Connection, resource_id: str, expansion: Expansion, path: Keys) -> JsonObject:
    metadata = {**_metadata(settings), OWNER_TAG: mark(expansion.owner, resource_id)}
    if settings.type == "custom":
        keys = {
            name: _value(name, text, expansion, (*path, "keys", name))
            for name, text in settings.keys.items()
        }
        target = _target(settings, keys, expansion, path)
        kind, credentials = "CustomKeys", {"keys": keys}
        auth = "CustomKeys"
    else:
        target = _target(settings, {}, expansion, path)
        key = secret_of(settings.api_key or "", expansion, (*path, "api_key"))
        kind = "AzureOpenAI" if settings.type == "azure_open_ai" else "ApiKey"
        auth, credentials = "ApiKey", {"key": key}
    return {
        "properties": {
            "category": kind,
            "authType": auth,
            "target": target,
            "credentials": credentials,
            "metadata": metadata,
        }
    }


def _metadata(settings: Connection) -> dict[str, str]:
    if settings.type == "custom":
        return {
            "azureml.flow.connection_type": "Custom",
            "azureml.flow.module": "promptflow.connections",
        }
    if settings.type == "azure_open_ai":
        version = {"ApiVersion": settings.api_version} if settings.api_version else {}
        return {"ApiType": "azure", **version}
    return {}


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
