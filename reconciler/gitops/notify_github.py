"""Statuses of commits, and deployments, at GitHub: written only where something changed.

GitHub keeps 1,000 statuses of a commit and context at most. What a commit already says is asked
once, so that a restart writes nothing again. A revision that changes something is a deployment, too.
Sources: docs.github.com/rest/commits/statuses, rest/deployments.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from reconciler.cloud.github import MOST_PAGES, PAGE, GitHub
from reconciler.gitops.commit_notifier import CommitNotifier
from reconciler.gitops.commit_status import CommitStatus
from reconciler.gitops.results import Result
from reconciler.render.event_text import head_of_status

STATES = {
    Result.SUCCESS: "success",
    Result.FAILURE: "failure",
    Result.PENDING: "pending",
    Result.SKIP: "pending",
}
DEPLOYED = {
    Result.SUCCESS: "success",
    Result.FAILURE: "failure",
    Result.PENDING: "in_progress",
    Result.SKIP: "queued",
}
MOST_COMMITS = 4
WRITE_SPACING_S, BURST = 1.0, 20
"""GitHub asks for a second between many writes; so many may come at once. Source: docs.github.com/
rest/using-the-rest-api/best-practices-for-using-the-rest-api."""

MARK = "reconcile"
"""What the payload of a deployment of ours names its spec by."""

State = tuple[str, str]


@dataclass(frozen=True)
class _Deployment:
    """What GitHub is asked to deploy. Nothing is merged, and no status of the commit stops it."""

    ref: str
    environment: str
    description: str
    auto_merge: bool = False
    required_contexts: tuple[str, ...] = ()


class Pace:
    """Spaces writes once there are many in a row."""

    def __init__(self) -> None:
        """Have written nothing."""
        self._next_s = 0.0

    def wait_s(self, now: float) -> float:
        """Return how long to wait before one more write at this time, and count it."""
        wait_s = max(0.0, self._next_s - now - (BURST - 1) * WRITE_SPACING_S)
        self._next_s = max(self._next_s, now) + WRITE_SPACING_S
        return wait_s


class GitHubNotifier(CommitNotifier):
    """Tells one repository; `connect` signs in anew, since tokens end."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], GitHub],
        *,
        deploys: bool = True,
    ) -> None:
        """Ask nothing yet."""
        self.name, self._pace = name, Pace()
        self._connect, self._deploys = connect, deploys
        self._known: dict[str, dict[str, State]] = {}
        self._deployments: dict[str, tuple[str, int | None, str]] = {}

    def set_status(self, status: CommitStatus) -> None:
        """Set status and deployment where they differ. Raises what requests to GitHub do."""
        self._set_state(status)
        if self._deploys:
            self._set_deployment(status)

    def _set_state(self, status: CommitStatus) -> None:
        known, wanted = self._of_commit(status.commit), (STATES[status.result], status.head)
        if known.get(status.context) == wanted:
            return
        body = {"state": wanted[0], "context": status.context, "description": status.text}
        self._write(f"statuses/{status.commit}", body)
        known[status.context] = wanted

    def _of_commit(self, commit: str) -> dict[str, State]:
        if commit not in self._known:
            while len(self._known) >= MOST_COMMITS:
                del self._known[next(iter(self._known))]
            self._known[commit] = self._read(commit)
        return self._known[commit]

    def _read(self, commit: str) -> dict[str, State]:
        """Return what a commit says already, by context."""
        github, found = self._connect(), dict[str, State]()
        for page in range(1, MOST_PAGES + 1):
            path = f"commits/{commit}/status?per_page={PAGE}&page={page}"
            with github.answers_read():
                rows = github.ask("GET", path)["statuses"]
                for row in rows:
                    text = str(row["description"] or "")
                    found[str(row["context"])] = (str(row["state"]), head_of_status(text))
            if len(rows) < PAGE:
                break
        return found

    def _set_deployment(self, status: CommitStatus) -> None:
        commit, number, state = self._deployment(status)
        wanted = DEPLOYED[status.result]
        if number is None and status.is_change:
            number = self._deployed(status)
        if number is not None and state != wanted:
            self._write(
                f"deployments/{number}/statuses", {"state": wanted, "description": status.text}
            )
            state = wanted
        self._deployments[status.spec] = (commit, number, state)

    def _deployment(self, status: CommitStatus) -> tuple[str, int | None, str]:
        """Return the deployment of a revision, None where there is none, and its state."""
        known = self._deployments.get(status.spec)
        if known and known[0] == status.commit:
            return known
        github = self._connect()
        with github.answers_read():
            rows = github.ask("GET", f"deployments?{_query(status)}")
            ours = [row for row in rows if _is_ours(row, status.spec)]
            if not ours:
                return status.commit, None, ""
            number = int(ours[0]["id"])
            states = github.ask("GET", f"deployments/{number}/statuses?per_page=1")
            return status.commit, number, str(states[0]["state"]) if states else ""

    def _deployed(self, status: CommitStatus) -> int:
        body = _Deployment(status.commit, status.spec, f"reconcile {status.spec} at {status.ref}")
        made = self._write("deployments", asdict(body) | {"payload": {MARK: status.spec}})
        with self._connect().answers_read():
            return int(made["id"])

    def _write(self, path: str, body: dict[str, Any]) -> Any:
        github, wait_s = self._connect(), self._pace.wait_s(time.monotonic())
        if wait_s > 0:
            github.run.sleep(wait_s)
        return github.ask("POST", path, body)


def _query(status: CommitStatus) -> str:
    return f"sha={status.commit}&environment={quote(status.spec, safe='')}&per_page={PAGE}"


def _is_ours(row: dict[str, Any], spec: str) -> bool:
    payload = row.get("payload")
    return isinstance(payload, dict) and payload.get(MARK) == spec
