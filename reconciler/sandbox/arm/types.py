"""How a resource type is declared: one `ResourceType` per type, in its namespace's module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Protocol

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ContentError
from reconciler.sandbox.arm.schema_language import Node, compile_schema
from reconciler.sandbox.calls import Answer, Call, Lro
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]


@dataclass
class Write:
    """What a write hook sees: the validated body it may change, and what is stored now.

    `body` is the full body after merge for PATCH. `hidden` carries over from the old record.
    `status` is another one than the type's for this very write.
    """

    world: World
    call: Call
    id: str
    body: Json
    old: Record | None
    hidden: Json
    is_patch: bool = False
    status: int | None = None

    @property
    def properties(self) -> Json:
        """The properties bag, created when absent."""
        if self.body.get("properties") is None:
            self.body["properties"] = {}
        found: Json = self.body["properties"]
        return found

    @property
    def name(self) -> str:
        """The resource's own name."""
        return self.id.rsplit("/", 1)[-1]

    @property
    def old_properties(self) -> Json:
        """The stored properties, empty on create."""
        return (self.old.body.get("properties") or {}) if self.old else {}


WriteHook = Callable[[Write], None]
RecordHook = Callable[["World", Record], None]


class SettleHook(Protocol):
    """Brings a record of a type with statuses of its own up to now."""

    def __call__(self, world: World, record: Record, *, polled: bool) -> None: ...


PresentHook = Callable[["World", Record, Json], None]
Action = Callable[["World", Record, Call], Answer]


def _nothing(*_: Any) -> None:
    return None


def _is_pending(record: Record) -> bool:
    return "pending" in record.hidden


@dataclass(frozen=True)
class ResourceType:
    """Everything the engine needs to emulate one type.

    Durations are virtual seconds. `immutable` lists dotted paths compared without case; what a PUT
    leaves out is not a change. `prepare` runs before storing (defaults, rewrites, refusals),
    `ready` when a create or update completes (an ArmError there makes it Failed), `removed` when
    the record is gone, `present` shapes what GET shows. `delete_shows`: DELETE answers with what it
    deletes. `names_created`: whether a 201 that begins no operation carries the new resource's
    address as Location. `running_word`: what an operation's status is until it ends (any word but
    the three final ones, by the ARM RPC). While `is_moving` says so, a GET tells when to ask again.
    `deletes_at_once_before`: the api-version before which a DELETE was no operation yet.
    `system_data_since`: the one before which systemData was null.
    `drops_unpublished`: what another api-version alone has is taken and dropped, as recorded.
    `outlives_scope`: it stays when what it extends is deleted.
    `retry_after_s` paces the sandbox; `says_retry_after`: whether Azure sends Retry-After too.
    `bad_content` and `bad_name` are the provider's own words for a body or a name it does not take;
    the gateway reads the properties at the top itself.
    """

    type: str
    schema: Node | Callable[[Json], Node]
    patch_schema: Node | None = None
    name_pattern: str = r"^.{1,260}$"
    tracked: bool = True
    create: Lro = Lro.SYNC
    create_status: int = 201
    update: Lro = Lro.SYNC
    update_status: int = 200
    patch_status: int | None = None
    delete: Lro = Lro.SYNC
    delete_status: int = 200
    deletes_at_once_before: str = ""
    delete_shows: bool = False
    names_created: bool = False
    running_word: str = "InProgress"
    missing_delete_status: int = 204
    create_s: float = 30.0
    update_s: float = 15.0
    delete_s: float = 30.0
    retry_after_s: int = 10
    says_retry_after: bool = True
    creating_state: str = "Creating"
    shows_state: bool = True
    immutable: tuple[str, ...] = ()
    immutable_error: Callable[[str, str], Exception] | None = None
    global_name: Callable[[str], Exception] | None = None
    not_found: Callable[[str, str], Exception] | None = None
    bad_content: Callable[[ContentError, Any], Exception] | None = None
    bad_name: Callable[[str], Exception] | None = None
    drops_unpublished: bool = False
    can_put: bool = True
    can_patch: bool = True
    can_delete: bool = True
    extension: bool = False
    outlives_scope: bool = False
    etag_in_body: bool = False
    system_data: bool = True
    system_data_since: str = ""
    parent_required: bool = True
    prepare: WriteHook = _nothing
    ready: RecordHook = _nothing
    before_delete: Callable[[World, Record, Call], None] = _nothing
    removed: RecordHook = _nothing
    present: PresentHook = _nothing
    settle: SettleHook | None = None
    is_moving: Callable[[Record], bool] = _is_pending
    list_filter: Callable[[World, list[Record], Call], list[Record]] | None = None
    actions: dict[str, Action] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[str, ...]:
        """The api-versions that it is served in, oldest first."""
        return api_versions(self.type)

    @property
    def namespace(self) -> str:
        """The resource provider's name."""
        return self.type.split("/", 1)[0]


@dataclass(frozen=True)
class Route:
    """A request that is no stored resource: a template such as `/subscriptions/{sub}/locations`.

    A handler that returns None leaves the request to the generic engine.
    """

    method: str
    template: str
    versions: tuple[str, ...]
    handler: Callable[[World, Call, dict[str, str]], Answer | None]


def schema(*texts: str) -> Node:
    """Compile schema texts (see `schema_language.py`), each dedented, as one object."""
    return compile_schema("\n".join(dedent(text) for text in texts))


__all__ = [
    "Action",
    "Answer",
    "Call",
    "Lro",
    "PresentHook",
    "RecordHook",
    "ResourceType",
    "Route",
    "SettleHook",
    "Write",
    "WriteHook",
    "schema",
]
