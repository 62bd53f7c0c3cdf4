"""The generic ARM engine: every request, from path to answer, driven by `ResourceType`s.

Order of refusals as in Azure: api-version, namespace and type, resource group, parent, body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, locks, not_emulated, permissions
from reconciler.sandbox.arm.authorization import holds_role
from reconciler.sandbox.arm.errors import GATEWAY, ArmError, ContentError
from reconciler.sandbox.arm.ids import GROUPS, Target, parse
from reconciler.sandbox.arm.lifecycle import Lifecycle
from reconciler.sandbox.arm.lookup import Lookup
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.registry import ROUTES, TYPES
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route
from reconciler.sandbox.arm.writes import Writer
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_POLL = re.compile(
    r"/(operation(?P<results>results)|operationstatuses|asyncoperations)/(?P<id>[^/]+)$", re.I
)


class Engine:
    """Answers ARM calls from the world's store."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.types: dict[str, ResourceType] = {type_.type.lower(): type_ for type_ in TYPES}
        self.lifecycle = Lifecycle(world, self.types)
        self._lookup = Lookup(world, self.types, self.lifecycle)
        self._writer = Writer(world, self._lookup)
        self._routes: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        for route in ROUTES:
            self._routes.setdefault(route.method, []).append((route_pattern(route.template), route))

    def handle(self, call: Call) -> Answer:
        """Answer one call. Raises ArmError for every refusal."""
        poll = _POLL.search(call.path)
        if poll is not None and call.method == "GET":
            as_location = poll["results"] is not None
            return self.lifecycle.poll(poll["id"], call, as_location=as_location)
        if not call.version:
            raise ArmError(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
                headers=GATEWAY,
            )
        permissions.check(self._world, call)
        locks.check(self._world, call)
        if call.body is not None and not isinstance(call.body, dict):
            raise ContentError("A JSON object is needed.")
        self._note_subscription(call.path)
        routed = self._route(call)
        return routed if routed is not None else self._generic(call)

    def _route(self, call: Call) -> Answer | None:
        path = call.path.rstrip("/")
        for pattern, route in self._routes.get(call.method, ()):
            found = pattern.fullmatch(path)
            if found is not None:
                if _is_own(route.template):
                    check_own_version(call.version, route.versions)
                check_version(call.version, route.versions, route.template.rsplit("/", 1)[-1], "")
                answer = route.handler(self._world, call, found.groupdict())
                if answer is not None:
                    return answer
        return None

    def _generic(self, call: Call) -> Answer:
        target = parse(call.path)
        if target is None:
            raise ArmError(404, "NotFound", f"No resource is served at '{call.path}'.")
        if target.is_collection and call.method == "POST":
            return self._action(call, target)
        type_ = self.type_of(target, call.version, self._location(call))
        if target.is_collection:
            return self._list(call, target, type_)
        match call.method:
            case "GET":
                return self._get(call, target, type_)
            case "HEAD":
                return self._head(target, type_)
            case "PUT" | "PATCH" | "DELETE":
                return self._writer.write(call, target, type_)
        raise ArmError(405, "MethodNotAllowed", f"{call.method} is not supported here.")

    def _location(self, call: Call) -> str:
        """The region that a request is about: the one sent, or that of what is stored."""
        stored = self._world.store.get(call.path)
        known = stored.body.get("location") if stored is not None else None
        return str((call.body or {}).get("location") or known or "")

    def type_of(self, target: Target, version: str, location: str = "") -> ResourceType:
        """Return the type a path names. Raises ArmError for unknown type or api-version."""
        type_ = self.types.get(target.type.lower())
        if type_ is None:
            self._raise_unknown(target, version)
            raise AssertionError
        if type_.type == GROUPS:
            check_own_version(version, type_.versions)
        check_version(version, type_.versions, type_.type.split("/", 1)[1], location)
        return type_

    def _raise_unknown(self, target: Target, version: str) -> None:
        if not_emulated.is_known(target.namespace, "/".join(target.types)):
            raise not_emulated.refusal(f"'{target.type}'")
        known = [t for t in self.types.values() if t.namespace.lower() == target.namespace.lower()]
        routed = any(f"/providers/{target.namespace}/" in route.template for route in ROUTES)
        if not known and not routed:
            raise ArmError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{target.namespace}' is invalid.",
                headers=GATEWAY,
            )
        supported = ",".join(known[0].versions) if known else ""
        raise ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{'/'.join(target.types)}' could not be found in the namespace "
            f"'{target.namespace}' for api version '{version}'. "
            f"The supported api-versions are '{supported}'.",
            headers=GATEWAY,
        )

    def record(self, resource_id: str) -> Record:
        """Return the settled record of an id. Raises ArmError 404 in the type's own shape."""
        target = parse(resource_id)
        if target is None:
            raise ArmError(404, "NotFound", f"No resource is served at '{resource_id}'.")
        known = self.types.get(target.type.lower())
        type_ = self.type_of(target, known.versions[-1] if known is not None else "")
        return self._lookup.find(target, type_)

    def present(self, record: Record, version: str = "9999") -> Json:
        """Return what GET shows of a record, as far as the api-version knows it."""
        return self._lookup.present(record, version)

    def has_role(self, principal_id: str, scope: str, roles: tuple[str, ...]) -> bool:
        """Whether a principal effectively holds one of the roles, by name, at a scope."""
        return holds_role(self._world, principal_id, scope, roles)

    def _get(self, call: Call, target: Target, type_: ResourceType) -> Answer:
        record = self._lookup.find(target, type_, polled=True)
        headers = {"ETag": record.hidden["etag"]} if "etag" in record.hidden else {}
        if type_.is_moving(record):
            told = self._world.clock.retry_headers(type_.retry_after_s)
            headers["x-ms-retry-after-ms"] = told["x-ms-retry-after-ms"]  # Retry-After: no type's
        return Answer(200, self.present(record, call.version), headers)

    def _head(self, target: Target, type_: ResourceType) -> Answer:
        try:
            self._lookup.find(target, type_)
        except ArmError as error:
            return Answer(error.status, None, error.headers)
        return Answer(204)

    def _list(self, call: Call, target: Target, type_: ResourceType) -> Answer:
        if call.method != "GET":
            raise ArmError(405, "MethodNotAllowed", f"{call.method} is not supported here.")
        self._lookup.require_tracked_parent(target, "read")
        self._lookup.require_scope(target)
        if target.parent is not None and type_.parent_required:
            self._lookup.find(target.parent, self.types[target.parent.type.lower()])
        under = target.parent_id or target.scope
        records = [self.lifecycle.settle(r) for r in self._world.store.of_type(type_.type, under)]
        present = [record for record in records if record is not None]
        if type_.list_filter is not None:
            present = type_.list_filter(self._world, present, call)
        return Answer(
            200, page(self._world, call, present, lambda r: self.present(r, call.version))
        )

    def _action(self, call: Call, target: Target) -> Answer:
        name = target.types[-1]
        owner = Target(target.scope, target.namespace, target.types[:-1], target.names)
        if not owner.types:
            raise ArmError(404, "NotFound", f"No action is served at '{call.path}'.")
        type_ = self.type_of(owner, call.version)
        record = self._lookup.find(owner, type_)
        for action, run in type_.actions.items():
            if action.lower() == name.lower():
                return run(self._world, record, call)
        raise ArmError(404, "NotFound", f"'{type_.type}' has no action '{name}'.")

    def _note_subscription(self, path: str) -> None:
        parts = path.split("/", 3)
        if len(parts) > 2 and parts[1].lower() == "subscriptions":
            key = parts[2].lower()
            if key and self._world.store.document("subscriptions", key) is None:
                self._world.store.put_document("subscriptions", key, {"id": parts[2]})


