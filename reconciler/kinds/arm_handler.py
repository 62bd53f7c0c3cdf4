"""The handler of every kind that is plain ARM, and what bodies have in common there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from reconciler.engine.decisions import Change
from reconciler.engine.diff import ASKED_TAG, only_changed, overlay
from reconciler.engine.types import Action, JsonObject, Observed, Phase, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.reasons import Concern, PublicNetwork

SYSTEM_KEYS = ("id", "name", "type", "etag", "systemData")


class ArmHandler(Handler):
    """A kind that is plain ARM: PUT creates, PATCH or PUT updates, DELETE deletes."""

    lists: ClassVar[bool] = False
    """Whether a plan reads it out of its collection, one request for all of them."""
    patches: ClassVar[bool] = True
    """Whether an update is a PATCH of what differs; otherwise GET, overlay, PUT."""
    put_replaces = True
    read_only: ClassVar[frozenset[str]] = frozenset({"properties.provisioningState"})
    delete_params: ClassVar[Mapping[str, str]] = {}

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Say where something new, or changed in that, can be reached from any network."""
        properties = change.resource.desired.get("properties") or {}
        is_open = str(properties.get("publicNetworkAccess")).casefold() == "enabled"
        opens = any(f.path == "properties.publicNetworkAccess" for f in change.fields)
        if is_open and (opens or change.action in (Action.CREATE, Action.REPLACE)):
            yield PublicNetwork()

    def collection(self, resource: Resource) -> str:
        """Return the path of the list that contains the resource."""
        return resource.resource_id.rpartition("/")[0]

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read by list in a plan where one answers for many, otherwise by GET."""
        if self.lists and not context.reads.fresh:
            items = context.reads.list(self.collection(resource), self.api_version)
            wanted = resource.resource_id.casefold()
            body = next((i for i in items if str(i.get("id", "")).casefold() == wanted), None)
        else:
            body = context.reads.get(resource.resource_id, self.api_version)
        return None if body is None else self.observed(context, resource, body)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what a body says: owner, phase, outputs."""
        owner, name = self.owner_in(body, context.owner, resource.resource_id)
        phase, message = provisioning_phase(body)
        outputs = {"id": resource.resource_id, **self.outputs(body)}
        return Observed(body, outputs, owner, phase, message, owner_name=name)

    def outputs(self, body: JsonObject) -> dict[str, Any]:
        """Return what others may refer to, beyond the id."""
        return {}

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """PUT the desired body."""
        context.run.arm.put(resource.resource_id, self.api_version, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PATCH what differs, or PUT the observed body with the desired one over it."""
        arm, resource = context.run.arm, change.resource
        if self.patches and change.fields:
            body = self.patch_body(change, desired)
            arm.patch(resource.resource_id, self.api_version, body)
            return
        observed = change.observed.body if change.observed else {}
        arm.put(resource.resource_id, self.api_version, self.put_body(observed, desired))

    def patch_body(self, change: Change, desired: JsonObject) -> JsonObject:
        """Return the body of a PATCH: only what differs.

        ARM replaces the tags as a whole, so everybody else's are sent back with ours.
        """
        body = only_changed(desired, change.fields)
        asked = {k: v for k, v in (desired.get("tags") or {}).items() if k == ASKED_TAG}
        if asked:
            body["tags"] = {**body.get("tags", {}), **asked}
        if "tags" in body:
            others = (change.observed.body.get("tags") if change.observed else None) or {}
            body["tags"] = overlay(others, desired["tags"])
        return body

    def put_body(self, observed: JsonObject, desired: JsonObject) -> JsonObject:
        """Return the body of a PUT: what Azure has, without what it refuses, overlaid."""
        kept = {k: v for k, v in observed.items() if k not in SYSTEM_KEYS}
        if isinstance(kept.get("identity"), dict):
            kept["identity"] = desired.get("identity") or plain_identity(kept["identity"])
        body: JsonObject = overlay(without(kept, self.read_only), desired)
        return body

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """DELETE and wait."""
        context.run.arm.delete(resource.resource_id, self.api_version, self.delete_params)


def provisioning_phase(body: JsonObject) -> tuple[Phase, str]:
    """Return the phase that `properties.provisioningState` stands for, with Azure's word."""
    state = str((body.get("properties") or {}).get("provisioningState") or "Succeeded")
    if state.casefold() in ("failed", "canceled", "cancelled"):
        return Phase.FAILED, f"provisioning state {state}"
    if state.casefold() in ("succeeded", "unknown"):
        return Phase.READY, ""
    return Phase.PENDING, state


def plain_identity(block: JsonObject) -> JsonObject:
    """Return an identity block without the principals that Azure filled in and refuses back."""
    held = block.get("userAssignedIdentities") or {}
    plain: JsonObject = {"type": block.get("type")}
    return {**plain, "userAssignedIdentities": {key: {} for key in held}} if held else plain


def without(body: Any, paths: frozenset[str], prefix: str = "") -> Any:
    """Return a body without the given dotted paths, nulls left out too.

    A path leads through a list into each of its items.
    """
    if isinstance(body, list):
        return [without(item, paths, prefix) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        key: without(value, paths, f"{prefix}{key}.")
        for key, value in body.items()
        if f"{prefix}{key}" not in paths and value is not None
    }
