"""Send a large file in blocks, and of those only the ones that are not there.

The name of a block says its place and the digest of its bytes. What an upload that was killed had
sent stays with Azure for a week, uncommitted and under these names: the next one sends the rest.
Source: learn.microsoft.com/rest/api/storageservices/put-block (ids of one length, 64 bytes at
most before encoding; 50,000 blocks a blob).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, BinaryIO

from reconciler.limits import BLOCK_BYTES, BLOCKS

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient


def put_blocks(
    blob: BlobClient,
    content: BinaryIO,
    size: int,
    metadata: Mapping[str, str],
    tell: Callable[[int], None],
    at_once: int,
) -> None:
    """Upload a file, so many blocks at a time; `tell` is called with the bytes that are there."""
    from azure.storage.blob import BlobBlock

    there = _staged(blob)
    names: list[str] = []
    done, running = 0, dict[Future[Any], int]()
    with ThreadPoolExecutor(at_once, thread_name_prefix="block") as pool:
        for name, block in _blocks(content, max(BLOCK_BYTES, -(-size // BLOCKS))):
            names.append(name)
            if name in there:
                done += len(block)
            else:
                sent = pool.submit(blob.stage_block, name, block, validate_content=True)
                running[sent] = len(block)
            done += _ended(running, fewer_than=at_once)
            tell(done)
        done += _ended(running, fewer_than=1)
    blob.commit_block_list([BlobBlock(name) for name in names], metadata=dict(metadata))
    tell(done)


def _blocks(content: BinaryIO, length: int) -> Iterator[tuple[str, bytes]]:
    index = 0
    while block := content.read(length):
        yield f"{index:05}-{hashlib.sha256(block).hexdigest()[:40]}", block
        index += 1


def _staged(blob: BlobClient) -> set[str]:
    """Return the names of the blocks that wait to be committed."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        _, waiting = blob.get_block_list("uncommitted")
    except ResourceNotFoundError:
        return set()
    return {block.id for block in waiting}


def _ended(running: dict[Future[Any], int], *, fewer_than: int) -> int:
    """Wait until fewer blocks are on their way; return the bytes of those that arrived."""
    arrived = 0
    while len(running) >= fewer_than:
        for sent in wait(running, return_when=FIRST_COMPLETED).done:
            arrived += running.pop(sent)
            sent.result()
    return arrived
