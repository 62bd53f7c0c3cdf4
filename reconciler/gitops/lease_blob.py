"""The requests of a lease: one blob of the container that `lease:` names, by azure-storage-blob.

Source: learn.microsoft.com/rest/api/storageservices/lease-blob. Each request has ten seconds: a
storage account that is slow must not make a lease look longer than it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from reconciler.cloud.azure import Azure
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.sdk import translated
from reconciler.diagnostics import ApiError, DeniedError, ReconcileError, RefusedError

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

T = TypeVar("T")

LEASE_S = 60
"""The longest that Azure gives for a lease that ends by itself."""
REQUEST_S = 10.0
RELEASE_S = 2.0
"""Who ends in five seconds has no more for it; not given back, a lease ends by itself."""
IS_THERE = ("BlobAlreadyExists", "LeaseIdMissing")
TAKEN = ("LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired")
"""Somebody else has it: the ordinary answer to a replica that waits."""
LOST = 409
NOT_OURS = 412


class LeaseBlob:
    """One blob, which is made where it is missing."""

    def __init__(self, azure: Azure, container: str, name: str) -> None:
        """Send nothing yet. `container` is `https://ACCOUNT.blob.core.windows.net/CONTAINER`."""
        self._azure = azure
        self._container = container
        self._name = name

    def acquire(self, lease_id: str) -> bool:
        """Take the lease for a minute; False where somebody else has it.

        With the id that holds it already, its minute begins anew: an answer that was lost does
        no harm. Raises where the container is missing, or closed to us.
        """

        def ask(blob: BlobClient) -> bool:
            try:
                with translated():
                    blob.acquire_lease(LEASE_S, lease_id=lease_id)
            except ApiError as error:
                if error.code not in TAKEN:
                    raise
                return False
            return True

        try:
            return self._do(ask)
        except ApiError as error:
            if error.code != "BlobNotFound":
                raise
        self._do(_create)
        return self._do(ask)

    def renew(self, lease_id: str) -> bool:
        """Begin the minute anew; False where the lease is not ours any more."""
        from azure.storage.blob import BlobLeaseClient

        return self._kept(lambda blob: BlobLeaseClient(blob, lease_id=lease_id).renew())

    def release(self, lease_id: str) -> None:
        """Give it back, soon or not at all; one that is not ours any more is given back."""
        from azure.storage.blob import BlobLeaseClient

        self._kept(lambda blob: BlobLeaseClient(blob, lease_id=lease_id).release(), RELEASE_S)

    def metadata(self) -> dict[str, str]:
        """Return the metadata of the blob, {} where there is none yet."""

        def ask(blob: BlobClient) -> dict[str, str]:
            with translated():
                return dict(blob.get_blob_properties().metadata or {})

        try:
            return self._do(ask)
        except ApiError as error:
            if error.code != "BlobNotFound":
                raise
            return {}

    def set_metadata(self, values: dict[str, str], lease_id: str) -> None:
        """Replace the metadata, as the holder of the lease. Raises `RefusedError` for any other."""

        def ask(blob: BlobClient) -> None:
            with translated():
                blob.set_blob_metadata(values, lease=lease_id)

        try:
            self._do(ask)
        except ApiError as error:
            if error.status != NOT_OURS:
                raise
            raise RefusedError.because(
                "the lease is not ours any more: nothing was written", detail=self._place
            ) from error

    @property
    def _place(self) -> str:
        return f"{self._container}/{self._name}"

    def _kept(self, ask: Callable[[BlobClient], object], seconds: float = REQUEST_S) -> bool:
        """Return whether the lease is ours, where that is needed for what is asked."""

        def asked(blob: BlobClient) -> None:
            with translated():
                ask(blob)

        try:
            self._do(asked, seconds)
        except ApiError as error:
            if error.status != LOST and error.code != "BlobNotFound":
                raise
            return False
        return True

    def _do(self, ask: Callable[[BlobClient], T], seconds: float = REQUEST_S) -> T:
        """Return what a request comes to; raises what a person must do where it cannot be sent."""
        run = RunScope(self._azure, "", deadline=time.monotonic() + seconds)
        endpoint, _, container = self._container.rpartition("/")
        client = run.container(run.cloud.blob_endpoint(endpoint), container)
        try:
            return ask(client.get_blob_client(self._name))
        except ApiError as error:
            if error.code == "ContainerNotFound":
                raise _missing(self._container) from error
            if error.code == "AuthorizationPermissionMismatch":
                raise _denied(self._container) from error
            raise


def _create(blob: BlobClient) -> None:
    """Make the blob. Another replica may have been faster, and have leased it already."""
    try:
        with translated():
            blob.upload_blob(b"", overwrite=False)
    except ApiError as error:
        if error.code not in IS_THERE:
            raise


def _missing(container: str) -> ReconcileError:
    account, name = _parts(container)
    return ReconcileError.because(
        f"the container of the leases does not exist: {container}",
        hint=f"az storage container create --account-name {account} --name {name} --auth-mode login",
    )


def _denied(container: str) -> ReconcileError:
    account, name = _parts(container)
    return DeniedError.because(
        f"no permission to lease blobs in {container}",
        hint="grant the identity of the loop `Storage Blob Data Contributor` on "
        f"the container {name} of the storage account {account}, and let its network in",
    )


def _parts(container: str) -> tuple[str, str]:
    """Return the names of the account and of the container."""
    endpoint, _, name = container.rpartition("/")
    return endpoint.removeprefix("https://").partition(".")[0], name
