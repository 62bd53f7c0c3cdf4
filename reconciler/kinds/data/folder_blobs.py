"""Folders in the default datastore of a workspace: build contexts and code, each under its digest.

What is there with the same digest is not sent again, so an upload that was cut short goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.cloud.sdk import translated
from reconciler.datasets.upload import DIGEST, remove
from reconciler.diagnostics import InterruptedRun
from reconciler.engine.types import Address
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.default_store import in_container

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


def put_folder(
    context: HandlerContext,
    address: Address,
    workspace: str,
    folder: str,
    files: Mapping[str, bytes],
) -> str:
    """Upload what is not there yet; return the address of the folder, without a slash at its end."""
    return in_container(context, workspace, lambda c: _put(context, c, address, folder, files))


def remove_folder(context: HandlerContext, workspace: str, folder: str) -> None:
    """Delete every blob of a folder."""
    in_container(context, workspace, lambda container: _remove(container, folder))


def _put(
    context: HandlerContext,
    container: ContainerClient,
    address: Address,
    folder: str,
    files: Mapping[str, bytes],
) -> str:
    there = _digests(container, folder)
    done, total = 0, sum(map(len, files.values()))
    for name, content in files.items():
        if context.run.stop.is_set():
            raise InterruptedRun.because("stopped while uploading")
        digest = hashlib.sha256(content).hexdigest()
        if there.get(f"{folder}/{name}") != digest:
            with translated():
                container.upload_blob(
                    f"{folder}/{name}",
                    content,
                    overwrite=True,
                    metadata={DIGEST: digest},
                    validate_content=True,
                )
        done += len(content)
        context.progress.bytes(address, done, total)
    return f"{container.url.partition('?')[0]}/{folder}"


def _digests(container: ContainerClient, folder: str) -> dict[str, str]:
    """Return the digest of every blob of a folder by its name, in one list."""
    with translated():
        found = container.list_blobs(name_starts_with=f"{folder}/", include=["metadata"])
        return {blob.name: (blob.metadata or {}).get(DIGEST, "") for blob in found}


def _remove(container: ContainerClient, folder: str) -> None:
    for name in _digests(container, folder):
        remove(container, name)
