"""Answers that do not end, do not fit or do not come; and how much is sent again in a run."""

from __future__ import annotations

import random

import pytest

from reconciler.cloud import session
from reconciler.cloud.retry import FREE_RETRIES, RETRY_SHARE
from reconciler.diagnostics import ApiError, UnavailableError
from tests.cloud.clients import READS, WRITES
from tests.cloud.conftest import GROUP, VAULT, Reply, arm_error

API = "2023-07-01"
OVERLOADED = Reply(503, {"x-ms-retry-after-ms": "1"}, arm_error("ServiceUnavailable"))


def get(connection):
    return connection.arm.get(VAULT, API)


def test_an_answer_without_measure_is_not_taken_into_memory(azure, connect, monkeypatch):
    monkeypatch.setattr(session, "ANSWER_BYTES", 1000)
    azure.answers(Reply(parts=(b"[" + b" " * 2000 + b"]",)))
    with pytest.raises(UnavailableError, match="cannot reach"):
        get(connect())


@pytest.mark.parametrize("name", ["our own", "azure-mgmt-resource", "azure-ai-ml"])
def test_an_answer_that_is_cut_short_is_asked_for_again(azure, connect, name):
    azure.answers(
        Reply(parts=(b'{"a": 1',), length=100), Reply(403, {}, arm_error("Denied", "not for you"))
    )
    with pytest.raises(Exception, match="not for you"):
        READS[name](connect())
    assert azure.methods == ["GET", "GET"]


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_answer_was_lost_is_sent_again(azure, connect, name):
    azure.answers(Reply(cut=True), Reply(400, {}, arm_error("Enough")))
    with pytest.raises(Exception, match=r"Enough|told so"):
        WRITES[name](connect())
    assert azure.methods == ["PUT", "PUT"]
    assert azure.seen[0].body == azure.seen[1].body


@pytest.mark.parametrize("reply", [Reply(cut=True), OVERLOADED])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_is_not_idempotent_is_never_sent_twice(azure, connect, method, reply):
    azure.answers(reply)
    with pytest.raises((ApiError, UnavailableError)):
        connect().arm.send(method, f"{VAULT}/x", API, body={})
    assert len(azure.seen) == 1


@pytest.mark.parametrize("reply", [Reply(cut=True), OVERLOADED])
@pytest.mark.parametrize("action", ["listKeys", "listsecrets", "checkNameAvailability"])
def test_a_post_that_only_reads_is_sent_again(azure, connect, action, reply):
    azure.answers(reply, Reply(body={"primaryKey": "x"}))
    assert connect().arm.post(f"{VAULT}/{action}", API) == {"primaryKey": "x"}
    assert azure.methods == ["POST", "POST"]


JOBS = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws/jobs"


@pytest.mark.parametrize("reply", [Reply(cut=True), OVERLOADED])
def test_a_job_is_never_submitted_twice_unseen(azure, connect, reply):
    azure.answers(reply)
    with pytest.raises((ApiError, UnavailableError)) as caught:
        connect().arm.send("PUT", f"{JOBS}/finetune-0123456789ab", API, body={})
    assert azure.methods == ["PUT"]
    assert caught.value.in_doubt


def test_a_registration_is_sent_again_by_any_client(azure, connect):
    azure.answers(OVERLOADED, Reply(body={"registrationState": "Registered"}))
    connect().resources.providers.register("Microsoft.KeyVault")
    assert azure.methods == ["POST", "POST"]


@pytest.mark.parametrize("path", ["unregister", "cancel", "listKeys/x", "deregister"])
def test_only_what_is_in_the_list_is_sent_again(azure, connect, path):
    azure.answers(OVERLOADED)
    with pytest.raises(ApiError) as caught:
        connect().arm.post(f"{VAULT}/{path}", API)
    assert azure.methods == ["POST"]
    assert caught.value.in_doubt


def test_what_was_refused_or_turned_away_unread_is_not_in_doubt(azure, connect):
    for status in (400, 403, 409, 429):
        azure.answers(Reply(status, {"x-ms-retry-after-ms": "1"}, arm_error("Odd")))
        with pytest.raises(ApiError) as caught:
            connect().arm.post(f"{VAULT}/cancel", API)
        assert not caught.value.in_doubt


def test_azure_mgmt_resource_does_not_send_a_post_twice(azure, connect):
    azure.answers(OVERLOADED)
    with pytest.raises(Exception, match="told so"):
        connect().resources.providers.unregister("Microsoft.KeyVault")
    assert azure.methods == ["POST"]


@pytest.mark.parametrize("status", [400, 409, 500, 503])
def test_a_retry_after_does_not_make_a_post_idempotent(azure, connect, status):
    azure.answers(Reply(status, {"Retry-After": "1"}, arm_error("Odd")))
    with pytest.raises(Exception, match="told so"):
        connect().resources.providers.unregister("Microsoft.KeyVault")
    assert azure.methods == ["POST"]


def test_a_tenth_of_errors_adds_at_most_a_fifth_of_requests(azure, connect):
    chance = random.Random(7)
    fine = Reply(body={"id": VAULT})
    azure.answers(*(OVERLOADED if chance.random() < 0.1 else fine for _ in range(1300)), fine)
    connection = connect()
    for _ in range(1000):
        get(connection)
    assert 1000 < len(azure.seen) <= 1200
    assert connection.retry_budget.requests == 1000


def test_an_outage_is_not_hammered_on(azure, connect):
    azure.answers(OVERLOADED)
    connection = connect()
    for _ in range(200):
        with pytest.raises(ApiError) as caught:
            get(connection)
    assert len(azure.seen) <= 200 + FREE_RETRIES + RETRY_SHARE * 200
    (problem,) = caught.value.diagnostics
    assert "run again later" in problem.hint
    assert "90 requests were sent again" in problem.detail
