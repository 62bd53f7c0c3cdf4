"""Who a token speaks for and what it may do, by GitHub's names of permissions.

A token without permissions of its own is a classic one of a person, who may do everything. The
token of a workflow belongs to the App GitHub Actions, and has what the workflow's `permissions`
give it. Only a token's digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "forge_tokens"
PEOPLE = "forge_people"
ACTIONS, ACTIONS_APP = "github-actions", 15368
PERMISSIONS = (
    "checks", "contents", "deployments", "issues", "metadata", "pull-requests", "statuses",
)  # fmt: skip
LEVELS = ("none", "read", "write")


@dataclass(frozen=True)
class Token:
    """`app` is the slug of the App that it belongs to, "" for a person's."""

    login: str
    user_id: int
    app: str = ""
    app_id: int = 0
    permissions: dict[str, str] | None = None
    repositories: tuple[str, ...] | None = None
    expired: bool = False

    def may(self, permission: str) -> bool:
        """Whether the token has a permission: `issues:write`."""
        name, _, level = permission.partition(":")
        if self.permissions is None or (name == "metadata" and level == "read"):
            return True
        return LEVELS.index(self.permissions.get(name, "none")) >= LEVELS.index(level)

    def sees(self, repository: str) -> bool:
        """Whether a repository is there for the bearer."""
        wanted = repository.lower()
        return self.repositories is None or wanted in [one.lower() for one in self.repositories]

    @property
    def identity(self) -> str:
        """The id of the bearer as Azure DevOps writes it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{self.login}"))


NOBODY = Token("", 0, permissions={}, repositories=())


@dataclass
class Tokens:
    """The tokens of a sandbox, in its store."""

    store: Store
    _kept: dict[str, Token] = field(default_factory=dict)

    def issue(
        self,
        login: str,
        permissions: dict[str, str] | None = None,
        repositories: list[str] | None = None,
    ) -> str:
        """Return a new token of a person, of `actions`, or of an App (`app/SLUG`)."""
        app = ACTIONS if login in ("actions", f"{ACTIONS}[bot]") else ""
        app = login.removeprefix("app/") if login.startswith("app/") else app
        name = f"{app}[bot]" if app else login
        allowed = _checked(permissions)
        token = Token(
            name,
            person(self.store, name),
            app,
            (ACTIONS_APP if app == ACTIONS else person(self.store, f"app/{app}")) if app else 0,
            {} if app and allowed is None else allowed,
            None if repositories is None else tuple(repositories),
        )
        prefix = "ghs_" if app else "ghp_" if allowed is None else "github_pat_"
        text = prefix + secrets.token_hex(18)
        self.store.put_document(SPACE, _digest(text), asdict(token))
        return text

    def expire(self, text: str) -> None:
        """Let a token be out of date. Raises ValueError for one that was never issued."""
        known = self.store.document(SPACE, _digest(text))
        if known is None:
            raise ValueError("no such token was issued by this sandbox")
        self.store.put_document(SPACE, _digest(text), {**known, "expired": True})

    def find(self, text: str) -> Token | None:
        """Return whom a token speaks for, None for one that was not issued here."""
        known = self.store.document(SPACE, _digest(text))
        if known is None:
            return None
        seen = known["repositories"]
        return Token(**{**known, "repositories": None if seen is None else tuple(seen)})


def person(store: Store, login: str) -> int:
    """Return the number of a login, the same one each time."""
    known = store.documents(PEOPLE)
    if login not in known:
        number = 41898282 if login == f"{ACTIONS}[bot]" else 1001 + len(known)
        store.put_document(PEOPLE, login, number)
        return number
    return int(known[login])


def _checked(permissions: dict[str, str] | None) -> dict[str, str] | None:
    for name, level in (permissions or {}).items():
        if name not in PERMISSIONS:
            raise ValueError(f"{name!r} is no permission; there are {', '.join(PERMISSIONS)}")
        if level not in LEVELS:
            raise ValueError(f"{name} is none, read or write, not {level!r}")
    return permissions


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
