"""An operation is followed to its true end, and no address that Azure names gets our token."""

from __future__ import annotations

import time

import pytest

from reconciler.cloud import long_running, poll
from reconciler.diagnostics import ApiError, InterruptedRun, PendingError, UnavailableError
from tests.cloud.conftest import VAULT, Reply, arm_error

API = "2023-07-01"
CREATING = {"id": VAULT, "properties": {"provisioningState": "Creating"}}
READY = {"id": VAULT, "properties": {"provisioningState": "Succeeded"}}
GONE = Reply(404, {}, arm_error("ResourceNotFound"))
STYLES = ("Azure-AsyncOperation", "Location")
every_style = pytest.mark.parametrize("style", STYLES)


def put(connection):
    return connection.arm.put(VAULT, API, {"location": "eastus"})


def lie(style, server):
    return {style: f"{server.url}/operations/1", "Retry-After": "3"}


@every_style
def test_a_write_polled_on_a_foreign_host_is_followed_by_its_resource(
    azure, elsewhere, connect, style
):
    azure.answers(Reply(202, lie(style, elsewhere)), GONE, Reply(body=CREATING), Reply(body=READY))
    connection = connect()
    assert put(connection) == READY
    assert elsewhere.seen == []
    assert azure.methods == ["PUT", "GET", "GET", "GET", "GET"]
    assert connection.stop.asked[0] == 3


@every_style
def test_a_delete_polled_on_a_foreign_host_is_done_only_when_it_is_gone(
    azure, elsewhere, connect, style
):
    azure.answers(Reply(202, lie(style, elsewhere)), Reply(body=READY), Reply(body=CREATING), GONE)
    connect().arm.delete(VAULT, API)
    assert elsewhere.seen == []
    assert azure.methods == ["DELETE", "GET", "GET", "GET"]


@every_style
def test_a_foreign_host_is_not_asked_later_either(azure, elsewhere, connect, style):
    ours, theirs = {style: f"{azure.url}/operations/1"}, lie(style, elsewhere)
    azure.answers(
        Reply(202, ours),
        Reply(202, theirs, {"status": "Running"}),
        Reply(200, {}, {"status": "Succeeded"}),
        Reply(body=READY),
    )
    assert put(connect()) == READY
    assert elsewhere.seen == []


def test_an_action_polled_on_a_foreign_host_is_not_called_done(azure, elsewhere, connect):
    azure.answers(Reply(202, lie("Location", elsewhere)))
    with pytest.raises(UnavailableError, match="outside this cloud"):
        connect().arm.post(f"{VAULT}/act", API)
    assert elsewhere.seen == []
    assert azure.methods == ["POST"]


@pytest.mark.parametrize("status", [404, 410])
@every_style
def test_a_delete_whose_record_goes_with_the_resource_is_done(azure, connect, style, status):
    azure.answers(
        Reply(202, {style: f"{azure.url}/operations/1"}),
        Reply(status, {}, arm_error("OperationNotFound")),
        GONE,
    )
    connect().arm.delete(VAULT, API)
    assert azure.methods == ["DELETE", "GET", "GET"]


@every_style
def test_a_delete_whose_record_vanished_is_not_believed(azure, connect, style):
    azure.answers(
        Reply(202, {style: f"{azure.url}/operations/1"}),
        Reply(404, {}, arm_error("OperationNotFound")),
        Reply(body=READY),
    )
    with pytest.raises(Exception, match="is deleted, but it is still there"):
        connect().arm.delete(VAULT, API)


