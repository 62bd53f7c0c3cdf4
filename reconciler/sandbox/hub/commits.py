"""What a hub repository is made of: commits, each a fixed set of files on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

WRITTEN = "2026-11-23T00:00:00.000Z"
"""The date of every commit: equal content must be equal in all respects."""
LARGE_SUFFIXES = (".parquet", ".jsonl", ".zst", ".bin")


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a commit. `sha256` is set for files the hub keeps in LFS, else None."""

    path: str
    size: int
    oid: str
    sha256: str | None

    @property
    def etag(self) -> str:
        """The tag a download carries: SHA-256 for LFS files, the git blob id for others."""
        return self.sha256 or self.oid


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with its files by path, and the directory that holds them."""

    sha: str
    title: str
    date: str
    files: Mapping[str, HubFile]
    root: Path

    def location(self, file: HubFile) -> Path:
        """Where the bytes of a file lie."""
        return self.root / "files" / file.path


def write_commit(
    root: Path,
    sha: str,
    title: str,
    files: Mapping[str, bytes],
    extra: Mapping[str, bytes],
) -> Commit:
    """Write a commit so that it exists whole or not at all; one that exists is kept.

    `extra` lies beside the files, unseen by clients.
    """
    final = root / sha
    if not final.exists():
        building = root / f"{sha}.building"
        shutil.rmtree(building, ignore_errors=True)
        described = [_write(building, path, content) for path, content in sorted(files.items())]
        document = {"title": title, "date": WRITTEN, "files": [asdict(file) for file in described]}
        (building / "commit.json").write_text(json.dumps(document))
        for name, content in extra.items():
            (building / name).write_bytes(content)
        building.rename(final)
    return read_commit(root, sha)


def read_commit(root: Path, sha: str) -> Commit:
    """A commit written earlier. Raises FileNotFoundError when there is none."""
    document = json.loads((root / sha / "commit.json").read_text())
    files = {file["path"]: HubFile(**file) for file in document["files"]}
    return Commit(sha, document["title"], document["date"], files, root / sha)


def content_sha(files: Mapping[str, bytes]) -> str:
    """A commit id that depends on paths and bytes alone."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _write(building: Path, path: str, content: bytes) -> HubFile:
    target = building / "files" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    is_large = path.endswith(LARGE_SUFFIXES)
    sha256 = hashlib.sha256(content).hexdigest()
    stored = _pointer(sha256, len(content)) if is_large else content
    return HubFile(path, len(content), _git_blob_id(stored), sha256 if is_large else None)


def _pointer(sha256: str, size: int) -> bytes:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()


def _git_blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
