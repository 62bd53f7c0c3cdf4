"""Immutable files that hold what clients upload; the index beside them says whose they are.

A piece is written to `tmp/`, renamed into `content/` when whole, and only then named by the
index. A kill at any moment leaves at worst a file that nobody names; `sweep` removes those.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

READ_SIZE = 1 << 18


@dataclass(frozen=True, slots=True)
class Piece:
    """One immutable file of `size` bytes; `md5` is the hex digest of its bytes."""

    file: str
    size: int
    md5: str


class PieceWriter:
    """Takes bytes as they arrive; nothing exists for readers until `finish`."""

    def __init__(self, temporary: Path, folder: Path) -> None:
        self._temporary = temporary
        self._folder = folder
        self._stream: BinaryIO = temporary.open("wb", buffering=0)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Append `chunk`."""
        self._stream.write(chunk)
        self._md5.update(chunk)
        self._size += len(chunk)

    def finish(self) -> Piece:
        """Close the file and move it into place, whole."""
        self._stream.close()
        name = self._temporary.name
        folder = self._folder / name[:2]
        folder.mkdir(exist_ok=True)
        self._temporary.rename(folder / name)
        return Piece(name, self._size, self._md5.hexdigest())

    def abandon(self) -> None:
        """Drop what was written, for example because the client went away."""
        self._stream.close()
        self._temporary.unlink(missing_ok=True)


class ContentFiles:
    """The pieces of one store, in `root/content`, with uploads under way in `root/tmp`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "content"
        self._incoming = root / "tmp"
        self._readers: Counter[str] = Counter()
        self._doomed: set[str] = set()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)

    def writer(self) -> PieceWriter:
        """A writer for one new piece."""
        return PieceWriter(self._incoming / uuid.uuid4().hex, self._folder)

    def write(self, content: bytes) -> Piece:
        """A new piece with exactly these bytes."""
        writer = self.writer()
        writer.write(content)
        return writer.finish()

    def read(
        self, pieces: Sequence[Piece], start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `end` of the pieces laid end to end.

        The pieces stay readable until the iterator ends, even if they are discarded meanwhile.
        """
        files = [piece.file for piece in pieces]
        self._readers.update(files)
        return self._read(pieces, files, start, end)

    def discard(self, pieces: Iterable[Piece]) -> None:
        """Delete pieces that the index no longer names, as soon as nobody reads them."""
        for piece in pieces:
            if self._readers[piece.file] > 0:
                self._doomed.add(piece.file)
            else:
                self._path(piece.file).unlink(missing_ok=True)

    def all(self) -> Iterator[tuple[str, bytes]]:
        """Every piece by name, with its bytes."""
        for path in sorted(self._folder.glob("*/*")):
            yield path.name, path.read_bytes()

    def keep(self, name: str, content: bytes) -> None:
        """Write a piece of this very name, unless it is there."""
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            temporary = self._incoming / name
            temporary.write_bytes(content)
            temporary.rename(path)

    def sweep(self, named: set[str]) -> None:
        """Delete uploads that never ended and pieces that the index does not name."""
        for left_over in self._incoming.iterdir():
            left_over.unlink()
        for path in self._folder.glob("*/*"):
            if path.name not in named:
                path.unlink()

    def _path(self, file: str) -> Path:
        return self._folder / file[:2] / file

    def _read(
        self, pieces: Sequence[Piece], files: list[str], start: int, end: int | None
    ) -> Iterator[bytes]:
        position = 0
        try:
            for piece in pieces:
                first = max(start - position, 0)
                last = piece.size if end is None else min(end - position, piece.size)
                if first < last:
                    yield from self._read_piece(piece, first, last)
                position += piece.size
        finally:
            self._release(files)

    def _release(self, files: list[str]) -> None:
        self._readers.subtract(files)
        for file in files:
            if self._readers[file] <= 0:
                del self._readers[file]
                if file in self._doomed:
                    self._doomed.remove(file)
                    self._path(file).unlink(missing_ok=True)

    def _read_piece(self, piece: Piece, first: int, last: int) -> Iterator[bytes]:
        with self._path(piece.file).open("rb") as stream:
            stream.seek(first)
            left = last - first
            while left > 0:
                chunk = stream.read(min(READ_SIZE, left))
                if not chunk:
                    raise EOFError(f"content file {piece.file} is shorter than its index says")
                left -= len(chunk)
                yield chunk
