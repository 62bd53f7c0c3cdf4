"""The hub's repositories and how their commits come to be, at first use or by replacement."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.hub.card import CHATS_CARD, SplitFacts, ultrachat_card
from reconciler.sandbox.hub.commits import Commit, content_sha, read_commit, write_commit
from reconciler.sandbox.hub.parquet import to_parquet

ULTRACHAT = "HuggingFaceH4/ultrachat_200k"
ULTRACHAT_COMMIT = "8049631c405ae6576f93f445c6b8166f76f5505a"
"""The real repository's commit that tutorials pin; here it names the sandbox's own corpus."""
CHATS = "reconcile-samples/chats"
WRITTEN = "2026-11-23T00:00:00.000Z"
SHARDS = {"train_sft": 3, "test_sft": 1}
TEST_EVERY = 20

Rows = list[dict[str, Any]]


class UnknownRevision(LookupError):  # noqa: N818 - the hub's own word
    """The repository has no such branch or commit."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a repository turns rows into files, and which rows it starts with."""

    first_sha: str | None
    first_rows: Callable[[], Mapping[str, Rows]]
    files: Callable[[Mapping[str, Rows]], dict[str, bytes]]


class Repository:
    """One dataset repository with its branch `main`, kept in a directory."""

    def __init__(self, root: Path, name: str, layout: Layout) -> None:
        self.name = name
        self._layout = layout
        self._root = root / name.replace("/", "--")
        self._lock = threading.Lock()

    def head(self) -> Commit:
        """The newest commit; the first call writes the first one, in about half a second."""
        with self._lock:
            pointer = self._root / "main"
            if not pointer.exists():
                self._commit(self._layout.first_rows(), "Add conversations", self._layout.first_sha)
            return read_commit(self._root, pointer.read_text())

    def commit(self, revision: str) -> Commit:
        """The commit of `main` or of a full commit id. Raises UnknownRevision."""
        head = self.head()
        if revision in {"main", head.sha}:
            return head
        is_known = revision.isalnum() and (self._root / revision / "commit.json").exists()
        if not is_known:
            raise UnknownRevision(revision)
        return read_commit(self._root, revision)

    def replace(self, split: str, rows: Rows) -> Commit:
        """A new commit on `main` where `split` has these rows. Raises KeyError on a new split."""
        self.head()
        with self._lock:
            held: dict[str, Rows] = dict(json.loads((self._root / "rows.json").read_text()))
            if split not in held:
                raise KeyError(split)
            return self._commit({**held, split: rows}, f"Replace {split}", None)

    def _commit(self, rows: Mapping[str, Rows], title: str, sha: str | None) -> Commit:
        files = self._layout.files(rows)
        commit = write_commit(self._root, sha or content_sha(files), title, WRITTEN, files)
        _write_whole(self._root / "rows.json", json.dumps(rows, ensure_ascii=False))
        _write_whole(self._root / "main", commit.sha)
        return commit


def repositories(root: Path) -> dict[str, Repository]:
    """The hub's repositories by name; nothing is written until one is used."""
    ultrachat = Layout(ULTRACHAT_COMMIT, _ultrachat_rows, _ultrachat_files)
    chats = Layout(None, _chats_rows, _chats_files)
    layouts = {ULTRACHAT: ultrachat, CHATS: chats}
    return {name: Repository(root, name, layout) for name, layout in layouts.items()}


def _write_whole(path: Path, text: str) -> None:
    building = path.with_suffix(".building")
    building.write_text(text, encoding="utf-8")
    building.rename(path)


def _ultrachat_rows() -> Mapping[str, Rows]:
    from reconciler.sandbox.hub.corpus.build import conversations  # 1 MB of text, rarely needed

    rows = [conversation.row() for conversation in conversations()]
    test = [row for number, row in enumerate(rows) if number % TEST_EVERY == TEST_EVERY - 1]
    train = [row for number, row in enumerate(rows) if number % TEST_EVERY != TEST_EVERY - 1]
    return {"train_sft": train, "test_sft": test}


def _ultrachat_files(rows: Mapping[str, Rows]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    facts: dict[str, SplitFacts] = {}
    for split, held in rows.items():
        count = min(SHARDS[split], len(held))
        digest = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
        size = download = 0
        for shard in range(count):
            part = held[len(held) * shard // count : len(held) * (shard + 1) // count]
            content = to_parquet(part)
            name = f"data/{split}-{shard:05}-of-{count:05}-{digest[shard : shard + 16]}.parquet"
            files[name] = content
            download += len(content)
            size += sum(len(json.dumps(row)) for row in part)
        facts[split] = SplitFacts(f"data/{split}-*", len(held), size, download)
    files["README.md"] = ultrachat_card(facts).encode()
    files[".gitattributes"] = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
    return files


def _chats_rows() -> Mapping[str, Rows]:
    from reconciler.sandbox.hub.corpus.build import conversations

    rows = [conversation.row() for conversation in conversations()][::29]
    return {"train": rows[8:], "test": rows[:8]}


def _chats_files(rows: Mapping[str, Rows]) -> dict[str, bytes]:
    files = {
        f"{split}.jsonl": "".join(
            json.dumps({"messages": row["messages"]}, ensure_ascii=False) + "\n" for row in held
        ).encode()
        for split, held in rows.items()
    }
    return {**files, "README.md": CHATS_CARD.encode()}
