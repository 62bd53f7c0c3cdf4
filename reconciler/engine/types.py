"""The words of the engine as types: resource, observed, field, outcome.

Everything here is immutable. A *resource* is one node of the graph, made from the spec
alone; *observed* is what Azure said about it; the decision over the pair is in `decisions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic

from typing_extensions import TypeVar

from reconciler.diagnostics import Diagnostic, Position
from reconciler.reasons import Reason

JsonObject = dict[str, Any]
"""A JSON body as ARM speaks it; `Any` because Azure, not we, owns its shape."""

Address = str
"""How spec, plan and messages name a resource, for example `compute.gpu-cluster`."""


@dataclass(frozen=True)
class Reference:
    """A value that another resource has: a leaf of a desired body until it is resolved.

    Without an address it is a secret outside of the spec, and `attribute` its URL. `position`
    is where the spec refers to it.
    """

    address: Address
    attribute: str = "id"
    secret: bool = False
    position: Position | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return the text that users write in a spec."""
        if not self.address:
            return self.attribute
        return f"${{{{ {self.address}.{self.attribute} }}}}"


@dataclass(frozen=True)
class Unknown:
    """A value that only Azure can tell, after the resource it comes from exists."""

    reference: Reference

    def __str__(self) -> str:
        """Return the words that a plan shows."""
        return "(known after apply)"


class Action(Enum):
    """What apply will do with a resource."""

    NO_OP = "no-op"
    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RUN = "run"

    @property
    def sign(self) -> str:
        """The mark in front of a plan's line."""
        return SIGNS[self]

    @property
    def is_change(self) -> bool:
        """Whether apply has anything to write for it."""
        return self is not Action.NO_OP

    @property
    def is_destructive(self) -> bool:
        """Whether something that exists is lost."""
        return self in (Action.REPLACE, Action.DELETE)


SIGNS = {
    Action.NO_OP: " ",
    Action.CREATE: "+",
    Action.ADOPT: "<=",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.RUN: ">",
}


class Phase(Enum):
    """Where Azure is with a resource."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"


class Owner(Enum):
    """Whose mark an observed resource carries."""

    OURS = "ours"
    NOBODY = "nobody"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Observed:
    """What Azure says of one resource that exists.

    `body` is the resource as GET shows it; `outputs` are the attributes that others may
    refer to; `message` explains a phase that is not READY.
    """

    body: JsonObject
    outputs: Mapping[str, Any] = field(default_factory=dict)
    owner: Owner = Owner.OURS
    phase: Phase = Phase.READY
    message: str = ""
    link: str = ""
    owner_name: str = ""

    @property
    def is_going(self) -> bool:
        """Whether Azure is at work deleting it."""
        return self.phase is Phase.PENDING and self.message.casefold() == "deleting"


@dataclass(frozen=True)
class Acceptance:
    """A warning that the spec accepts, by its id, and why; `key` is the one of `lifecycle`."""

    key: str
    id: str
    why: str
    position: Position | None = field(default=None, compare=False)


Settings = TypeVar("Settings", default=Any)
"""What a kind must know of its resources beyond their bodies; any, where many kinds meet."""


@dataclass(frozen=True)
class Resource(Generic[Settings]):
    """One thing that the spec wants: a node of the graph.

    `desired` is the body to send, with `Reference` leaves; `known` are outputs that
    follow from the spec alone (at least the ARM `id` where it is deterministic).
    `settings` is the section's own model, for what is not part of the body; `owner` is the
    name of the spec.
    """

    address: Address
    kind: str
    resource_id: str
    desired: JsonObject
    settings: Settings = None  # type: ignore[assignment]  # a kind that needs none has none
    position: Position | None = None
    depends_on: frozenset[Address] = frozenset()
    known: Mapping[str, Any] = field(default_factory=dict)
    protected: bool | None = None
    """The spec's word on whether it must stay; None where the spec says nothing."""
    holds_data: bool = False
    """Whether its kind is protected where nobody says anything."""
    adopt: bool = False
    ignored: frozenset[tuple[str, ...]] = frozenset()
    """Body paths that are set at create and then left to others."""
    unstated: frozenset[tuple[str, ...]] = frozenset()
    """Body paths of defaults that nobody wrote: they count at create, and are told afterwards."""
    accepted: tuple[Acceptance, ...] = field(default=(), compare=False)
    """What the spec accepts of it; of two entries with one id the later one counts."""
    owner: str = ""


@dataclass(frozen=True)
class FieldDiff:
    """One field that differs. `keys` lead to it in the ARM body, `label` is the spec's word."""

    keys: tuple[str, ...]
    label: str
    before: Any
    after: Any
    forces_replace: bool = False
    sensitive: bool = False

    @property
    def path(self) -> str:
        """The ARM body path, dotted."""
        return ".".join(self.keys)


class Status(Enum):
    """How one resource ended in an apply or destroy."""

    UNCHANGED = "unchanged"
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """What became of one change, with every problem. `elapsed_s` is wall time in seconds."""

    address: Address
    action: Action
    status: Status
    elapsed_s: float = 0.0
    problems: tuple[Diagnostic, ...] = ()
    because_of: Address = ""
    link: str = ""
    reason: Reason | None = None
    """Why it ended so, where that is neither a problem nor another resource."""
