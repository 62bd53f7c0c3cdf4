"""PUT, PATCH and DELETE of stored resources: checks, merge, hooks, operation, answer."""

from __future__ import annotations

import copy
import re
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog
from reconciler.sandbox.arm.errors import ArmError, conflict
from reconciler.sandbox.arm.ids import GROUPS, Target
from reconciler.sandbox.arm.lifecycle import remove
from reconciler.sandbox.arm.schema import Check, Node
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.arm.engine import Engine
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_ENVELOPE = ("id", "name", "type", "etag", "systemData", "apiVersion")


class Writer:
    """Carries out writes for the engine."""

    def __init__(self, world: World, engine: Engine) -> None:
        self._world = world
        self._engine = engine

    def write(self, call: Call, target: Target, type_: ResourceType) -> Answer:
        """Answer one PUT, PATCH or DELETE. Raises ArmError for every refusal."""
        allowed = {"PUT": type_.can_put, "PATCH": type_.can_patch, "DELETE": type_.can_delete}
        if not allowed[call.method]:
            raise ArmError(405, "MethodNotAllowed", f"{type_.type} does not support {call.method}.")
        self._check_registered(target, type_)
        old = self._world.store.get(target.id)
        if old is not None:
            old = self._engine.lifecycle.settle(old)
        check_etag(call, old)
        if call.method == "DELETE":
            return self._delete(call, target, type_, old)
        self._check_parents(target, type_)
        if call.method == "PATCH" and old is None:
            self._engine.find(target, type_)
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
        self._engine.require_scope(target)
        self._check_group_alive(target)
        if not target.parent_id or not type_.parent_required:
            return
        parent = self._world.store.get(target.parent_id)
        if parent is None or self._engine.lifecycle.settle(parent) is None:
            raise ArmError(
                404,
                "ParentResourceNotFound",
                f"Failed to perform 'write' on resource(s) of type '{'/'.join(target.types)}', "
                f"because the parent resource '{target.parent_id}' could not be found.",
            )

    def _check_group_alive(self, target: Target) -> None:
        if target.group is None or target.type.lower() == GROUPS.lower():
            return
        group_id = f"/subscriptions/{target.subscription}/resourceGroups/{target.group}"
        group = self._world.store.get(group_id)
        if group is not None and group.hidden.get("pending", {}).get("verb") == "Deleting":
            raise conflict(
                "ResourceGroupBeingDeleted",
                f"The resource group '{target.group}' is in deprovisioning state and cannot "
                "perform this operation.",
            )

    def _put(self, call: Call, target: Target, type_: ResourceType, old: Record | None) -> Answer:
        record_id = old.id if old is not None else self._canonical_id(target, type_)
        check_name(target.names[-1], type_)
        body = self._validated(call, type_, old, record_id)
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
        sent = strip_envelope(call.body, record_id, type_)
        current = self._engine.present(old) if old is not None else {}
        if call.method == "PATCH":
            node = type_.patch_schema or pick(type_, current)
            changes = Check(call.version, partial=True).body(node, sent, current)
            return merge(copy.deepcopy(old.body) if old else {}, changes)
        return Check(call.version).body(pick(type_, sent), sent, current)

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
        status = type_.create_status if created else type_.update_status
        if style is Lro.SYNC:
            return self._store_now(record, type_, Answer(status), write.call.version)
        verb = type_.creating_state if created else "Updating"
        seconds = type_.create_s if created else type_.update_s
        operation = self._engine.lifecycle.begin(record, type_, verb, seconds)
        self._world.store.put(record)
        version = write.call.version
        headers = self._engine.lifecycle.headers(record, type_, style, operation, version)
        body = None if style is Lro.LOCATION else self._engine.present(record, version)
        return Answer(status, body, headers)

    def _store_now(
        self, record: Record, type_: ResourceType, answer: Answer, version: str
    ) -> Answer:
        if type_.shows_state:
            record.body.setdefault("properties", {})["provisioningState"] = "Succeeded"
        type_.ready(self._world, record)
        self._world.store.put(record)
        answer.body = self._engine.present(record, version)
        return answer

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
            self._engine.require_scope(target)
            if type_.missing_delete_status == 404:
                self._engine.find(target, type_)
            return Answer(type_.missing_delete_status)
        pending = old.hidden.get("pending")
        if pending is not None and pending["verb"] == "Deleting":
            operation = pending["op"]
        else:
            type_.before_delete(self._world, old, call)
            if type_.delete is Lro.SYNC:
                remove(self._world, old, self._engine.types)
                return Answer(type_.delete_status)
            operation = self._engine.lifecycle.begin(old, type_, "Deleting", type_.delete_s)
            self._world.store.put(old)
        headers = self._engine.lifecycle.headers(old, type_, type_.delete, operation, call.version)
        return Answer(202, None, headers)


