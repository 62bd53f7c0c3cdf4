"""What a handler is: all that the product knows of one kind.

`expand` is pure and turns a section of the spec into resources; `observe` reads; `create`,
`update` and `delete` write. `ArmHandler` does the I/O for every kind that is plain ARM;
such a kind only states its type, api-version, rules and `expand`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import only_changed, overlay
from reconciler.engine.types import Address, JsonObject, Observed, Phase, Resource
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.within import Within
from reconciler.secrets import Secret
from reconciler.spec.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cloud.run_scope import RunScope

SYSTEM_KEYS = ("id", "name", "type", "etag", "systemData")


class Progress(Protocol):
    """Where a handler reports what it is doing, for the live table and the event lines."""

    def say(self, address: Address, message: str, *, link: str = "") -> None:
        """Say one short thing about a resource, for example `Running, 12 min`."""

    def bytes(self, address: Address, done: int, total: int) -> None:
        """Say how many bytes of an upload or download are through."""


@dataclass
class HandlerContext:
    """What a handler may use at run time: the run and its clients, shared reads, other observations.

    `others(address)` returns what was observed of another resource (it waits for it in a
    plan), or None when it does not exist.
    """

    run: RunScope
    owner: str
    subscription_id: str
    resource_group: str
    location: str
    reads: Reads
    others: Callable[[Address], Observed | None]
    progress: Progress
    resources: Mapping[Address, Resource] = field(default_factory=dict)
    wait_for_runs: bool = True
    placed: set[str] = field(default_factory=set)
    """What this run put in place under a name that says its content: not to be put again."""


class Reads:
    """Reads of one plan, shared: the same list is asked for once, whoever needs it.

    With `fresh` (during an apply) nothing is kept and single resources are read by GET.
    """

    def __init__(self, run: RunScope, *, fresh: bool = False) -> None:
        """Keep nothing yet."""
        self.fresh = fresh
        self._run = run
        self._lock = Lock()
        self._kept: dict[tuple[str, ...], Future[Any]] = {}

    def get(
        self, path: str, api_version: str, params: Mapping[str, str] | None = None
    ) -> JsonObject | None:
        """Return one resource, None when it does not exist."""
        arm = self._run.arm
        found = self._once(
            "get", path, api_version, params, lambda: arm.get(path, api_version, params)
        )
        return found if found is None else dict(found)

    def list(
        self, path: str, api_version: str, params: Mapping[str, str] | None = None
    ) -> list[JsonObject]:
        """Return all items of a collection; none when its parent does not exist."""
        arm = self._run.arm
        return list(
            self._once(
                "list", path, api_version, params, lambda: arm.list(path, api_version, params)
            )
        )

    def forget_failures(self) -> None:
        """Let what could not be read be asked for again."""
        with self._lock:
            answered = {k: f for k, f in self._kept.items() if not (f.done() and f.exception())}
            self._kept = answered

    def _once(
        self,
        verb: str,
        path: str,
        api_version: str,
        params: Mapping[str, str] | None,
        ask: Callable[[], Any],
    ) -> Any:
        if self.fresh:
            return ask()
        key = (verb, path.lower(), api_version, *(f"{k}={v}" for k, v in (params or {}).items()))
        with self._lock:
            future = self._kept.get(key)
            mine = future is None
            if future is None:
                future = self._kept[key] = Future()
        if mine:
            try:
                future.set_result(ask())
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()


class Handler:
    """The interface of a kind. Everything but `expand`, `observe` and the writes has a default."""

    kind: ClassVar[str]
    """The word users read, for example `compute cluster`."""
    section: ClassVar[str]
    """The key of the spec that states it."""
    type: ClassVar[str] = ""
    """The Azure type; empty for what is not an ARM resource of its own."""
    api_version: ClassVar[str] = ""
    attributes: ClassVar[Attributes] = Attributes()
    policy: ClassVar[Policy] = Policy()
    has_tags: ClassVar[bool] = True
    follows_replacement: ClassVar[bool] = False
    """Whether it must be written again when something it depends on was replaced."""
    compares_at_apply: ClassVar[bool] = False
    """Whether apply must compare secrets that a plan does not read (`differences`)."""
    needs_grants: ClassVar[bool] = False
    """Whether a create fails for good when a role of its identity is not effective yet."""
    holds_data: ClassVar[bool] = False
    """Whether a delete loses what no apply can make again: protected unless the spec says not."""
    costs_money: ClassVar[bool] = False
    """Whether it is paid for as long as it is there."""
    serves_traffic: ClassVar[bool] = False
    """Whether somebody's requests fail when it goes."""
    deletable: ClassVar[bool] = True
    """Whether destroy may delete it (a quota cannot be deleted)."""
    within: ClassVar[tuple[Within, ...]] = ()
    """What its resources live inside, and go with; none for those of the group itself."""
    contents: ClassVar[str] = ""
    """The list below it that shows all that is in it, of any kind: a group's `resources`."""
    is_setting: ClassVar[bool] = False
    """Whether it is a part of the resource that its id leads through, and stays with that."""
    arm_kinds: ClassVar[frozenset[str]] = frozenset()
    """What `kind` in a body says of it, folded, where its type is that of several kinds."""
    links: ClassVar[frozenset[str]] = frozenset()
    """Properties of its body that hold the ids of what it cannot work without."""
    shows_links: ClassVar[bool] = True
    """Whether the list of a group shows these; otherwise the resource itself must be read."""
    grants_access: ClassVar[bool] = False
    """Whether it gives an identity rights, which take their time to be in effect."""
    registers_provider: ClassVar[bool] = False
    """Whether it lets the subscription use a provider, which takes its time too."""
    asks_model: ClassVar[bool] = False
    """Whether `reconcile chat` puts its questions through it."""

    @property
    def would_be_missed(self) -> bool:
        """Whether it must not go unasked with what it is in."""
        return self.costs_money or self.serves_traffic or self.holds_data

    def knows(self, body: JsonObject) -> bool:
        """Return whether a body out of a list is one of its kind."""
        is_type = bool(self.type) and self.type.casefold() == str(body.get("type")).casefold()
        arm_kind = str(body.get("kind") or "").casefold()
        return is_type and (not self.arm_kinds or arm_kind in self.arm_kinds)

    def expand(self, spec: Any, expansion: Expansion) -> None:
        """Add the resources that the spec states of this kind to the scope. Pure."""
        raise NotImplementedError

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read one resource; None only when Azure says that it does not exist."""
        raise NotImplementedError

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Create the resource and wait. `desired` holds no reference any more."""
        raise NotImplementedError

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Carry out an update (or adopt) and wait."""
        raise NotImplementedError

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the resource and wait until it is gone."""
        raise NotImplementedError

    def reveal(self, context: HandlerContext, resource: Resource, attribute: str) -> Secret:
        """Return a secret attribute, at the moment of a write."""
        raise NotImplementedError

    def differences(
        self, context: HandlerContext, resource: Resource, desired: JsonObject
    ) -> Iterable[str]:
        """Return labels of secret fields that differ; only apply may ask, it reads secrets."""
        return ()

    def check(self, resource: Resource, document: Document) -> Iterable[Diagnostic]:
        """Return what is wrong with the local files that a resource names. No network."""
        return ()

    def stated_wait_s(self, resource: Resource) -> float:
        """Return how long the spec lets us wait for it, beside what any resource may take."""
        return 0.0

    def follow(self, context: HandlerContext, resource: Resource) -> None:
        """Follow a run to its end; only kinds whose policy `runs` have one.

        Raises `PendingError` when the wait ends before the run does, `ReconcileError` when
        the run failed.
        """
        raise NotImplementedError

    def prepare(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Look, before a create, for what would make it fail; return what the plan is to tell.

        Raises `RefusedError` for a create that must not be tried (a soft-deleted twin).
        """
        return Preflight()

    def review(self, change: Change) -> Change:
        """Return the decision with what only this kind knows: a reason, or a block."""
        return change

    def remains(self, resource: Resource) -> str:
        """Say what Azure keeps after a delete, "" when nothing."""
        return ""


class ArmHandler(Handler):
    """A kind that is plain ARM: PUT creates, PATCH or PUT updates, DELETE deletes."""

    lists: ClassVar[bool] = False
    """Whether a plan reads it out of its collection, one request for all of them."""
    patches: ClassVar[bool] = True
    """Whether an update is a PATCH of what differs; otherwise GET, overlay, PUT."""
    read_only: ClassVar[frozenset[str]] = frozenset({"properties.provisioningState"})
    """Body paths that an overlaid PUT must not send back."""
    delete_params: ClassVar[Mapping[str, str]] = {}

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
        owner, name = self.owner(context, resource, body)
        phase, message = provisioning_phase(body)
        outputs = {"id": resource.resource_id, **self.outputs(body)}
        return Observed(body, outputs, owner, phase, message, owner_name=name)

    def owner(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Any:
        """Return whose mark the resource carries; by its tags unless a kind says otherwise."""
        return tag_owner(body, context.owner, resource.resource_id)

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
