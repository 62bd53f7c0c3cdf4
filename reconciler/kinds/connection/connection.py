"""Connections of a project: named addresses with secrets, for prompt flows.

A plan reads no secret: GET does not show credentials, so apply compares them through
`listsecrets`, mends what differs (a rotated key) and writes nothing that is equal.
Source: learn.microsoft.com/azure/machine-learning/prompt-flow/tools-reference/
python-tool (custom connection) and the REST API's workspace connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.diagnostics import ApiError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded
from reconciler.engine.types import Address, JsonObject, Owner, Resource
from reconciler.kinds.arm_handler import ArmHandler, without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.connection.body import body_of
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.ownership import OWNER_TAG, owner_of
from reconciler.kinds.secret_values import revealed
from reconciler.kinds.within import Within
from reconciler.secrets import Secret, remember
from reconciler.spec.document import Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2026-05-01"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}", re.ASCII)
HOMES = ("project", "hub", "workspace")
"""Where a connection is made: the first of these that the spec has."""


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
                "properties.authType": "credentials",
                "properties.isSharedToAll": "is_shared",
                "properties.metadata": "metadata",
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
                    body_of(settings, resource_id, expansion, path),
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
        keys = (wanted.get("credentials") or {}).get("keys")
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
        wanted = _flat(desired["properties"].get("credentials") or {})
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
