"""Managed online endpoint: the address of a served model, with its keys.

Traffic is written on the endpoint in the spec but is a resource of its own (`traffic`):
nothing here ever changes it. Source: learn.microsoft.com/azure/machine-learning/
reference-yaml-endpoint-online and concept-endpoints-online.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, overlay, same_folded
from reconciler.engine.types import Address, JsonObject, Observed, Resource
from reconciler.kinds.access.identity import attached
from reconciler.kinds.access.roles import ROLES, role_guid
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.serving.endpoint_writes import (
    API_VERSION,
    READ_ONLY,
    clean_traffic,
    rewrite,
    set_traffic,
)
from reconciler.kinds.within import Within
from reconciler.secrets import Secret, remember
from reconciler.spec.document import Keys
from reconciler.spec.model import Identity, SpecModel, Tags

if TYPE_CHECKING:
    from reconciler.kinds import Spec

NAME_PATTERN = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
ServingName = Annotated[str, StringConstraints(pattern=NAME_PATTERN, min_length=3, max_length=32)]
"""A name of an endpoint or deployment: 3 to 32 letters, digits and hyphens."""

AUTH_MODES = {"key": "Key", "aml_token": "AMLToken", "aad_token": "AADToken"}
SWITCH = {"enabled": "Enabled", "disabled": "Disabled"}

PULLS_IMAGES = ("AcrPull", "AcrPush", "Container Registry Repository Reader", "Owner")
READS_BLOBS = ("Storage Blob Data Reader", "Storage Blob Data Contributor")

Share = Annotated[int, Field(ge=0, le=100)]
"""Percent of the requests."""


class Endpoint(SpecModel):
    """A managed online endpoint."""

    name: ServingName | None = None
    """The name in Azure, unique in its region. Default: the key."""
    auth_mode: Literal["key", "aml_token", "aad_token"] = "key"
    """How callers authenticate."""
    public_network_access: Literal["enabled", "disabled"] = "enabled"
    """Whether it can be called from the internet."""
    identity: Identity = Field(default_factory=Identity)
    """The identity its containers use to fetch the image and the model."""
    traffic: dict[str, Share] | None = None
    """Percentage of requests for each deployment; must add up to 0 or 100."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people. Azure cannot change it later."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Properties for other programs. Azure lets them be added, not changed or removed."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="after")
    def _whole(self) -> Endpoint:
        total = sum((self.traffic or {}).values())
        if total not in (0, 100):
            raise ValueError(f"`traffic` adds up to {total}, not 100")
        return self


def _without_keys(settings: Any) -> str:
    """Return why an endpoint has no keys: Azure makes some for `auth_mode: key` only."""
    mode = settings.auth_mode if isinstance(settings, Endpoint) else "key"
    return "" if mode == "key" else f"its `auth_mode` is `{mode}`"


