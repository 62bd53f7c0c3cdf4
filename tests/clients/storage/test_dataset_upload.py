"""The product's own dataset upload, against the sandbox and against Azurite."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobClient, ContainerClient

from reconciler.datasets.prepare import Part
from reconciler.datasets.upload import remove, upload
from reconciler.limits import BLOCK_BYTES
from tests.clients.storage.conftest import Account

LINE = b'{"messages": [{"role": "user", "content": "hello"}]}\n'


@pytest.fixture
def part(tmp_path: Path) -> Part:
    """A file of more than one block, such as a dataset's split."""
    rows = 100_000
    content = LINE * rows
    path = tmp_path / "train.jsonl"
    path.write_bytes(content)
    return Part(path, rows, len(content), hashlib.sha256(content).hexdigest())


def client(account: Account, **blocks: Any) -> ContainerClient:
    return ContainerClient(
        account.url,
        "papers",
        credential=account.credential,
        connection_verify=account.ca_file,
        **blocks,
    )


def test_a_dataset_is_sent_once_and_arrives_whole(
    account: Account, container: Any, part: Part
) -> None:
    target, name, told = client(account), "datasets/train.jsonl", list[int]()
    assert upload(target, name, part, told.append) is True
    assert container.get_blob_client(name).download_blob().readall() == part.path.read_bytes()
    assert told[-1] == part.size
    etag = container.get_blob_client(name).get_blob_properties().etag
    assert upload(target, name, part, told.append) is False
    assert container.get_blob_client(name).get_blob_properties().etag == etag


def test_a_dataset_goes_up_in_blocks_side_by_side(
    account: Account, container: Any, part: Part
) -> None:
    blocks = client(account, max_single_put_size=1 << 20, max_block_size=1 << 20)
    assert upload(blocks, "train.jsonl", part, lambda _: None) is True
    blob = container.get_blob_client("train.jsonl")
    committed, _ = blob.get_block_list("committed")
    assert len(committed) == -(-part.size // (1 << 20))
    assert hashlib.sha256(blob.download_blob().readall()).hexdigest() == part.sha256


def test_other_bytes_under_the_name_are_replaced_and_a_removed_file_stays_gone(
    account: Account, container: Any, part: Part
) -> None:
    container.upload_blob("train.jsonl", b"something else")
    target = client(account)
    assert upload(target, "train.jsonl", part, lambda _: None) is True
    remove(target, "train.jsonl")
    remove(target, "train.jsonl")
    assert list(container.list_blobs()) == []


class CutShortError(Exception):
    """An upload that ended in the middle."""


def test_a_large_file_that_was_cut_short_goes_on_with_the_blocks_that_are_missing(
    account: Account, container: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[str] = []
    stage = BlobClient.stage_block

    def counted(self: BlobClient, block_id: str, *data: Any, **options: Any) -> Any:
        put.append(block_id)
        return stage(self, block_id, *data, **options)

    monkeypatch.setattr(BlobClient, "stage_block", counted)
    pieces = [bytes([number]) * BLOCK_BYTES for number in range(3)] + [b"rest"]
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"".join(pieces))
    part = Part(path, 1, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())

    def cut(done: int) -> None:
        if done:
            raise CutShortError

    with pytest.raises(CutShortError):
        upload(client(account), "train.jsonl", part, cut)
    assert 1 <= len(put) <= len(pieces)
    told: list[int] = []
    assert upload(client(account), "train.jsonl", part, told.append)
    assert len(put) == len(set(put)) == len(pieces)
    assert told[-1] == part.size
    blob = container.get_blob_client("train.jsonl")
    assert hashlib.sha256(blob.download_blob().readall()).hexdigest() == part.sha256
