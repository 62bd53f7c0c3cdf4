"""Put a local tree into the workspace's default datastore: each file once, several at a time.

What lies there with the size and the digest of a file is not sent again, so an upload that was
killed goes on where it stopped. One list says what is there; another one proves what arrived.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.cloud.sdk import translated
from reconciler.datasets.upload import DIGEST, PARALLEL_BLOCKS, remove, send
from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import Address
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.row_files import heed_stop
from reconciler.kinds.local_tree import LocalTree, TreeFile

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

AT_ONCE = 8


def put_tree(
    context: HandlerContext,
    address: Address,
    container: ContainerClient,
    folder: str,
    tree: LocalTree,
) -> None:
    """Upload the files that are not below `folder` yet. Raises `ReconcileError`."""
    sending = _Sending(context, address, container, folder, tree)
    missing = list(sending.missing())
    if not missing:
        return
    sending.send(missing)
    if lost := next(sending.missing(), None):
        what = f"{lost.name} was changed on the way to Azure"
        raise ReconcileError.because(what, hint="run again")


def remove_tree(container: ContainerClient, folder: str) -> None:
    """Delete every blob below a folder."""
    with translated():
        names = [blob.name for blob in container.list_blobs(f"{folder}/")]
    for name in names:
        remove(container, name)


class _Sending:
    """One upload: what is through, and when it must stop."""

    def __init__(
        self,
        context: HandlerContext,
        address: Address,
        container: ContainerClient,
        folder: str,
        tree: LocalTree,
    ) -> None:
        self._context, self._address = context, address
        self._container, self._folder, self._tree = container, folder, tree
        self._lock, self._done = Lock(), 0
        self._end = context.run.resource_deadline.end
        self._blocks_at_once = 1

    def missing(self) -> Iterator[TreeFile]:
        """Yield the files that are not there with their size and digest."""
        with translated():
            found = self._container.list_blobs(f"{self._folder}/", include=["metadata"])
            there = {blob.name: (blob.size, (blob.metadata or {}).get(DIGEST)) for blob in found}
        for file in self._tree.files:
            if there.get(f"{self._folder}/{file.name}") != (file.size, file.sha256):
                yield file

    def send(self, files: list[TreeFile]) -> None:
        """Upload files side by side; the first that fails stops those that have not begun."""
        self._done = self._tree.size - sum(file.size for file in files)
        self._blocks_at_once = max(1, PARALLEL_BLOCKS // len(files))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload") as pool:
            try:
                for size in pool.map(self._send, files):
                    self._tell(size)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _send(self, file: TreeFile) -> int:
        heed_stop(self._context)
        with self._in_time(), self._as_planned(file) as content, translated():
            blob = self._container.get_blob_client(f"{self._folder}/{file.name}")
            send(blob, content, file.size, file.sha256, self._heed, self._blocks_at_once)
        return file.size

    def _heed(self, _done: int) -> None:
        heed_stop(self._context)

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Let the time of the resource count in this thread, too."""
        if self._end is None:
            yield
            return
        with self._context.run.resource_deadline.within(self._end - time.monotonic()):
            yield

    @contextmanager
    def _as_planned(self, file: TreeFile) -> Iterator[BufferedReader]:
        """Open a file that still has the bytes that the plan saw, and keeps them while it is read."""
        try:
            with self._tree.opened(file) as opened:
                before = _state(opened)
                if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
                    raise self._changed(file)
                opened.seek(0)
                yield opened
                if _state(opened) != before:
                    remove(self._container, f"{self._folder}/{file.name}")
                    raise self._changed(file)
        except OSError as error:
            what = f"{self._tree.shown}/{file.name} can no longer be read: {error.strerror}"
            raise ReconcileError.because(what) from error

    def _changed(self, file: TreeFile) -> ReconcileError:
        what = f"{self._tree.shown}/{file.name} changed since the plan was made"
        return ReconcileError.because(what, hint="run the command again to make a new plan")

    def _tell(self, size: int) -> None:
        with self._lock:
            self._done += size
            self._context.progress.bytes(self._address, self._done, self._tree.size)


def _state(file: BufferedReader) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns
