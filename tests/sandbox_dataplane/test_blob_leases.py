"""What becomes of a lease as its time passes, and when the sandbox starts again."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from reconciler.sandbox.storage import BlobStore
from reconciler.sandbox.storage.leases import acquire
from tests.support.dataplane import Azure

A, B = (str(uuid.UUID(int=number)) for number in (10, 11))


@pytest.fixture
def blob(container: ContainerClient) -> Any:
    return container.upload_blob("one", b"1")


def pass_time(azure: Azure, seconds: float) -> None:
    assert azure.control("POST", "clock", json={"advance": seconds}).ok


def code(caught: pytest.ExceptionInfo[HttpResponseError]) -> str:
    answer: Any = caught.value.response
    return f"{answer.status_code} {answer.headers['x-ms-error-code']}"


def test_a_lease_that_nobody_renews_goes_to_the_next(azure: Azure, blob: Any) -> None:
    first = blob.acquire_lease(60, lease_id=A)
    pass_time(azure, 50)
    first.renew()
    pass_time(azure, 50)
    with pytest.raises(HttpResponseError) as early:
        blob.acquire_lease(60, lease_id=B)
    assert code(early) == "409 LeaseAlreadyPresent"
    pass_time(azure, 10)
    assert blob.get_blob_properties().lease.state == "expired"
    second = blob.acquire_lease(60, lease_id=B)
    with pytest.raises(HttpResponseError) as late:
        first.renew()
    assert code(late) == "409 LeaseIdMismatchWithLeaseOperation"
    with pytest.raises(HttpResponseError) as written:
        blob.set_blob_metadata({"by": "first"}, lease=first)
    assert code(written) == "412 LeaseIdMismatchWithBlobOperation"
    blob.set_blob_metadata({"by": "second"}, lease=second)


def test_an_expired_lease_writes_nothing_and_is_renewed_until_somebody_wrote(
    azure: Azure, blob: Any
) -> None:
    lease = blob.acquire_lease(60)
    pass_time(azure, 60)
    with pytest.raises(HttpResponseError) as lost:
        blob.set_blob_metadata({"k": "v"}, lease=lease)
    assert code(lost) == "412 LeaseLost"
    lease.renew()
    blob.set_blob_metadata({"k": "v"}, lease=lease)
    pass_time(azure, 60)
    blob.set_blob_metadata({"by": "another"})
    assert blob.get_blob_properties().lease.state == "available"
    with pytest.raises(HttpResponseError) as gone:
        lease.renew()
    assert code(gone) == "409 LeaseIdMismatchWithLeaseOperation"


def test_a_breaking_lease_is_broken_in_its_time(azure: Azure, blob: Any) -> None:
    lease = blob.acquire_lease(-1)
    assert lease.break_lease(30) == 30
    pass_time(azure, 20)
    assert 9 <= lease.break_lease() <= 10
    pass_time(azure, 10)
    assert blob.get_blob_properties().lease.state == "broken"
    assert blob.acquire_lease(60, lease_id=B).id == B


def test_a_lease_lasts_as_long_as_its_client_thinks(azure: Azure, blob: Any) -> None:
    """Operations are over at once in `instant` time; the client's minute is a minute still."""
    lease = blob.acquire_lease(60)
    for number in range(3):
        path = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg{number}"
        azure.arm("PUT", path, "2025-04-01", {"location": "eastus"})
    assert blob.get_blob_properties().lease.state == "leased"
    lease.release()


def test_a_lease_lasts_over_another_mode_of_the_clock(azure: Azure, blob: Any) -> None:
    lease = blob.acquire_lease(60)
    azure.control("POST", "clock", json={"mode": "frozen"})
    pass_time(azure, 59)
    assert blob.get_blob_properties().lease.state == "leased"
    pass_time(azure, 1)
    assert blob.get_blob_properties().lease.state == "expired"
    lease.renew()
    azure.control("POST", "clock", json={"mode": "instant"})
    assert blob.get_blob_properties().lease.state == "leased"
    lease.release()


def test_a_lease_id_is_a_guid(blob: Any) -> None:
    with pytest.raises(HttpResponseError) as odd:
        blob.acquire_lease(60, lease_id="mine")
    assert code(odd) == "400 InvalidHeaderValue"


def test_no_start_of_the_sandbox_makes_a_lease_longer(tmp_path: Path) -> None:
    place = ("acct", "box", "one")
    store = BlobStore(tmp_path, waited=lambda: 9000.0)
    store.put(*place, b"1")
    store.leases.keep(place, acquire(store.leases.at(place), 9000.0, 60, A))
    saved = json.loads(json.dumps(store.export()))
    store.close()
    again = BlobStore(tmp_path, waited=lambda: 5.0)
    assert again.leases.at(place).ends == 65.0
    again.delete(*place)
    again.replace(saved)
    assert again.leases.at(place).ends == 65.0
    again.delete_container("acct", "box")
    assert not again.leases.at(place).id
