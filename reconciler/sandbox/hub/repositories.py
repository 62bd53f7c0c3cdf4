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
ROWS = "rows.json"
"""The rows a commit was made of, kept beside its files."""
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
    """One dataset repository: its commits in a directory. Which one is `main` is kept elsewhere."""

    def __init__(self, root: Path, name: str, layout: Layout) -> None:
        self.name = name
        self._layout = layout
        self._root = root / name.replace("/", "--")
        self._lock = threading.Lock()
        self._first: str | None = None

    def first(self) -> str:
        """The id of the first commit; the first call writes it, in about half a second."""
        with self._lock:
            if self._first is None:
                rows = self._layout.first_rows()
                self._first = self._write(rows, "Add conversations", self._layout.first_sha).sha
            return self._first

    def commit(self, sha: str) -> Commit:
        """The commit with this full id. Raises UnknownRevision."""
        if not (sha.isalnum() and (self._root / sha / "commit.json").exists()):
            raise UnknownRevision(sha)
        return read_commit(self._root, sha)

    def replace(self, parent: str, split: str, rows: Rows) -> Commit:
        """A commit like `parent` whose `split` has these rows. Raises KeyError on a new split."""
        with self._lock:
            text = (self._root / parent / ROWS).read_text(encoding="utf-8")
            held: dict[str, Rows] = json.loads(text)
            if split not in held:
                raise KeyError(split)
            return self._write({**held, split: rows}, f"Replace {split}", None)

    def _write(self, rows: Mapping[str, Rows], title: str, sha: str | None) -> Commit:
        if sha is not None and (self._root / sha).exists():
            return read_commit(self._root, sha)
        files = self._layout.files(rows)
        extra = {ROWS: json.dumps(rows, ensure_ascii=False).encode()}
        return write_commit(self._root, sha or content_sha(files), title, files, extra)


def repositories(root: Path) -> dict[str, Repository]:
    """The hub's repositories by name; nothing is written until one is used."""
    ultrachat = Layout(ULTRACHAT_COMMIT, _ultrachat_rows, _ultrachat_files)
    chats = Layout(None, _chats_rows, _chats_files)
    layouts = {ULTRACHAT: ultrachat, CHATS: chats}
    return {name: Repository(root, name, layout) for name, layout in layouts.items()}


def _ultrachat_rows() -> Mapping[str, Rows]:
    from reconciler.sandbox.hub.corpus import conversations  # 0.1 s, and rarely needed

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
    from reconciler.sandbox.hub.corpus import conversations

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
