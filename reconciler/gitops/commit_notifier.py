"""Whoever tells a host of repositories how its commits are: what GitHub and Azure DevOps share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from reconciler.gitops.commit_status import CommitStatus
from reconciler.gitops.outbox import Message
from reconciler.gitops.records import Event, PassEnd


class CommitNotifier(ABC):
    """Makes a message of the end of each pass, and none of an event."""

    name: str

    def of_pass(self, end: PassEnd) -> Iterable[Message]:
        """Return the status of the commit."""
        status = CommitStatus.of(end)
        return [Message(status, f"{status.commit} {status.spec}")] if status else []

    def of_event(self, event: Event) -> Iterable[Message]:
        """Return nothing: a commit has one state, not a history."""
        del event
        return ()

    def send(self, content: object) -> None:
        """Set the status where it differs. Raises what requests to the host do."""
        if not isinstance(content, CommitStatus):
            raise TypeError(f"not a status of a commit: {content!r}")
        self.set_status(content)

    @abstractmethod
    def set_status(self, status: CommitStatus) -> None:
        """Set what differs of a status. Raises what requests to the host do."""
