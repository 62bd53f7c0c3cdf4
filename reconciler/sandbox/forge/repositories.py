"""Repositories as both forges have them: commits, branches, and pull requests.

`OWNER/NAME` is one of GitHub, `ORGANISATION/PROJECT/NAME` one of Azure DevOps. There are no files:
a commit is its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.forge.tokens import person
from reconciler.sandbox.store import Store

Json = dict[str, Any]
REPOSITORIES, PULLS, COUNTERS = "forge_repositories", "forge_pulls", "forge_counters"
FIRST_ID = 3_000_000_001
"""GitHub's ids are beyond 32 bits by now."""
METHODS = ("merge", "squash", "rebase")


class Repositories:
    """What there is, in the store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self._clock = store, clock

    def time(self) -> str:
        """Return the virtual time in whole seconds, as GitHub writes it."""
        return self._clock.iso()[:19] + "Z"

    def next_id(self, name: str = "id", first: int = FIRST_ID) -> int:
        """Return the next number of a sequence."""
        number = int(self.store.document(COUNTERS, name) or first)
        self.store.put_document(COUNTERS, name, number + 1)
        return number

    def find(self, name: str) -> Json | None:
        """Return a repository by its full name in any case."""
        found = self.store.document(REPOSITORIES, name.lower())
        return dict(found) if found else None

    def commit(self, name: str, sha: str = "", branch: str = "main") -> str:
        """Let a branch be at a commit, made up unless named; makes repository and branch."""
        repository = self.find(name) or self._created(name)
        made = sha or _sha(f"{name} {self.next_id('commit', 1)}")
        repository["branches"] = {**repository["branches"], branch: made}
        repository["commits"] = [*repository["commits"], made]
        self.store.put_document(REPOSITORIES, name.lower(), repository)
        return made

    def resolve(self, name: str, ref: str) -> str | None:
        """Return the commit that a branch or an id (or its beginning) means."""
        repository = self.find(name) or {"branches": {}, "commits": []}
        short = ref.removeprefix("refs/").removeprefix("heads/")
        if short in repository["branches"]:
            return str(repository["branches"][short])
        starts = [sha for sha in repository["commits"] if len(ref) > 6 and sha.startswith(ref)]
        return starts[0] if starts else None

    def open(self, name: str, given: Json) -> Json:
        """Open a pull request: `head`, `base`, `sha`, `title`, `by`, `fork` (an owner)."""
        base, head = given.get("base", "main"), given.get("head", "topic")
        repository = self.find(name)
        if repository is None or base not in repository["branches"]:
            self.commit(name, "", base)
        base_sha = self.resolve(name, base)
        sha = self.commit(name, given.get("sha", ""), head if "fork" not in given else "")
        number = self.next_id(f"number {name.lower()}", 1)
        pull = {
            "repo": name,
            "number": number,
            "id": self.next_id(),
            "title": given.get("title", f"Merge {head}"),
            "body": given.get("body"),
            "author": given.get("by", "ann"),
            "state": "open",
            "locked": False,
            "head": head,
            "base": base,
            "base_sha": base_sha,
            "fork": given.get("fork"),
            "pushes": [sha],
            "merge_sha": _sha(f"merge of {sha} into {base_sha}"),
            "created": self.time(),
            "updated": self.time(),
            "closed": None,
            "merged": None,
        }
        person(self.store, pull["author"])
        return self.save(pull)

    def push(self, pull: Json, sha: str = "") -> Json:
        """Add a commit to the branch of a pull request that is open."""
        self._must_be_open(pull)
        made = self.commit(pull["repo"], sha, "" if pull["fork"] else pull["head"])
        merge = _sha(f"merge of {made} into {pull['base_sha']}")
        return self.save({**pull, "pushes": [*pull["pushes"], made], "merge_sha": merge})

    def merge(self, pull: Json, method: str = "merge") -> Json:
        """Merge a pull request; its merge commit is the base branch's new head."""
        self._must_be_open(pull)
        if method not in METHODS:
            raise ValueError(f"a pull request is merged by {', '.join(METHODS)}, not {method!r}")
        sha = self.commit(pull["repo"], "", pull["base"])
        now = self.time()
        ended = {"state": "closed", "closed": now, "merged": now, "method": method}
        return self.save({**pull, **ended, "merge_sha": sha})

    def close(self, pull: Json) -> Json:
        """Close a pull request without merging it."""
        self._must_be_open(pull)
        return self.save({**pull, "state": "closed", "closed": self.time()})

    def reopen(self, pull: Json) -> Json:
        """Open again what was closed, but never what was merged."""
        if pull["state"] == "open" or pull["merged"]:
            raise ValueError(f"pull request {pull['number']} is not closed, or is merged")
        return self.save({**pull, "state": "open", "closed": None})

    def lock(self, pull: Json) -> Json:
        """Let nobody but those who may write comment."""
        return self.save({**pull, "locked": True})

    def save(self, pull: Json) -> Json:
        """Keep a pull request as changed now."""
        changed = {**pull, "updated": self.time()}
        self.store.put_document(PULLS, f"{pull['repo'].lower()}#{pull['number']}", changed)
        return changed

    def pull(self, name: str, number: str) -> Json | None:
        """Return a pull request by its number."""
        found = self.store.document(PULLS, f"{name.lower()}#{number}")
        return dict(found) if found else None

    def pulls(self, name: str) -> Iterator[Json]:
        """Return the pull requests of a repository, oldest first."""
        for pull in self.store.documents(PULLS).values():
            if pull["repo"].lower() == name.lower():
                yield dict(pull)

    def kept(self, space: str, **wanted: Any) -> list[Json]:
        """Return the documents of a space that have these values, oldest first."""
        found = self.store.documents(space).values()
        return [dict(one) for one in found if all(one.get(k) == v for k, v in wanted.items())]

    def _created(self, name: str) -> Json:
        parts = name.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"{name!r} is no repository: OWNER/NAME, or ORGANISATION/PROJECT/NAME")
        return {"name": name, "id": self.next_id(), "branches": {}, "commits": []}

    def _must_be_open(self, pull: Json) -> None:
        if pull["state"] != "open":
            raise ValueError(f"pull request {pull['number']} is not open")


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
