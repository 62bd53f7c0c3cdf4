"""ARM paths taken apart: which resource, collection or action a request names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

GROUPS = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True)
class Target:
    """`scope` is everything before the last `/providers/`; `names` may be one shorter than
    `types` (a collection, or with POST an action on the resource before it).
    """

    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        """The full type, as written by the client."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_collection(self) -> bool:
        """Whether no single resource is named."""
        return len(self.names) < len(self.types)

    @property
    def id(self) -> str:
        """The resource id as written; for a collection the id of the collection."""
        if self.type.lower() == GROUPS.lower():
            return "/".join((self.scope, "resourceGroups", *self.names))
        pairs = [part for pair in zip(self.types, self.names, strict=False) for part in pair]
        if self.is_collection:
            pairs.append(self.types[-1])
        return "/".join((self.scope, "providers", self.namespace, *pairs))

    @property
    def parent(self) -> Target | None:
        """The resource this one is nested in, None at top level."""
        if len(self.types) < 2:
            return None
        above = len(self.types) - 1
        return Target(self.scope, self.namespace, self.types[:-1], self.names[:above])

    @property
    def parent_id(self) -> str | None:
        """The id of the resource this one is nested in, None at top level."""
        return None if self.parent is None else self.parent.id

    @property
    def subscription(self) -> str | None:
        """The subscription id in the scope."""
        return segment_after(self.scope, "subscriptions")

    @property
    def group(self) -> str | None:
        """The resource group's name in the scope."""
        return segment_after(self.scope, "resourceGroups")


def parse(path: str) -> Target | None:
    """Return what an ARM path names; None where it is not of the generic shape."""
    parts = [unquote(part) for part in path.split("/") if part]
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered:
        return _group(parts, lowered)
    at = len(lowered) - 1 - lowered[::-1].index("providers")
    tail = parts[at + 1 :]
    if len(tail) < 2:
        return None
    scope = "/" + "/".join(parts[:at]) if at else ""
    return Target(scope, tail[0], tuple(tail[1::2]), tuple(tail[2::2]))


def _group(parts: list[str], lowered: list[str]) -> Target | None:
    if len(parts) not in (3, 4) or lowered[0] != "subscriptions" or lowered[2] != "resourcegroups":
        return None
    scope = f"/subscriptions/{parts[1]}"
    return Target(scope, "Microsoft.Resources", ("resourceGroups",), tuple(parts[3:]))


def segment_after(path: str, word: str) -> str | None:
    """Return the path segment after the first segment equal to `word` in any case."""
    parts = [part for part in path.split("/") if part]
    for before, after in pairwise(parts):
        if before.lower() == word.lower():
            return after
    return None
