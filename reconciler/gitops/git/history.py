"""Whether a commit descends from another: looked up in steps, no further back than has sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.gitops.git.remote import Fetched, Remote
from reconciler.limits import HISTORY_COMMITS

if TYPE_CHECKING:
    from dulwich.objects import Commit

STEPS = (10, 100, HISTORY_COMMITS)


def descends(remote: Remote, commit: str, of: str) -> bool:
    """Return whether `of` is among the ancestors of a commit that are looked at.

    What lies further back is not proven, so that is False, too: a history that was rewritten can
    be made as long as one likes.
    """
    if commit == of:
        return True
    for depth in STEPS:
        fetched = remote.fetch([commit], depth, commits_only=True)
        found = {one.id for one in _ancestors(fetched, commit)}
        if of.encode() in found:
            return True
        if not found & fetched.shallow:
            return False
    return False


def _ancestors(fetched: Fetched, commit: str) -> Iterator[Commit]:
    """Yield a commit and those before it that were fetched, each once."""
    from dulwich.objects import Commit, ObjectID

    waiting, seen = [ObjectID(commit.encode())], {commit.encode()}
    while waiting:
        sha = waiting.pop()
        found = fetched.objects.get(sha)
        if not isinstance(found, Commit):
            continue
        yield found
        fresh = [parent for parent in found.parents if parent not in seen]
        seen |= set(fresh)
        waiting += fresh
