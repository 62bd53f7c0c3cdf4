"""PUT, PATCH and DELETE of stored resources: checks, merge, hooks, operation, answer."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, policies
from reconciler.sandbox.arm.checks import (
    bad_location,
    canonical_scope,
    check_busy,
    check_etag,
    check_immutable,
    check_name,
    group_going,
    merge,
    moved,
    pick,
    registration,
    strip_envelope,
)
from reconciler.sandbox.arm.errors import ArmError, ContentError, conflict
from reconciler.sandbox.arm.ids import GROUPS, Target
from reconciler.sandbox.arm.schema import Check, check_complete
from reconciler.sandbox.arm.tag_limits import check_tags
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.arm.lookup import Lookup
    from reconciler.sandbox.world import World

Json = dict[str, Any]


class Writer:
    """Carries out writes for the engine."""

    def __init__(self, world: World, lookup: Lookup) -> None:
        self._world = world
        self._lookup = lookup

    def write(self, call: Call, target: Target, type_: ResourceType) -> Answer:
        """Answer one PUT, PATCH or DELETE. Raises ArmError for every refusal."""
        allowed = {"PUT": type_.can_put, "PATCH": type_.can_patch, "DELETE": type_.can_delete}
        if not allowed[call.method]:
            raise ArmError(405, "MethodNotAllowed", f"{type_.type} does not support {call.method}.")
        self._check_registered(target, type_)
        old = self._world.store.get(target.id)
        if old is not None:
            old = self._lookup.lifecycle.settle(old)
        check_etag(call, old)
        if call.method == "DELETE":
            policies.check(self._world, call, target, type_, old)
            return self._delete(call, target, type_, old)
        self._check_parents(target, type_)
        policies.check(self._world, call, target, type_, old)
        if call.method == "PATCH" and old is None:
            self._lookup.find(target, type_)
        return self._put(call, target, type_, old)

    def _check_registered(self, target: Target, type_: ResourceType) -> None:
        state = registration(self._world, target.subscription or "", type_.namespace)
        if state != "Registered":
            raise conflict(
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace "
                f"'{type_.namespace}'. See https://aka.ms/rps-not-found for how to register "
                "subscriptions.",
            )

    def _check_parents(self, target: Target, type_: ResourceType) -> None:
        self._lookup.require_parent(target, type_, "write")
        self._lookup.require_scope(target)
        self._check_group_alive(target)

    def _check_group_alive(self, target: Target) -> None:
        if target.group is None or target.type.lower() == GROUPS.lower():
            return
        group_id = f"/subscriptions/{target.subscription}/resourceGroups/{target.group}"
        group = self._world.store.get(group_id)
        if group is not None and group.hidden.get("pending", {}).get("verb") == "Deleting":
            raise group_going(target.group)

    def _put(self, call: Call, target: Target, type_: ResourceType, old: Record | None) -> Answer:
        record_id = old.id if old is not None else self._canonical_id(target, type_)
        check_name(target.names[-1], type_)
        body = self._validated(call, type_, old, record_id)
        if type_.tracked:
            check_tags(body.get("tags") or {}, type_.type)
        write = Write(
            world=self._world,
            call=call,
            id=record_id,
            body=body,
            old=old,
            hidden=copy.deepcopy(old.hidden) if old else {},
            is_patch=call.method == "PATCH",
        )
        self._check_location(write, type_)
        check_busy(write, type_)
        if old is None and type_.global_name is not None:
            self._check_global_name(target.names[-1], type_)
        type_.prepare(write)
        check_immutable(write, type_)  # after the rewrites, which make like comparable to like
        return self._store(write, type_)

    def _canonical_id(self, target: Target, type_: ResourceType) -> str:
        if type_.type == GROUPS:
            return f"/subscriptions/{target.subscription}/resourceGroups/{target.names[-1]}"
        if target.parent_id:
            parent = self._world.store.get(target.parent_id)
            if parent is not None:
                return f"{parent.id}/{type_.type.rsplit('/', 1)[-1]}/{target.names[-1]}"
        scope = canonical_scope(self._world, target.scope)
        names = type_.type.split("/")[1:]
        pairs = [part for pair in zip(names, target.names, strict=True) for part in pair]
        return "/".join((scope, "providers", type_.namespace, *pairs))

    def _validated(
        self, call: Call, type_: ResourceType, old: Record | None, record_id: str
    ) -> Json:
        if not isinstance(call.body, dict):
            raise ArmError(
                400, "InvalidRequestContent", "The request content was invalid: no JSON object."
            )
        try:
            return self._checked(call, type_, old, strip_envelope(call.body, record_id, type_))
        except ContentError as error:
            by_gateway = "." not in error.path and not (error.is_missing or error.is_choice)
            if type_.bad_content is None or by_gateway:
                raise
            raise type_.bad_content(error, call.body) from error

    def _checked(self, call: Call, type_: ResourceType, old: Record | None, sent: Json) -> Json:
        current = self._lookup.present(old) if old is not None else {}
        drops = type_.drops_unpublished
        if call.method == "PATCH":
            node = type_.patch_schema or pick(type_, current)
            changes = Check(call.version, partial=True, drops=drops).body(node, sent, current)
            merged = merge(copy.deepcopy(old.body) if old else {}, changes)
            check_complete(pick(type_, merged), merged)
            return merged
        return Check(call.version, drops=drops).body(pick(type_, sent), sent, current)

    def _check_location(self, write: Write, type_: ResourceType) -> None:
        location = write.body.get("location")
        if location is None:
            return
        location = str(location).lower().replace(" ", "")
        if location not in catalog.REGIONS:
            raise bad_location(str(write.body["location"]), type_)
        write.body["location"] = location
        old = write.old.body.get("location") if write.old else None
        if old is not None and old != location:
            raise moved(write, type_, str(old), location)

    def _check_global_name(self, name: str, type_: ResourceType) -> None:
        taken = self._world.store.find_named(type_.type, name)
        if taken is not None and type_.global_name is not None:
            raise type_.global_name(name)

    def _store(self, write: Write, type_: ResourceType) -> Answer:
        created = write.old is None
        style = type_.create if created else type_.update
        record = Record(
            write.id,
            type_.type,
            write.body,
            write.hidden,
            self._world.clock.now() if write.old is None else write.old.created,
        )
        self._stamp(record, write.call)
        status = write.status or _status(write, type_)
        if style is Lro.SYNC:
            return self._store_now(record, type_, Answer(status), write.call.version)
        verb = type_.creating_state if created else "Updating"
        seconds = type_.create_s if created else type_.update_s
        operation = self._lookup.lifecycle.begin(record, type_, verb, seconds)
        self._world.store.put(record)
        version = write.call.version
        headers = self._lookup.lifecycle.headers(record, style, operation, version)
        body = None if style is Lro.LOCATION else self._lookup.present(record, version)
        return Answer(status, body, headers)

    def _store_now(
        self, record: Record, type_: ResourceType, answer: Answer, version: str
    ) -> Answer:
        if type_.shows_state:
            record.body.setdefault("properties", {})["provisioningState"] = "Succeeded"
        type_.ready(self._world, record)
        self._world.store.put(record)
        answer.body = self._lookup.present(record, version)
        if answer.status == 201 and type_.names_created:
            answer.headers |= self._created_headers(record, type_, version)
        return answer

    def _created_headers(self, record: Record, type_: ResourceType, version: str) -> dict[str, str]:
        """Location as recorded. azure-core's generic poller follows it, after 30 s unless told."""
        url = f"{self._world.base_url}{record.id}?api-version={version}"
        millis = self._world.clock.retry_headers(0)["x-ms-retry-after-ms"]
        return {"Location": url, "x-ms-retry-after-ms": millis}

    def _stamp(self, record: Record, call: Call) -> None:
        now = self._world.clock.iso()
        first = record.hidden.get("systemData") or {
            "createdAt": now,
            "createdBy": call.app_id,
            "createdByType": "Application",
        }
        record.hidden["systemData"] = {
            **first,
            "lastModifiedAt": now,
            "lastModifiedBy": call.app_id,
            "lastModifiedByType": "Application",
        }
        record.hidden["etag"] = f'"{uuid.uuid4()}"'

    def _delete(
        self, call: Call, target: Target, type_: ResourceType, old: Record | None
    ) -> Answer:
        if old is None:
            self._lookup.require_parent(target, type_, "delete")
            self._lookup.require_scope(target)
            if type_.missing_delete_status == 404:
                self._lookup.find(target, type_)
            return Answer(type_.missing_delete_status)
        pending = old.hidden.get("pending")
        if pending is not None and pending["verb"] == "Deleting":
            operation = pending["op"]
        else:
            type_.before_delete(self._world, old, call)
            if type_.delete is Lro.SYNC or call.version < type_.deletes_at_once_before:
                shows = type_.delete_shows and type_.delete is Lro.SYNC
                shown = self._lookup.present(old, call.version) if shows else None
                self._lookup.lifecycle.remove(old)
                return Answer(type_.delete_status, shown)
            operation = self._lookup.lifecycle.begin(old, type_, "Deleting", type_.delete_s)
            self._world.store.put(old)
        headers = self._lookup.lifecycle.headers(old, type_.delete, operation, call.version)
        shown = self._lookup.present(old, call.version) if type_.delete_shows else None
        return Answer(202, shown, headers)


def _status(write: Write, type_: ResourceType) -> int:
    if write.old is None:
        return type_.create_status
    if write.is_patch and type_.patch_status is not None:
        return type_.patch_status
    return type_.update_status
