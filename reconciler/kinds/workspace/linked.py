"""The resources a workspace or hub is linked to: made from a map, or used by their id."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from reconciler.engine.types import Address, JsonObject, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.expansion import Expansion
from reconciler.spec.model import Tags

if TYPE_CHECKING:
    from reconciler.kinds import Spec

OWNERS = ("workspace", "hub")


class Named(Protocol):
    """What the spec says of anything in the resource group that has a name of its own."""

    @property
    def name(self) -> str:
        """The name in the resource group."""

    @property
    def tags(self) -> Tags:
        """Tags of its own."""


Settings = TypeVar("Settings", bound=Named)


class LinkedHandler(ArmHandler, Generic[Settings]):
    """A kind that a workspace or hub is linked to, each by the same field."""

    field: ClassVar[str]
    """The field of `workspace` and `hub` that states it."""

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add those of workspace and hub; one that is given by its id exists outside the spec."""
        for owner in OWNERS:
            stated = getattr(getattr(spec, owner), self.field, None)
            if isinstance(stated, str):
                expansion.external(f"{owner}.{self.field}", self.kind, stated)
            elif stated is not None:
                self.add(owner, stated, stated.name, expansion)

    def add(self, owner: str, settings: Settings, name: str, expansion: Expansion) -> None:
        """Add the one of a workspace or hub under a name in the group."""
        resource_id = expansion.id_in_group(self.type, name)
        desired: JsonObject = {
            "location": expansion.location,
            "tags": expansion.tracked_tags(resource_id, settings.tags),
            **self.body(settings, owner, expansion),
        }
        expansion.add(
            Resource(
                self.address(owner),
                self.kind,
                resource_id,
                desired,
                settings=settings,
                position=expansion.document.position((owner, self.field)),
                depends_on=frozenset({"resource_group", *self.needs(owner)}),
                known={"name": name},
            )
        )

    def address(self, owner: str) -> Address:
        """Return the address of the one of a workspace or hub."""
        return f"{owner}.{self.field}"

    def needs(self, owner: str) -> tuple[Address, ...]:
        """Return what must be there before it, besides the group."""
        return ()

    @abstractmethod
    def body(self, settings: Settings, owner: str, expansion: Expansion) -> JsonObject:
        """Return its own part of the body: all but location and tags. Pure."""


def link(expansion: Expansion, section: str, field: str, fallback: str = "") -> tuple[str, Address]:
    """Return the id that a workspace's or hub's link stands for, and the address it comes from.

    With `fallback` (another section) its link is shared where the own one is not stated.
    """
    for owner in filter(None, (section, fallback)):
        address = f"{owner}.{field}"
        found = expansion.known_id(address)
        if found:
            return found, address
    return "", ""
