"""The hub's JSON: facts about a repository, and the entries of its tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.sandbox.hub.commits import WRITTEN, Commit, HubFile
from reconciler.sandbox.hub.repositories import Repository

POINTER_SIZE = 134
"""Bytes of an LFS pointer, nearly always."""


def facts(repository: Repository, commit: Commit, query: Any) -> dict[str, Any]:
    """What `dataset_info` reads; the query may ask for file sizes or for some members only."""
    has_blobs = query.get("blobs", "").lower() in {"true", "1"}
    siblings = [
        {"rfilename": file.path, **(_blob_facts(file) if has_blobs else {})}
        for file in commit.files.values()
    ]
    shown: dict[str, Any] = {
        "_id": commit.sha[:24],
        "id": repository.name,
        "author": repository.name.partition("/")[0],
        "sha": commit.sha,
        "lastModified": commit.date,
        "createdAt": WRITTEN,
        "private": False,
        "gated": False,
        "disabled": False,
        "tags": ["language:en", "license:apache-2.0", "region:us"],
        "description": "The reconcile sandbox's own corpus; see the card.",
        "downloads": 0,
        "likes": 0,
        "cardData": {"language": ["en"], "license": "apache-2.0"},
        "siblings": siblings,
        "usedStorage": sum(file.size for file in commit.files.values()),
    }
    wanted = set(query.getall("expand", []))
    return {name: shown[name] for name in shown if not wanted or name in wanted | {"_id", "id"}}


def _blob_facts(file: HubFile) -> dict[str, Any]:
    facts: dict[str, Any] = {"size": file.size, "blobId": file.oid}
    if file.sha256:
        facts["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": POINTER_SIZE}
    return facts


def tree(commit: Commit, path: str, *, is_recursive: bool) -> Iterable[dict[str, Any]]:
    """Folders and files below `path`, one level or all."""
    prefix = f"{path}/" if path else ""
    folders: set[str] = set()
    for file in commit.files.values():
        if not file.path.startswith(prefix):
            continue
        parts = file.path[len(prefix) :].split("/")
        depth = len(parts) - 1 if is_recursive else min(len(parts) - 1, 1)
        for level in range(1, depth + 1):
            folder = prefix + "/".join(parts[:level])
            if folder not in folders:
                folders.add(folder)
                yield {"type": "directory", "oid": commit.sha, "size": 0, "path": folder}
        if is_recursive or len(parts) == 1:
            yield _tree_entry(file)


def _tree_entry(file: HubFile) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file",
        "oid": file.oid,
        "size": file.size,
        "path": file.path,
    }
    if file.sha256:
        entry["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": POINTER_SIZE}
    return entry