def check_version(version: str, known: tuple[str, ...], type_: str, location: str) -> None:
    """Raise ArmError 400 if an api-version is not one of the type's."""
    if known and version.lower() not in known:
        supported = ", ".join(known)
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}' and API version "
            f"'{version}' for type '{type_}'. The supported api-versions are '{supported}'. "
            f"The supported locations are '{', '.join(catalog.REGIONS)}'.",
            headers=GATEWAY,
        )


def check_own_version(version: str, known: tuple[str, ...]) -> None:
    """Raise ArmError 400 if ARM itself does not have an api-version: subscriptions, groups.

    Source: Azure/azure-cli#28038, Azure/azure-sdk-for-net#3160.
    """
    if version.lower() not in known:
        supported = ",".join(reversed(known))
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{supported}'.",
            headers=GATEWAY,
        )


def _is_own(template: str) -> bool:
    return "/providers/Microsoft." not in template


def route_pattern(template: str) -> re.Pattern[str]:
    """Compile a route template: `{name}` is one segment, `{name*}` any number."""
    text = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.*?)", template)
    text = re.sub(r"(?<!\()\{(\w+)\}", r"(?P<\1>[^/]+)", text)
    return re.compile(text, re.IGNORECASE)


__all__ = ["Engine", "Route", "check_version"]
