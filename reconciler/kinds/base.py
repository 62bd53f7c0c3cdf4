"""What a handler is: all that the product knows of one kind.

`expand` is pure and turns a section of the spec into resources; `observe` reads; `create`,
`update` and `delete` write. `arm_handler.ArmHandler` does the I/O for every kind that is plain
ARM; such a kind only states its type, api-version, rules and `expand`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.types import Address, JsonObject, Observed, Owner, Resource
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.ownership import tag_owner
from reconciler.kinds.within import Within

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cloud.run_scope import RunScope
    from reconciler.kinds import Spec


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
    lent: dict[str, Lent] = field(default_factory=dict)
    """What this run took from endpoints to be given back, by their folded ids."""


@dataclass
class Lent:
    """The shares of an endpoint before this run took some away, by lower-case name.

    `left` is what this run made of them last, `away` whose deployments are gone for now.
    """

    before: Mapping[str, int]
    left: Mapping[str, int] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)


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


class Handler(ABC):
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
    put_replaces: ClassVar[bool] = False
    """Whether a PUT takes away what it leaves out."""
    read_only: ClassVar[frozenset[str]] = frozenset()
    """Dotted body paths that Azure fills in by itself."""
    follows_replacement: ClassVar[bool] = False
    """Whether it must be written again when something it depends on was replaced."""
    stated_apart: ClassVar[frozenset[str]] = frozenset()
    """Settings of its section that are resources of their own in a plan."""
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
    keeps_history: ClassVar[bool] = False
    """Whether its resources are records of work: they stay when the spec names them no more."""
    own_expressions: ClassVar[frozenset[str]] = frozenset()
    """What Azure's own `${{ ... }}` begins with in its bodies: sent as it is written."""
    asks_model: ClassVar[bool] = False
    """Whether `reconcile chat` puts its questions through it."""

    def fills_in(self, path: str) -> bool:
        """Return whether Azure fills in a dotted body path: a PUT without it takes nothing away."""
        return path in self.read_only

    @property
    def would_be_missed(self) -> bool:
        """Whether it must not go unasked with what it is in."""
        holds_data = self.holds_data and not self.keeps_history
        return self.costs_money or self.serves_traffic or holds_data

    def knows(self, body: JsonObject) -> bool:
        """Return whether a body out of a list is one of its kind."""
        is_type = bool(self.type) and self.type.casefold() == str(body.get("type")).casefold()
        arm_kind = str(body.get("kind") or "").casefold()
        return is_type and (not self.arm_kinds or arm_kind in self.arm_kinds)

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whose mark a body carries, and the spec's name in it; by its tags unless said."""
        return tag_owner(body, owner, resource_id)

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return what a collection of a parent shows, as far as it may be ours, ids and all."""
        return context.reads.list(f"{parent}/{collection}", self.api_version)

    def key_in(self, body: JsonObject) -> str:
        """Return what the spec would call a listed resource: its name unless said."""
        return str(body["id"]).rpartition("/")[2]

    def as_desired(self, body: JsonObject) -> JsonObject:
        """Return what `observe` must know to find a listed resource again, besides its id."""
        return {}

    @abstractmethod
    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the resources that the spec states of this kind to the scope. Pure."""

    def expand_late(self, spec: Spec, expansion: Expansion) -> None:  # noqa: B027 - few have any
        """Add what refers to resources of kinds that expand later than its own. Pure."""

    @abstractmethod
    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read one resource; None only when Azure says that it does not exist."""

    @abstractmethod
    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Create the resource and wait. `desired` holds no reference any more."""

    @abstractmethod
    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Carry out an update (or adopt) and wait."""

    @abstractmethod
    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the resource and wait until it is gone."""