class EndpointHandler(ArmHandler):
    """Knows managed online endpoints."""

    kind = "online endpoint"
    section = "endpoints"
    type = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
    api_version = API_VERSION
    lists = True
    serves_traffic = True
    within = (
        Within("workspace", "onlineEndpoints"),
        Within("hub", "onlineEndpoints", by_us=False),
        Within("project", "onlineEndpoints", by_us=False),
    )
    stated_apart = frozenset({"traffic"})
    read_only = READ_ONLY
    attributes = Attributes(
        frozenset({"id", "name", "scoring_uri", "identity"}),
        frozenset({"primary_key", "secondary_key"}),
        excluded=_without_keys,
    )
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"location", "identity", "properties.description", "kind"}),
            same={
                "properties.authMode": same_folded,
                "properties.publicNetworkAccess": same_folded,
                "kind": same_folded,
            },
            labels={
                "properties.authMode": "auth_mode",
                "properties.publicNetworkAccess": "public_network_access",
                "properties.description": "description",
            },
        )
    )

    def shares(self, observed: Observed) -> Mapping[str, int]:
        """Return the shares of the deployments that answer."""
        return clean_traffic((observed.body.get("properties") or {}).get("traffic"))

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each endpoint of the workspace."""
        for name, settings in spec.endpoints.items():
            path: Keys = ("endpoints", name)
            workspace = expansion.workspace_id(path)
            if workspace:
                expansion.add(self._resource(name, settings, workspace, expansion))

    def _resource(
        self, key: str, settings: Endpoint, workspace: str, expansion: Expansion
    ) -> Resource:
        path: Keys = ("endpoints", key)
        name = serving_name(key, settings.name, expansion, path)
        resource_id = f"{workspace}/onlineEndpoints/{name}"
        identity, holders, grants = attached(settings.identity, expansion, (*path, "identity"))
        for holder in sorted(holders):
            _warn_of_missing_roles(holder, grants, expansion, (*path, "identity"))
        desired: JsonObject = {
            "location": expansion.location,
            "kind": "Managed",
            "tags": expansion.tracked_tags(resource_id, settings.tags),
            "identity": identity,
            "properties": {
                "authMode": AUTH_MODES[settings.auth_mode],
                "publicNetworkAccess": SWITCH[settings.public_network_access],
            },
        }
        if settings.description:
            desired["properties"]["description"] = settings.description
        if settings.properties:
            desired["properties"]["properties"] = dict(settings.properties)
        return Resource(
            f"endpoints.{key}",
            self.kind,
            resource_id,
            desired,
            settings=settings,
            position=expansion.document.position(path, of_key=True),
            depends_on=frozenset({"workspace", *holders, *grants}),
            known={"name": name},
        )

    def host(self, resource: Resource, cloud: Cloud) -> str:
        """Return the host of its `scoring_uri`."""
        region = str(resource.desired["location"]).replace(" ", "").lower()
        return f"{str(resource.known['name']).lower()}.{region}.{cloud.inference}"

    def outputs(self, body: JsonObject) -> dict[str, Any]:
        """Return the name, and the address once Azure has given one."""
        uri = (body.get("properties") or {}).get("scoringUri")
        principal = (body.get("identity") or {}).get("principalId")
        return {"name": body.get("name"), "scoring_uri": uri, "identity": principal}

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PUT what Azure has now with the wanted settings over it; traffic stays."""

        def laid_over(body: JsonObject) -> JsonObject:
            return {**overlay(body, desired), "identity": desired["identity"]}

        rewrite(context, change.resource.resource_id, laid_over)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Take the traffic away, then delete it with all its deployments."""
        set_traffic(context, resource.resource_id, {})
        context.run.arm.delete(resource.resource_id, self.api_version)

    def reveal(self, context: HandlerContext, resource: Resource, attribute: str) -> Secret:
        """Return one of the two keys. Raises `ReconcileError` where there are none."""
        keys = context.run.arm.post(f"{resource.resource_id}/listKeys", self.api_version)
        remember(*keys.values())
        word = {"primary_key": "primaryKey", "secondary_key": "secondaryKey"}[attribute]
        if not keys.get(word):
            raise ReconcileError.because(
                f"`{resource.address}` has no {attribute}",
                hint="only endpoints with `auth_mode: key` have keys",
            )
        return Secret(str(keys[word]))


def _warn_of_missing_roles(
    holder: Address, grants: frozenset[Address], expansion: Expansion, path: Keys
) -> None:
    """Warn when an identity of this spec lacks what fetching image and model takes.

    Source: learn.microsoft.com/azure/machine-learning/how-to-access-resources-from-endpoints-
    managed-identities. Azure notices only when the container starts, minutes later.
    """
    own = [expansion.resources[a].settings.role for a in grants if a.startswith(f"{holder}.")]
    held = {role_guid(role) for role in own}
    wanted = (PULLS_IMAGES, "AcrPull"), (READS_BLOBS, "Storage Blob Data Reader")
    missing = [f"`{name}`" for roles, name in wanted if not held & {ROLES[r] for r in roles}]
    if missing:
        expansion.warning(
            "missing-role",
            f"`{holder}` has no {' and no '.join(missing)} in this spec: its deployments may fail",
            path,
            hint="grant them on the workspace's container registry and storage account",
        )


def serving_name(key: str, stated: str | None, expansion: Expansion, path: Keys) -> str:
    """Return the name in Azure: the stated one, or the key where it is fit to be one."""
    name = stated or key
    if not re.fullmatch(NAME_PATTERN, name) or not 3 <= len(name) <= 32:
        expansion.problem(
            f"invalid name `{name}`: 3 to 32 letters, digits and hyphens, a letter first",
            path,
            hint="choose another key, or give it a `name`",
        )
    return name
