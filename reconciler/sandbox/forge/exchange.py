"""A request to GitHub or Azure DevOps and its answer, and the table that leads to a handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.forge.repositories import Repositories
from reconciler.sandbox.forge.tokens import Token

Json = dict[str, Any]
_PLACE = re.compile(r"\{(\w+)(\*?)\}")


@dataclass(frozen=True)
class Reply:
    """Status, JSON body (None for none) and extra headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Ask:
    """One request, signed in and parsed."""

    method: str
    url: str
    """The address of the plane, without a slash at its end."""
    path: str
    args: dict[str, str]
    query: dict[str, str]
    body: Any
    token: Token
    repositories: Repositories

    @property
    def repo(self) -> str:
        """The full name of the repository that the path names."""
        return "/".join(self.args[name] for name in ("o", "p", "r") if name in self.args)


Handler = Callable[[Ask], Reply]


@dataclass(frozen=True)
class Route:
    """An operation: `{name}` in its path is one segment, `{name*}` may hold slashes."""

    method: str
    path: str
    handler: Handler
    needs: tuple[str, ...] = ()
    """Permissions of which one is enough: `issues:write`."""
    docs: str = ""

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return what the placeholders stand for, None for another operation's request."""
        if method != self.method:
            return None
        pattern = _PLACE.sub(_pattern_of, self.path)
        found = re.fullmatch(pattern, path.strip("/"), re.IGNORECASE)
        return None if found is None else found.groupdict()


def _pattern_of(place: re.Match[str]) -> str:
    return f"(?P<{place[1]}>{'.+?' if place[2] else '[^/]+'})"


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the operation that a request is for, and its arguments."""
    for route in routes:
        args = route.match(method, path)
        if args is not None:
            return route, args
    return None
