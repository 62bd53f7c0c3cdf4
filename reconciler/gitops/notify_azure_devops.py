"""Statuses of commits at Azure DevOps: written only where something changed.

Source: learn.microsoft.com/rest/api/azure/devops/git/statuses, 7.1.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cloud.azure_devops import AzureDevOps
from reconciler.gitops.commit_notifier import CommitNotifier
from reconciler.gitops.commit_status import GENRE, CommitStatus
from reconciler.gitops.results import Result
from reconciler.render.event_text import head_of_status

STATES = {
    Result.SUCCESS: "succeeded",
    Result.FAILURE: "failed",
    Result.PENDING: "pending",
    Result.SKIP: "pending",
}
MOST_COMMITS = 4

State = tuple[str, str]


class AzureDevOpsNotifier(CommitNotifier):
    """Tells one repository; `connect` signs in anew, since tokens end."""

    def __init__(self, name: str, connect: Callable[[], AzureDevOps]) -> None:
        """Ask nothing yet."""
        self.name, self._connect = name, connect
        self._known: dict[str, dict[str, State]] = {}

    def set_status(self, status: CommitStatus) -> None:
        """Set the status where it differs. Raises what requests to Azure DevOps do."""
        known, wanted = self._of_commit(status.commit), (STATES[status.result], status.head)
        if known.get(status.spec) == wanted:
            return
        body = {
            "state": wanted[0],
            "description": status.text,
            "context": {"genre": GENRE, "name": status.spec},
        }
        self._connect().of_commit("POST", status.commit, body=body)
        known[status.spec] = wanted

    def _of_commit(self, commit: str) -> dict[str, State]:
        if commit not in self._known:
            while len(self._known) >= MOST_COMMITS:
                del self._known[next(iter(self._known))]
            self._known[commit] = self._read(commit)
        return self._known[commit]

    def _read(self, commit: str) -> dict[str, State]:
        host, found = self._connect(), dict[str, State]()
        with host.answers_read():
            for row in host.of_commit("GET", commit, query="&latestOnly=true")["value"]:
                context = row["context"]
                if context.get("genre") == GENRE:
                    text = str(row.get("description") or "")
                    found[str(context["name"])] = (str(row["state"]), head_of_status(text))
        return found