def registration(world: World, subscription: str, namespace: str) -> str:
    """Return a provider's registration state in a subscription; Registered unless changed."""
    key = f"{subscription}/{namespace}".lower()
    return str(world.store.document("providers", key) or "Registered")


def canonical_scope(world: World, scope: str) -> str:
    """Return a scope in the case of the stored resource it names, if there is one."""
    record = world.store.get(scope) if scope else None
    return record.id if record is not None else scope


def pick(type_: ResourceType, body: Json) -> Node:
    """Return the schema that applies to this body."""
    return type_.schema if isinstance(type_.schema, Node) else type_.schema(body)


def strip_envelope(body: Json, record_id: str, type_: ResourceType) -> Json:
    """Return the body without id, name, type; raises ArmError if they name something else."""
    expected = {"id": record_id, "name": record_id.rsplit("/", 1)[-1], "type": type_.type}
    for key, value in expected.items():
        sent = body.get(key)
        if sent is not None and str(sent).lower().strip("/") != value.lower().strip("/"):
            raise ArmError(
                400,
                "InvalidRequestContent",
                f"The request content is not valid: '{key}' is '{sent}', the URL says '{value}'.",
            )
    return {key: value for key, value in body.items() if key not in _ENVELOPE}


def merge(base: Json, changes: Json) -> Json:
    """Apply a JSON merge patch (RFC 7396) in place and return it; null removes."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict) and key != "tags":
            merge(base[key], value)
        elif value is None:
            base.pop(key, None)
        else:
            base[key] = value
    return base


def check_name(name: str, type_: ResourceType) -> None:
    """Raise ArmError 400 for a name the type does not allow."""
    if not re.fullmatch(type_.name_pattern, name):
        raise ArmError(
            400,
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name must match the pattern "
            f"'{type_.name_pattern}'.",
        )


def check_etag(call: Call, old: Record | None) -> None:
    """Honour If-Match and If-None-Match. Raises ArmError 412."""
    etag = old.hidden.get("etag") if old is not None else None
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    fails = (
        (wanted == "*" and old is None)
        or (wanted not in (None, "*") and wanted != etag)
        or (unwanted == "*" and old is not None)
    )
    if fails:
        raise ArmError(
            412, "PreconditionFailed", "The condition set in the request headers is not met."
        )


def check_busy(write: Write, type_: ResourceType) -> None:
    """Raise ArmError 409 while another write of the same resource is pending."""
    pending = write.hidden.get("pending")
    if pending is None:
        return
    raise conflict(
        "Conflict" if pending["verb"] == "Deleting" else "AnotherOperationInProgress",
        f"The resource '{write.id}' has an operation in progress ({pending['verb']}). "
        "Try again when it has ended.",
    )


def check_immutable(write: Write, type_: ResourceType) -> None:
    """Raise ArmError if a declared immutable property would change."""
    if write.old is None:
        return
    for path in type_.immutable:
        new, old = dig(write.body, path), dig(write.old.body, path)
        if new is None or _same(new, old):
            continue
        if type_.immutable_error is not None:
            raise type_.immutable_error(path, write.name)
        raise conflict("PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.")


def dig(body: Json, path: str) -> Any:
    """Return the value at a dotted path, or None."""
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _same(new: Any, old: Any) -> bool:
    if isinstance(new, str) and isinstance(old, str):
        return new.lower() == old.lower()
    if old is None:
        return new in (False, "", [], {})
    return bool(new == old)


def bad_location(location: str, type_: ResourceType) -> ArmError:
    """Return the error for a region Azure does not have (recorded for resource groups)."""
    regions = ",".join(catalog.REGIONS)
    if type_.type == GROUPS:
        return ArmError(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{location}' is not available for resource group. "
            f"List of available regions is '{regions}'.",
            headers={"x-ms-failure-cause": "gateway"},
        )
    return ArmError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{type_.type}'. "
        f"List of available regions for the resource type is '{regions}'.",
    )


def moved(write: Write, type_: ResourceType, old: str, new: str) -> ArmError:
    """Return the error for a resource that exists in another region."""
    if type_.type == GROUPS:
        return conflict(
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{new}'. The Resource group already exists in "
            f"location '{old}'.",
        )
    group = write.id.split("/")[4]
    return conflict(
        "InvalidResourceLocation",
        f"The resource '{write.name}' already exists in location '{old}' in resource group "
        f"'{group}'. A resource with the same name cannot be created in location '{new}'. "
        "Please select a new resource name.",
    )
