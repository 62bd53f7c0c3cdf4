"""Whichever of Microsoft's clients sends a request, it obeys our rules, not its own."""

from __future__ import annotations

import logging
import math

import pytest
from azure.core.exceptions import HttpResponseError

from reconciler.diagnostics import (
    ApiError,
    DeniedError,
    InterruptedRun,
    PendingError,
    RefusedError,
    UnavailableError,
)
from tests.cloud.clients import ACCOUNT_KEY, READS, WRITES
from tests.cloud.conftest import Reply, arm_error

BUSY = Reply(503, {"Retry-After": "7"}, arm_error("ServiceUnavailable"))
BODILESS = ("file",)
FAILURES = (HttpResponseError, ApiError)
every_write = pytest.mark.parametrize("name", WRITES)
every_read = pytest.mark.parametrize("name", READS)
every_method = pytest.mark.parametrize(
    ("name", "calls"), [(n, c) for c in (WRITES, READS) for n in c]
)


@every_write
def test_a_read_only_run_sends_no_write(azure, connect, name):
    connection = connect(read_only=True)
    with pytest.raises(RefusedError, match="read-only"):
        WRITES[name](connection)
    assert "PUT" not in azure.methods


@every_write
def test_an_idempotent_write_is_sent_again_after_the_wait_that_was_asked_for(azure, connect, name):
    azure.answers(BUSY, BUSY, Reply(400, {}, arm_error("Enough")))
    connection = connect()
    with pytest.raises(FAILURES):
        WRITES[name](connection)
    assert azure.methods == ["PUT"] * 3
    assert all(7 <= wait <= 7.7 for wait in connection.stop.asked)
    assert len(connection.stop.asked) == 2
    assert len({request.body for request in azure.seen}) == 1


@every_write
def test_the_number_of_tries_is_ours(azure, connect, name):
    azure.answers(BUSY)
    with pytest.raises(FAILURES):
        WRITES[name](connect())
    assert len(azure.seen) == 4


@pytest.mark.parametrize(
    "asked", ["86400", "Fri, 01 Jan 2099 00:00:00 GMT", "inf", "soon", "-1", "0"]
)
@every_read
def test_no_word_of_azure_makes_a_wait_long_or_none(azure, connect, name, asked):
    azure.answers(Reply(429, {"Retry-After": asked}, arm_error("TooManyRequests")))
    connection = connect()
    with pytest.raises(FAILURES):
        READS[name](connection)
    assert len(connection.stop.asked) == 3
    assert all(0.9 <= wait <= 120 for wait in connection.stop.asked)


@every_method
def test_a_missing_provider_is_not_registered_behind_our_back(azure, connect, name, calls):
    missing = arm_error("MissingSubscriptionRegistration", "namespace 'Microsoft.KeyVault'")
    azure.answers(Reply(409, {}, missing))
    with pytest.raises(FAILURES):
        calls[name](connect())
    assert len(azure.seen) == 1


@pytest.mark.parametrize("status", [302, 307])
@every_method
def test_a_redirect_is_not_followed(azure, elsewhere, connect, name, calls, status):
    azure.answers(Reply(status, {"Location": f"{elsewhere.url}/x"}))
    with pytest.raises(UnavailableError, match="redirect"):
        calls[name](connect())
    assert len(azure.seen) == 1
    assert elsewhere.seen == []


@every_read
def test_a_wait_ends_at_once_when_the_run_is_stopped(azure, connect, name):
    azure.answers(BUSY)
    connection = connect()
    connection.stop.then = connection.stop.set
    with pytest.raises(InterruptedRun):
        READS[name](connection)
    assert len(azure.seen) == 1


@every_write
def test_no_write_is_sent_once_the_run_is_stopped(azure, connect, name):
    connection = connect()
    connection.stop.set()
    with pytest.raises(InterruptedRun):
        WRITES[name](connection)
    assert azure.seen == []


