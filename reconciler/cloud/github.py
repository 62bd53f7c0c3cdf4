"""The few requests to GitHub that a comment needs. Source: docs.github.com/rest, version 2022-11-28."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

from reconciler.cloud.repository_host import RepositoryHost

VERSION = "2022-11-28"
PAGE = 100
MOST_PAGES = 100


@dataclass(frozen=True)
class GitHub(RepositoryHost):
    """One repository (`owner/name`) as one token sees it."""

    repository: str
    host: ClassVar[str] = "GitHub"
    needs: ClassVar[str] = "give the token `pull-requests: write` and `statuses: write`"

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return an answer's JSON; a `path` without a slash is within the repository."""
        place = path if path.startswith("/") else f"/repos/{self.repository}/{path}"
        return RepositoryHost.ask(self, method, place, body)

    def every(self, path: str) -> list[dict[str, Any]]:
        """Return every item of a list, all pages. Raises what `ask` does."""
        items: list[dict[str, Any]] = []
        for page in count(1):
            rows = self.ask("GET", f"{path}?per_page={PAGE}&page={page}")
            items += rows
            if len(rows) < PAGE or page >= MOST_PAGES:
                return items
        raise AssertionError("the numbers do not end")

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""
        return {
            "Authorization": f"Bearer {self.token.reveal()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        }