@pytest.mark.parametrize(
    "record",
    [
        Reply(404, {}, arm_error("NotFound")),
        Reply(410),
        Reply(200, {}, {"odd": 1}),
        Reply(200, {"Content-Type": "text/html"}, parts=(b"<html>",)),
        Reply(200, {}, ["a", "list"]),
    ],
)
def test_a_record_that_says_nothing_of_use_is_replaced_by_the_resource(azure, connect, record):
    accepted = Reply(201, {"Azure-AsyncOperation": f"{azure.url}/operations/1"}, CREATING)
    azure.answers(accepted, record, Reply(body=READY))
    assert put(connect()) == READY
    assert azure.methods.count("PUT") == 1


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_an_operation_that_ended_badly_gives_its_own_reason(azure, connect, status):
    ended = {"status": status, **arm_error("QuotaExceeded", "no cores left")}
    azure.answers(
        Reply(201, {"Azure-AsyncOperation": f"{azure.url}/operations/1"}, CREATING),
        Reply(200, {}, ended),
    )
    with pytest.raises(ApiError, match="no cores left") as caught:
        put(connect())
    assert caught.value.code == "QuotaExceeded"


def test_a_cancelled_operation_without_a_reason_still_says_so(azure, connect):
    azure.answers(
        Reply(201, {"Azure-AsyncOperation": f"{azure.url}/operations/1"}, CREATING),
        Reply(200, {}, {"status": "Canceled"}),
    )
    with pytest.raises(ApiError, match="ended as Canceled"):
        put(connect())


@pytest.mark.parametrize(
    "asked", ["7200", "0", "-1", "inf", "soon", "Fri, 01 Jan 2099 00:00:00 GMT"]
)
@every_style
def test_polls_are_neither_years_apart_nor_without_pause(azure, connect, style, asked):
    address = {style: f"{azure.url}/operations/1", "Retry-After": asked}
    azure.answers(
        Reply(202, address),
        *[Reply(202, address, {"status": "Running"})] * 3,
        Reply(200, {}, {"status": "Succeeded"}),
        Reply(body=READY),
    )
    connection = connect()
    put(connection)
    assert len(connection.stop.asked) == 4
    assert all(1 <= wait <= 120 for wait in connection.stop.asked)


@every_style
def test_an_operation_that_never_ends_is_pending_in_the_end(azure, connect, style, monkeypatch):
    clock = Clock()
    for module in (long_running, poll):
        monkeypatch.setattr(module, "time", clock)
    address = {style: f"{azure.url}/operations/1"}
    azure.answers(Reply(202, address, {"status": "Running"}))
    connection = connect()
    connection.stop.then = lambda: clock.pass_by(600)
    with pytest.raises(PendingError, match="still working on kv after 2 h"):
        put(connection)
    assert azure.methods.count("PUT") == 1
    assert len(azure.seen) < 20


class Clock:
    """`time`, moved by hand."""

    def __init__(self):
        self._ahead = 0.0

    def pass_by(self, seconds):
        self._ahead += seconds

    def monotonic(self):
        return time.monotonic() + self._ahead


@every_style
def test_polling_stops_at_once_with_the_run(azure, connect, style):
    azure.answers(Reply(202, {style: f"{azure.url}/operations/1", "Retry-After": "60"}))
    connection = connect()
    connection.stop.then = connection.stop.set
    with pytest.raises(InterruptedRun):
        put(connection)
    assert azure.methods == ["PUT"]


@every_style
def test_an_outage_while_azure_works_is_waited_out(azure, connect, style):
    address = {style: f"{azure.url}/operations/1"}
    out = Reply(503, {}, arm_error("ServiceUnavailable"))
    azure.answers(
        Reply(202, address),
        *[out] * 30,
        Reply(200, {}, {"status": "Succeeded"}),
        Reply(body=READY),
    )
    assert put(connect()) == READY
    assert azure.methods.count("PUT") == 1


@every_style
def test_an_outage_without_end_leaves_the_write_pending_not_failed(azure, connect, style):
    azure.answers(
        Reply(202, {style: f"{azure.url}/operations/1"}),
        Reply(503, {}, arm_error("ServiceUnavailable")),
    )
    with pytest.raises(PendingError, match="can no longer be reached"):
        put(connect())
    assert azure.methods.count("PUT") == 1


@pytest.mark.parametrize("address", ["https://[", "not an address", "", "https://", "/relative/1"])
@every_style
def test_a_polling_address_that_is_none_is_replaced_by_the_resource(azure, connect, style, address):
    azure.answers(Reply(202, {style: address}), Reply(body=CREATING), Reply(body=READY))
    assert put(connect()) == READY
