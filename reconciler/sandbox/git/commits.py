"""Make commits and tags as somebody who works on a repository would."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dulwich.objects import Commit, ObjectID, Tag
    from dulwich.repo import MemoryRepo

Sign = Callable[[bytes], bytes]
"""Returns the signature of what a commit or tag says."""
FILE = 0o100644


@dataclass(frozen=True)
class Who:
    """Who commits or tags, when, and how they sign it."""

    login: str
    time_s: int
    sign: Sign | None

    @property
    def identity(self) -> bytes:
        """Name and address, as git writes them."""
        return f"{self.login} <{self.login}@example.com>".encode()


def commit(
    repo: MemoryRepo,
    files: Mapping[str, str | None],
    who: Who,
    *,
    parent: str,
    message: str,
) -> str:
    """Return a new commit: its parent's files but for those given (base64; None: deleted)."""
    from dulwich.index import commit_tree
    from dulwich.objects import ObjectID

    kept = _files_of(repo, parent)
    for path, content in files.items():
        _change(repo, kept, path.encode(), content)
    tree = commit_tree(repo.object_store, [(path, sha, mode) for path, (sha, mode) in kept.items()])
    made = _commit(who, message.encode())
    made.tree = tree
    made.parents = [ObjectID(parent.encode())] if parent else []
    if who.sign is not None:
        made.gpgsig = who.sign(made.as_raw_string())
    repo.object_store.add_object(made)
    return made.id.decode()


def tag(repo: MemoryRepo, name: str, sha: str, who: Who) -> str:
    """Return a new annotated tag of a commit."""
    from dulwich.objects import Commit, ObjectID

    made = _tag(name.encode(), who)
    made.object = (Commit, ObjectID(sha.encode()))
    if who.sign is not None:
        made.signature = who.sign(made.as_raw_string())
    repo.object_store.add_object(made)
    return made.id.decode()


def _files_of(repo: MemoryRepo, sha: str) -> dict[bytes, tuple[ObjectID, int]]:
    from dulwich.object_store import iter_tree_contents
    from dulwich.objects import Commit, ObjectID

    found = repo.object_store[ObjectID(sha.encode())] if sha else None
    if not isinstance(found, Commit):
        return {}
    entries = iter_tree_contents(repo.object_store, found.tree)
    return {one.path: (one.sha, one.mode) for one in entries}


def _change(
    repo: MemoryRepo, kept: dict[bytes, tuple[ObjectID, int]], path: bytes, content: str | None
) -> None:
    from dulwich.objects import Blob

    if content is None:
        kept.pop(path, None)
        return
    blob = Blob.from_string(base64.b64decode(content))
    repo.object_store.add_object(blob)
    kept[path] = (blob.id, FILE)


def _commit(who: Who, message: bytes) -> Commit:
    from dulwich.objects import Commit

    made = Commit()
    made.author = made.committer = who.identity
    made.author_time = made.commit_time = who.time_s
    made.author_timezone = made.commit_timezone = 0
    made.message = message + b"\n"
    return made


def _tag(name: bytes, who: Who) -> Tag:
    from dulwich.objects import Tag

    made = Tag()
    made.name = name
    made.tagger = who.identity
    made.tag_time, made.tag_timezone = who.time_s, 0
    made.message = name + b"\n"
    return made
