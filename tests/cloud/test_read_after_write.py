"""A read that does not know what we wrote is asked again, for half a minute, and not longer."""

from __future__ import annotations

import pytest

from reconciler.cloud.read_after_write import GRACE_S, LOOKS
from reconciler.diagnostics import ApiError, InterruptedRun
from tests.cloud.conftest import GROUP, VAULT, Reply, arm_error

API = "2023-07-01"
GONE = Reply(404, {}, arm_error("ResourceNotFound"))
SECRET = f"{VAULT}/secrets/one"


def body(stamp=None, **more):
    dated = {"systemData": {"lastModifiedAt": stamp}} if stamp else {}
    return {"id": VAULT, "properties": {"provisioningState": "Succeeded"}, **dated, **more}


def put(connection, path=VAULT):
    return connection.arm.put(path, API, {"location": "eastus"})


def test_what_was_just_made_is_looked_for_until_it_shows(azure, connect):
    connection = connect()
    azure.answers(Reply(201, {}, body()), GONE, GONE, GONE, Reply(200, {}, body()))
    assert put(connection) == body()
    assert azure.methods == ["PUT", "GET", "GET", "GET", "GET"]
    assert sum(connection.stop.asked) < 1


def test_what_does_not_show_within_half_a_minute_is_absent(azure, connect):
    connection = connect()
    azure.answers(Reply(201, {}, body()), GONE)
    assert put(connection) == body()  # as the answer to the write said
    assert len(azure.methods) == 1 + LOOKS + 1
    assert sum(connection.stop.asked) == pytest.approx(GRACE_S)


def test_a_body_older_than_what_was_written_is_not_believed(azure, connect):
    old, new = "2026-11-27T10:00:00.1234567Z", "2026-11-27T10:00:00.1234570Z"
    connection = connect()
    azure.answers(Reply(200, {}, body(new, tags={"n": "2"})), Reply(200, {}, body(new)))
    put(connection)
    azure.answers(Reply(200, {}, body(old)), Reply(200, {}, body(new, tags={"n": "2"})))
    assert connection.arm.get(VAULT, API)["tags"] == {"n": "2"}


@pytest.mark.parametrize("stamp", [None, "yesterday", "2026-11-27T10:00:00", "2026-11-27T11:00Z"])
def test_a_body_without_a_usable_date_is_taken_as_it_is(azure, connect, stamp):
    connection = connect()
    azure.answers(Reply(200, {}, body("2026-11-27T10:00:00Z")), Reply(200, {}, body(stamp)))
    put(connection)
    assert azure.methods == ["PUT", "GET"]


def test_what_this_run_did_not_write_is_absent_at_the_first_404(azure, connect):
    connection = connect()
    azure.answers(GONE)
    assert connection.arm.get(VAULT, API) is None
    azure.answers(Reply(200, {}, body()))
    put(connection)
    azure.answers(GONE)
    assert connection.arm.get(SECRET, API) is None  # in what we wrote, but not written by us
    assert azure.methods == ["GET", "PUT", "GET", "GET"]


def test_what_was_deleted_is_gone_at_the_first_404_with_all_in_it(azure, connect):
    connection = connect()
    azure.answers(Reply(200, {}, body()))
    put(connection)
    put(connection, SECRET)
    azure.answers(Reply(200), GONE)
    connection.arm.delete(VAULT, API)
    for path in (VAULT, SECRET):
        assert connection.arm.get(path, API) is None
    assert azure.methods == ["PUT", "GET"] * 2 + ["DELETE", "GET", "GET"]


def test_what_was_accepted_and_then_failed_need_not_be_there(azure, connect):
    connection = connect()
    failed = {"status": "Failed", "error": {"code": "Odd", "message": "no"}}
    ours = {"Azure-AsyncOperation": f"{azure.url}/operations/1"}
    azure.answers(Reply(201, ours, body()), Reply(200, {}, failed), GONE)
    with pytest.raises(ApiError):
        put(connection)
    assert connection.arm.get(VAULT, API) is None
    assert azure.methods == ["PUT", "GET", "GET"]


def test_the_wait_ends_at_once_when_the_run_is_stopped(azure, connect):
    connection = connect()
    azure.answers(Reply(201, {}, body()), GONE)
    connection.stop.then = connection.stop.set
    with pytest.raises(InterruptedRun):
        put(connection)
    assert azure.methods == ["PUT", "GET"]


def test_what_must_be_there_is_looked_for_whoever_made_it(azure, connect):
    connection = connect()
    azure.answers(GONE, GONE, Reply(200, {}, body()))
    assert connection.arm.get_expected(VAULT, API) == body()
    azure.answers(GONE)
    assert connection.arm.get_expected(VAULT, API) is None
    assert len(azure.methods) == 3 + LOOKS + 1


def test_microsofts_clients_see_what_we_wrote_and_we_what_they_wrote(azure, connect):
    connection = connect()
    group = {"id": GROUP, "name": "rg", "location": "eastus"}
    groups = connection.resources.resource_groups
    azure.answers(Reply(201, {}, group))
    groups.create_or_update("rg", {"location": "eastus"})
    azure.answers(GONE, Reply(200, {}, group))
    assert connection.arm.get(GROUP, API) == group
    azure.answers(GONE, GONE, Reply(200, {}, group))
    assert groups.get("rg").name == "rg"
    assert azure.methods == ["PUT", "GET", "GET", "GET", "GET", "GET"]
