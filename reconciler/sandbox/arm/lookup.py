"""Finds stored resources for the engine and its writer, and shows what GET shows of them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.errors import group_not_found, parent_not_found, resource_not_found
from reconciler.sandbox.arm.ids import GROUPS, Target
from reconciler.sandbox.arm.schema import prune
from reconciler.sandbox.arm.schema_language import Node
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.arm.lifecycle import Lifecycle
    from reconciler.sandbox.arm.types import ResourceType
    from reconciler.sandbox.world import World

Json = dict[str, Any]


class Lookup:
    """The stored resources by what a path names, each brought up to now."""

    def __init__(self, world: World, types: dict[str, ResourceType], lifecycle: Lifecycle) -> None:
        self._world = world
        self.types = types
        self.lifecycle = lifecycle

    def find(self, target: Target, type_: ResourceType, *, polled: bool = False) -> Record:
        """Return the settled record a path names. Raises ArmError 404 in the type's own shape."""
        record = self._world.store.get(target.id)
        if record is None and target.parent_id is not None and self._settle_above(target):
            record = self._world.store.get(target.id)
        if record is not None:
            record = self.lifecycle.settle(record, polled=polled)
            if record is None:
                # The end of a deletion is no part of this request, which fails and is undone.
                self._world.store.commit()
        if record is None:
            self.require_tracked_parent(target, "read")
            self.require_scope(target)
            raise self._missing(target, type_)
        return record

    def _settle_above(self, target: Target) -> bool:
        """Bring what a resource lies in up to now: some come with children. Whether it is there."""
        above = self._world.store.get(target.parent_id or "")
        return above is not None and self.lifecycle.settle(above) is not None

    def require_parent(self, target: Target, type_: ResourceType, verb: str) -> None:
        """Raise ArmError 404 if what a nested resource lies in does not exist."""
        self.require_tracked_parent(target, verb)
        parent = target.parent
        if parent is not None and type_.parent_required and self._is_missing(parent):
            raise parent_not_found(target, parent, verb)

    def require_tracked_parent(self, target: Target, verb: str) -> None:
        """Raise the gateway's 404, which comes before that of the group and of the provider.

        The gateway knows tracked resources alone. Recorded for a DELETE below a group that has
        gone (ASO appinsights_crud); for reads below storage accounts, servers and zones as clients
        report it.
        """
        parent = target.parent
        while parent is not None and not self._is_tracked(parent):
            parent = parent.parent
        if parent is not None and self._is_missing(parent):
            raise parent_not_found(target, parent, verb)

    def _is_tracked(self, target: Target) -> bool:
        type_ = self.types.get(target.type.lower())
        return type_ is not None and type_.tracked

    def _is_missing(self, target: Target) -> bool:
        record = self._world.store.get(target.id)
        return record is None or self.lifecycle.settle(record) is None

    def _missing(self, target: Target, type_: ResourceType) -> Exception:
        if type_.type == GROUPS:
            return group_not_found(target.names[-1])
        if type_.not_found is not None:
            return type_.not_found(target.names[-1], target.id)
        first, *more = type_.type.split("/")[1:]
        pairs = [part for pair in zip(more, target.names[1:], strict=True) for part in pair]
        name = "/".join((target.names[0], *pairs))
        return resource_not_found(f"{type_.namespace}/{first}", name, target.group or "")

    def require_scope(self, target: Target) -> None:
        """Raise ArmError 404 if the resource group or an extended resource does not exist."""
        if target.group is None or target.type.lower() == GROUPS.lower():
            return
        group_id = f"/subscriptions/{target.subscription}/resourceGroups/{target.group}"
        group = self._world.store.get(group_id)
        if group is None or self.lifecycle.settle(group) is None:
            raise group_not_found(target.group)

    def present(self, record: Record, version: str = "9999") -> Json:
        """Return what GET shows of a record, as far as the api-version knows it."""
        type_ = self.types[record.type.lower()]
        body: Json = {"id": record.id, "name": record.name, "type": record.type}
        body |= copy.deepcopy(record.body)
        if type_.etag_in_body:
            body["etag"] = record.hidden["etag"]
        if type_.system_data:
            is_shown = version >= type_.system_data_since
            body["systemData"] = record.hidden.get("systemData") if is_shown else None
        type_.present(self._world, record, body)
        node = type_.schema if isinstance(type_.schema, Node) else type_.schema(record.body)
        shown: Json = prune(node, body, version)
        return shown