class Lost:
    """A lease that is lost after so many looks at it."""

    def __init__(self, looks: float = 0) -> None:
        self.looks = looks

    def __call__(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            raise RefusedError.because("the lease is lost")


@every_write
def test_no_write_is_sent_without_the_right_to_write(azure, connect, name):
    connection = connect()
    connection.fence_writes(Lost())
    with pytest.raises(RefusedError, match="the lease is lost"):
        WRITES[name](connection)
    assert azure.seen == []


@every_write
def test_no_write_is_sent_again_once_that_right_is_lost(azure, connect, name):
    azure.answers(BUSY)
    connection, lost = connect(), Lost(math.inf)
    connection.fence_writes(lost)
    connection.stop.then = lambda: setattr(lost, "looks", 0)
    with pytest.raises(RefusedError, match="the lease is lost"):
        WRITES[name](connection)
    assert azure.methods == ["PUT"]


@pytest.mark.parametrize("name", [name for name in WRITES if name not in BODILESS])
def test_what_is_lost_while_a_write_is_sent_leaves_it_incomplete(azure, connect, name):
    """`permit`, the attempt, the headers, and no byte of the body: nobody carries that out."""
    connection = connect()
    connection.azure.tokens.get_token(connection.cloud.arm_scope, run=connection)
    connection.fence_writes(Lost(3))
    with pytest.raises(RefusedError, match="the lease is lost"):
        WRITES[name](connection)
    assert [(sent.method, sent.body) for sent in azure.seen] in ([], [("PUT", b"")])


@every_read
def test_reads_go_on_without_the_right_to_write(azure, connect, name):
    azure.answers(Reply(404))
    connection = connect()
    connection.fence_writes(Lost())
    try:
        READS[name](connection)
    except HttpResponseError as error:
        assert error.status_code == 404
    assert len(azure.seen) == 1


@every_read
def test_nothing_is_sent_past_the_deadline(azure, connect, name):
    connection = connect(deadline=0.0)
    with pytest.raises(PendingError, match="--timeout"):
        READS[name](connection)
    assert azure.seen == []


@pytest.mark.parametrize("name", ["our own", "azure-mgmt-resource", "azure-ai-ml", "blob"])
def test_a_refused_token_is_renewed_once(azure, connect, name):
    azure.answers(Reply(401, {}, arm_error("ExpiredAuthenticationToken")), Reply(404))
    call = READS[name]
    try:
        call(connect())
    except HttpResponseError as error:
        assert error.status_code == 404
    tokens = [request.headers["authorization"] for request in azure.seen]
    assert tokens[:2] == ["Bearer t0ken-1", "Bearer t0ken-2"]
    assert len(tokens) == 2


@pytest.mark.parametrize("name", ["our own", "azure-mgmt-resource", "azure-ai-ml", "blob"])
def test_a_token_that_is_refused_for_good_is_renewed_only_once(azure, connect, name):
    azure.answers(Reply(401, {}, arm_error("InvalidAuthenticationToken")))
    with pytest.raises(FAILURES):
        READS[name](connect())
    assert len(azure.seen) == 2


def test_a_storage_address_that_is_not_of_the_cloud_gets_no_token(elsewhere, connect):
    with pytest.raises(DeniedError, match="refused to send a token"):
        connect().container(f"{elsewhere.url}/account", "container")
    assert elsewhere.seen == []


@every_method
def test_no_library_logs_what_it_sends(azure, connect, everything_logged, name, calls):
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.DEBUG)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
    azure.answers(Reply(403, {"x-secret": "s3cret"}, arm_error("Forbidden", "s3cret")))
    with pytest.raises(FAILURES):
        calls[name](connect())
    assert [r.getMessage() for r in everything_logged if not r.name.startswith("reconcile")] == []
    ours = " ".join(r.getMessage() for r in everything_logged)
    for secret in ("t0ken", "s3cret", ACCOUNT_KEY, "api-version", "?"):
        assert secret not in ours
