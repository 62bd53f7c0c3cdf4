"""Find a place of the spec by a path as people type it: `compute.size`, `compute.gpu.size`, `jobs.*`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.kinds.spec_fields import Field, Section, by_path, sections, top
from reconciler.spec.problems import nearest

STATED_ELSEWHERE = {
    ("resource_group",): ("target", "resource_group"),
    ("workspace", "log_analytics"): ("workspace", "application_insights", "log_analytics_name"),
    ("hub", "log_analytics"): ("hub", "application_insights", "log_analytics_name"),
}
"""Addresses of resources that a field of another name states."""
ROLES = "identities"
"""Its addresses go one further: `identities.NAME.ROLE` is one of its `role_assignments`."""


@dataclass(frozen=True)
class Place:
    """A place of the spec: what states it (several where its owner takes several shapes)."""

    parts: tuple[str, ...] = ()
    """The path to show: with the given keys, `NAME` for those that were left out."""
    fields: tuple[tuple[Section, Field], ...] = ()
    inside: tuple[Section, ...] = ()
    is_item: bool = False
    """Whether it is one item of the list or map that its field holds."""

    @property
    def path(self) -> str:
        """The path to show; empty for the spec itself."""
        return ".".join(self.parts)

    @property
    def holds_items(self) -> bool:
        """Whether a key or a number may follow, before the fields inside."""
        many = any(_is_many(field) for _, field in self.fields)
        return many and not self.is_item

    @property
    def names(self) -> list[str]:
        """The fields that may follow."""
        return list(dict.fromkeys(f.name for section in self.inside for f in section.fields))

    def item(self, key: str) -> Place:
        """Return one item of it."""
        return replace(self, parts=(*self.parts, key), is_item=True)

    def field(self, name: str) -> Place | None:
        """Return the field inside that has a name."""
        found = tuple((s, f) for s in self.inside for f in s.fields if f.name == name)
        if not found:
            return None
        here = self.item(self._placeholder) if self.holds_items else self
        inside = dict.fromkeys(part for s, f in found for part in _inside(s, f))
        return Place((*here.parts, name), found, tuple(inside))

    @property
    def _placeholder(self) -> str:
        return "N" if self.fields[0][1].type.startswith("list") else "NAME"


def find(path: str) -> Place | None:
    """Return the place that a path names, None when there is none."""
    given = parts_of(path)
    parts = STATED_ELSEWHERE.get(given, given)
    whole = Place(inside=(top(),))
    ways = [*_ways(whole, parts)]
    return ways[0] if ways else _role(parts)


def _role(parts: tuple[str, ...]) -> Place | None:
    """Return the grants of an identity for the address of one; None for a mistyped field."""
    if len(parts) != 3 or parts[0] != ROLES:
        return None
    identity = find(".".join(parts[:2]))
    is_mistyped = identity is None or nearest(parts[2], identity.names)
    return None if is_mistyped else find(f"{ROLES}.{parts[1]}.role_assignments")


def before_the_mistake(path: str) -> tuple[Place, str]:
    """Return the longest part of a wrong path that is right, and the word after it."""
    parts = parts_of(path)
    for end in range(len(parts) - 1, 0, -1):
        place = find(".".join(parts[:end]))
        if place:
            return place, parts[end]
    return Place(inside=(top(),)), parts[0]


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a path; `quota[0].cores` is taken for `quota.0.cores`."""
    return tuple(part for part in path.replace("[", ".").replace("]", "").split(".") if part)


def all_paths() -> list[str]:
    """Return the path of every field, without keys: what can be explained."""
    named = [field.name for field in top().fields]
    return sorted({*named, *(f"{s.path}.{f.name}" for s in sections() for f in s.fields)})


def _ways(place: Place, parts: tuple[str, ...]) -> Iterator[Place]:
    """Yield what a path may mean: a name is first taken for a field, then for a key."""
    if not parts:
        yield place
        return
    field = place.field(parts[0])
    if field:
        yield from _ways(field, parts[1:])
    if place.holds_items:
        yield from _ways(place.item(parts[0]), parts[1:])


def _inside(section: Section, field: Field) -> list[Section]:
    """Return the sections that explain what is in a field."""
    path = f"{section.path}.{field.name}".lstrip(".")
    return [s for s in by_path().get(path, ()) if s.model in field.nested]


def _is_many(field: Field) -> bool:
    return any(f"{word} of " in field.type for word in ("list", "map"))
