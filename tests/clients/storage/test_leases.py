"""Leases by BlobLeaseClient, against the sandbox and against Azurite: what both refuse, and how.

Nothing here waits for a lease to expire: that is in `tests/sandbox_dataplane/test_blob_leases.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobLeaseClient

from tests.clients.storage.conftest import Account

A, B, C = (str(uuid.UUID(int=number)) for number in (10, 11, 12))


def refusal(run: Callable[..., Any], *words: Any, **options: Any) -> tuple[int, str]:
    with pytest.raises(HttpResponseError) as caught:
        run(*words, **options)
    answer: Any = caught.value.response
    return answer.status_code, answer.headers["x-ms-error-code"]


@pytest.fixture
def blob(container: Any) -> Any:
    return container.upload_blob("one", b"1")


def state(of: Any) -> tuple[str, str, str | None]:
    kind = "get_blob_properties" if hasattr(of, "get_blob_properties") else None
    found = getattr(of, kind or "get_container_properties")().lease
    return found.status, found.state, found.duration


def test_a_lease_is_taken_once_and_given_back(blob: Any) -> None:
    version = blob.get_blob_properties().etag
    lease = blob.acquire_lease(60)
    assert state(blob) == ("locked", "leased", "fixed")
    assert refusal(blob.acquire_lease, 60) == (409, "LeaseAlreadyPresent")
    lease.renew()
    lease.release()
    assert state(blob) == ("unlocked", "available", None)
    assert blob.get_blob_properties().etag == version
    endless = blob.acquire_lease(-1, lease_id=A)
    assert (endless.id, state(blob)[2]) == (A, "infinite")
    assert blob.acquire_lease(15, lease_id=A).id == A


@pytest.mark.parametrize("seconds", [14, 61, 0])
def test_a_lease_is_15_to_60_seconds_or_endless(blob: Any, seconds: int) -> None:
    assert refusal(blob.acquire_lease, seconds) == (400, "InvalidHeaderValue")


def test_writes_need_the_lease_and_reads_do_not(container: Any, blob: Any) -> None:
    lease = blob.acquire_lease(60, lease_id=A)
    other = BlobLeaseClient(blob, lease_id=B)
    writes: list[tuple[Callable[..., Any], Any]] = [
        (blob.upload_blob, {"data": b"2", "overwrite": True}),
        (blob.stage_block, {"block_id": "AAAA", "data": b"3"}),
        (blob.set_blob_metadata, {"metadata": {"k": "v"}}),
        (blob.set_http_headers, {"content_settings": None}),
        (blob.start_copy_from_url, {"source_url": container.upload_blob("two", b"2").url}),
    ]
    for run, words in [*writes, (blob.delete_blob, {})]:
        assert refusal(run, **words) == (412, "LeaseIdMissing")
        known = "destination_lease" if run == blob.start_copy_from_url else "lease"
        wrong = refusal(run, **words, **{known: other})
        assert wrong == (412, "LeaseIdMismatchWithBlobOperation")
    assert blob.download_blob().readall() == b"1"
    assert refusal(blob.download_blob, lease=other)[1] == "LeaseIdMismatchWithBlobOperation"
    blob.upload_blob(b"2", overwrite=True, lease=lease)
    blob.set_blob_metadata({"k": "v"}, lease=lease)
    assert (blob.download_blob(lease=lease).readall(), state(blob)[1]) == (b"2", "leased")
    blob.delete_blob(lease=lease)
    container.upload_blob("one", b"new")
    assert state(blob) == ("unlocked", "available", None)


def test_where_nothing_is_leased_no_id_is_right(blob: Any) -> None:
    lease = BlobLeaseClient(blob, lease_id=A)
    assert refusal(blob.set_blob_metadata, {"k": "v"}, lease=lease)[0] == 412
    mismatch = (409, "LeaseIdMismatchWithLeaseOperation")
    nothing = (409, "LeaseNotPresentWithLeaseOperation")
    assert refusal(lease.renew) == refusal(lease.release) == mismatch
    assert refusal(lease.break_lease) == refusal(lease.change, B) == nothing


def test_a_lease_changes_its_id(blob: Any) -> None:
    lease = blob.acquire_lease(60, lease_id=A)
    lease.change(B)
    assert lease.id == B
    lease.change(B)
    stale = BlobLeaseClient(blob, lease_id=A)
    mismatch = (409, "LeaseIdMismatchWithLeaseOperation")
    assert refusal(stale.renew) == refusal(stale.change, C) == refusal(stale.release) == mismatch
    lease.release()


def test_a_breaking_lease_holds_until_it_is_broken(blob: Any) -> None:
    lease = blob.acquire_lease(60, lease_id=A)
    assert 0 < lease.break_lease(20) <= 20
    assert state(blob) == ("locked", "breaking", None)
    assert refusal(blob.set_blob_metadata, {"k": "v"}) == (412, "LeaseIdMissing")
    blob.set_blob_metadata({"k": "v"}, lease=lease)
    taken = refusal(blob.acquire_lease, 60, lease_id=A)
    assert taken == (409, "LeaseIsBreakingAndCannotBeAcquired")
    assert refusal(blob.acquire_lease, 60, lease_id=B) == (409, "LeaseAlreadyPresent")
    assert refusal(lease.renew) == (409, "LeaseIsBrokenAndCannotBeRenewed")
    assert refusal(lease.break_lease, 61) == (400, "InvalidHeaderValue")
    assert lease.break_lease(0) == 0
    assert state(blob) == ("unlocked", "broken", None)
    assert refusal(lease.renew) == (409, "LeaseIsBrokenAndCannotBeRenewed")
    assert refusal(lease.change, B)[0] == 409
    assert refusal(blob.set_blob_metadata, {"k": "w"}, lease=lease)[0] == 412
    blob.set_blob_metadata({"k": "w"})
    assert state(blob) == ("unlocked", "available", None)


def test_an_endless_lease_is_broken_at_once(blob: Any) -> None:
    lease = blob.acquire_lease(-1)
    assert lease.break_lease() == 0
    assert blob.acquire_lease(60).id != lease.id


def test_a_container_is_kept_from_deletion_alone(account: Account, container: Any) -> None:
    lease = container.acquire_lease(60, lease_id=A)
    assert state(container) == ("locked", "leased", "fixed")
    assert next(iter(account.service().list_containers())).lease.state == "leased"
    container.upload_blob("one", b"1")
    container.set_container_metadata({"k": "v"})
    wrong = BlobLeaseClient(container, lease_id=B)
    mismatch = (412, "LeaseIdMismatchWithContainerOperation")
    assert refusal(container.set_container_metadata, {"k": "w"}, lease=wrong) == mismatch
    assert refusal(container.delete_container, lease=wrong) == mismatch
    assert refusal(container.delete_container) == (412, "LeaseIdMissing")
    container.delete_container(lease=lease)


def test_a_list_tells_leases(container: Any, blob: Any) -> None:
    container.upload_blob("two", b"2")
    blob.acquire_lease(60)
    told = {one.name: (one.lease.state, one.lease.duration) for one in container.list_blobs()}
    assert told == {"one": ("leased", "fixed"), "two": ("available", None)}
