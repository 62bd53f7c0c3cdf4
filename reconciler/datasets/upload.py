"""Put prepared files where the workspace's data assets point, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from reconciler.cloud.sdk import translated
from reconciler.datasets.blocks import put_blocks
from reconciler.datasets.prepare import Part
from reconciler.diagnostics import ReconcileError
from reconciler.limits import BLOCK_BYTES

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

DIGEST = "sha256"
PARALLEL_BLOCKS = 4


def upload(container: ContainerClient, name: str, part: Part, tell: Callable[[int], None]) -> bool:
    """Upload a file unless a blob with the same digest is there; return whether it was sent.

    `tell` is called with the bytes sent so far. Every block is checked by the service
    against its MD5. Raises `ReconcileError` when what arrived is not what was sent.
    """
    blob = container.get_blob_client(name)
    with translated():
        if _is_same(blob, part):
            tell(part.size)
            return False
        with part.path.open("rb") as content:
            send(blob, content, part.size, part.sha256, tell)
        if not _is_same(blob, part):
            raise ReconcileError.because(
                f"{name} was changed on the way to Azure", hint="run again"
            )
    return True


def send(
    blob: BlobClient,
    content: BinaryIO,
    size: int,
    sha256: str,
    tell: Callable[[int], None] = lambda done: None,
    at_once: int = PARALLEL_BLOCKS,
) -> None:
    """Upload a file under its digest, a large one in blocks that are sent once."""
    metadata = {DIGEST: sha256}
    if size > BLOCK_BYTES:
        put_blocks(blob, content, size, metadata, tell, at_once)
        return
    blob.upload_blob(
        content,
        length=size,
        overwrite=True,
        metadata=metadata,
        max_concurrency=at_once,
        validate_content=True,
        progress_hook=lambda done, _total: tell(done),
    )


def remove(container: ContainerClient, name: str) -> None:
    """Delete a blob; one that is gone counts as deleted."""
    with translated(missing_is_fine=True):
        container.delete_blob(name)


def _is_same(blob: object, part: Part) -> bool:
    """Return whether the blob exists with the size and the digest of the file."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found = blob.get_blob_properties()  # type: ignore[attr-defined]  # a BlobClient
    except ResourceNotFoundError:
        return False
    metadata = {key.lower(): value for key, value in (found.metadata or {}).items()}
    return bool(found.size == part.size and metadata.get(DIGEST) == part.sha256)
