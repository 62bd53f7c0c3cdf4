"""Every way in which the world can be told to misbehave, as a client sees it."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.support.sandbox import GROUP, Sandbox, fault
from tests.support.scenario import ML, workspace

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
LOST = (OSError, urllib.error.URLError, http.client.HTTPException)


def read(sandbox: Sandbox, **more: str) -> int:
    return sandbox.send("GET", GROUP, api_version="2025-04-01", **more)[0]


def test_an_answer_is_cut_in_its_middle_after_the_commit(sandbox: Sandbox, rm: Any) -> None:
    fault(sandbox, method="PUT", path="acct1", action={"truncate": True})
    fault(sandbox, method="GET", path="resourceGroups/rg\\?", action={"truncate": True})
    with pytest.raises((*LOST, json.JSONDecodeError)):
        read(sandbox)
    assert read(sandbox) == 200


def test_a_hanging_answer_lasts_as_long_as_the_client_waits(sandbox: Sandbox, rm: Any) -> None:
    fault(sandbox, method="GET", action={"hang": True})
    client = http.client.HTTPSConnection(
        "127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]), context=sandbox._tls
    )
    client.request("GET", GROUP)
    client.sock.settimeout(0.3)  # nothing comes, however long it is waited for
    with pytest.raises(socket.timeout):
        client.getresponse()
    client.close()
    assert read(sandbox) == 200


def test_a_held_request_is_carried_out_when_the_faults_are_disarmed(
    sandbox: Sandbox, rm: Any
) -> None:
    """Even if its client has left meanwhile."""
    fault(sandbox, method="PUT", path="acct1", action={"hold": True})
    client = http.client.HTTPSConnection(
        "127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]), context=sandbox._tls
    )
    token = f"Bearer {sandbox._token()}"
    headers = {"Authorization": token, "Content-Type": "application/json"}
    client.request("PUT", f"{ACCOUNT}?api-version=2023-05-01", json.dumps(BODY), headers)
    while not json.loads(sandbox.control("GET", "faults"))["value"][0]["seen"]:
        pass
    client.close()
    assert [e for e in sandbox.journal() if "acct1" in e["path"]] == []
    sandbox.control("DELETE", "faults")
    while not (held := [e for e in sandbox.journal() if "acct1" in e["path"]]):
        pass
    assert held[0]["committed"]


@pytest.mark.parametrize("reads", [1, 3])
def test_reads_are_behind_the_latest_write_and_then_catch_up(
    sandbox: Sandbox, rm: Any, reads: int
) -> None:
    rm.resource_groups.create_or_update("rg", {"location": "eastus", "tags": {"n": "2"}})
    fault(sandbox, method="GET", path="resourceGroups", action={"stale": reads})
    seen = [sandbox.send("GET", GROUP, api_version="2025-04-01")[1] for _ in range(reads + 1)]
    assert [(one.get("tags") or {}).get("n") for one in seen] == [*[None] * reads, "2"]


def test_what_was_just_made_is_not_there_and_what_was_just_deleted_still_is(
    sandbox: Sandbox, rm: Any, put: Any
) -> None:
    put("Microsoft.ManagedIdentity/userAssignedIdentities/id1", "2024-11-30")
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    fault(sandbox, method="GET", path="userAssignedIdentities", action={"stale": 2})
    assert sandbox.send("GET", f"{identity}/id1", api_version="2024-11-30")[0] == 404
    assert sandbox.send("GET", identity, api_version="2024-11-30")[1]["value"] == []
    assert sandbox.send("GET", f"{identity}/id1", api_version="2024-11-30")[0] == 200
    sandbox.send("DELETE", f"{identity}/id1", api_version="2024-11-30")
    fault(sandbox, method="GET", path="id1", action={"stale": 1})
    answers = [
        sandbox.send("GET", f"{identity}/id1", api_version="2024-11-30")[0] for _ in range(2)
    ]
    assert answers == [200, 404]


def test_two_replicas_answer_in_turns_of_which_one_is_behind(sandbox: Sandbox, rm: Any) -> None:
    rm.resource_groups.create_or_update("rg", {"location": "eastus", "tags": {"n": "2"}})
    fault(sandbox, method="GET", path="resourceGroups", action={"stale": 2, "every": 2})
    seen = [sandbox.send("GET", GROUP, api_version="2025-04-01")[1] for _ in range(5)]
    assert [(one.get("tags") or {}).get("n") for one in seen] == [None, "2", None, "2", "2"]


STEPS = ["InProgress", {"status": 500}, "Failed"]


def test_a_scripted_location_says_what_it_was_told_and_fails(
    sandbox: Sandbox, rm: Any, put: Any
) -> None:
    fault(sandbox, method="PUT", path="acct1", action={"operation": STEPS})
    with pytest.raises(HttpResponseError, match="OperationFailed"):
        put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    polls = [e["status"] for e in sandbox.journal() if "operationresults" in e["path"].lower()]
    assert polls == [202, 500, 400]
    found = sandbox.send("GET", ACCOUNT, api_version="2023-05-01")[1]
    assert found["properties"]["provisioningState"] == "Failed"


def test_a_scripted_operation_of_a_workspace_leaves_it_failed(
    sandbox: Sandbox, rm: Any, put: Any
) -> None:
    fault(sandbox, method="PUT", path="workspaces/ws1", action={"operation": STEPS})
    with pytest.raises(HttpResponseError, match="OperationFailed"):
        workspace(put, sandbox.server.tenant_id)
    found = rm.resources.get_by_id(f"{GROUP}/providers/{ML}/ws1", api_version="2024-10-01")
    assert found.properties["provisioningState"] == "Failed"


def test_a_probability_strikes_the_same_requests_for_the_same_seed(
    sandbox: Sandbox, rm: Any
) -> None:
    runs = []
    for seed in (7, 7, 8):
        sandbox.control("DELETE", "faults")
        fault(sandbox, method="GET", probability=0.5, seed=seed, action={"status": 503})
        runs.append([read(sandbox) for _ in range(16)])
    assert runs[0] == runs[1] != runs[2]
    assert {200, 503} == set(runs[0])


def test_only_the_named_caller_is_struck(sandbox: Sandbox, rm: Any) -> None:
    fault(sandbox, caller="azsdk-python", times=0, action={"status": 403})
    assert read(sandbox) == 200
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        rm.resource_groups.get("rg")


@pytest.mark.parametrize("name", ["TERM", "USR1", "KILL"])
def test_a_process_gets_the_signal(sandbox: Sandbox, rm: Any, name: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        fault(sandbox, method="GET", action={"kill": child.pid, "signal": name})
        assert read(sandbox) == 200
        assert child.wait(10) == -signal.Signals[f"SIG{name}"]


def test_a_process_that_is_gone_troubles_nobody(sandbox: Sandbox, rm: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait(10)
    fault(sandbox, method="GET", action={"kill": child.pid})
    assert read(sandbox) == 200
    assert sandbox.journal()[-1]["status"] == 200


def test_latency_has_jitter(sandbox: Sandbox, rm: Any) -> None:
    sandbox.control("POST", "latency", {"ms": 30, "jitter_ms": 5})
    started = time.perf_counter()
    read(sandbox)
    assert time.perf_counter() - started >= 0.03


def test_every_arm_answer_says_what_is_left_in_the_bucket(sandbox: Sandbox, rm: Any) -> None:
    sandbox.control("POST", "throttle", {"azure": True})
    first = sandbox.send("GET", GROUP, api_version="2025-04-01")[2]
    name = "x-ms-ratelimit-remaining-subscription-"
    assert 240 <= int(first[f"{name}reads"]) <= 249
    assert "x-ms-ratelimit-remaining-tenant-reads" not in first
    tenant = sandbox.send("GET", "/subscriptions", api_version="2022-12-01")[2]
    assert int(tenant["x-ms-ratelimit-remaining-tenant-reads"]) >= 240
    assert f"{name}reads" not in tenant
    deleted = sandbox.send("DELETE", f"{GROUP}x", api_version="2025-04-01")
    assert deleted[2][f"{name}deletes"] == "199"


def test_reads_go_on_while_writes_are_throttled(sandbox: Sandbox, rm: Any) -> None:
    sandbox.control("POST", "throttle", {"writes": [1, 0]})
    group = {"location": "eastus"}
    answers = [sandbox.send("PUT", GROUP, group, api_version="2025-04-01") for _ in range(2)]
    assert [answer[0] for answer in answers] == [200, 429]
    assert answers[1][1]["error"]["code"] == "TooManyRequests"
    assert int(answers[1][2]["Retry-After"]) > 0
    assert read(sandbox) == 200


def test_a_bucket_fills_when_the_clock_is_moved(sandbox: Sandbox, rm: Any) -> None:
    """Frozen it fills by that alone, so that a test of many waits takes no time."""

    def written() -> int:
        return sandbox.send("PUT", GROUP, {"location": "eastus"}, api_version="2025-04-01")[0]

    sandbox.control("POST", "clock", {"mode": "frozen"})
    sandbox.control("POST", "throttle", {"writes": [2, 1]})
    assert [written() for _ in range(3)] == [200, 200, 429]
    sandbox.control("POST", "clock", {"advance": 1})
    assert [written() for _ in range(2)] == [200, 429]
    sandbox.control("POST", "clock", {"advance": 3600})
    assert [written() for _ in range(3)] == [200, 200, 429]


def test_tags_drift_and_a_null_removes_one(sandbox: Sandbox, rm: Any) -> None:
    for tags in ({"team": "x", "who": "y"}, {"who": None}):
        sandbox.control("POST", "drift", {"op": "tag", "id": GROUP, "body": tags})
    assert rm.resource_groups.get("rg").tags == {"team": "x"}


def test_a_snapshot_with_bytes_brings_blobs_back(sandbox: Sandbox, rm: Any, put: Any) -> None:
    from azure.storage.blob import BlobServiceClient

    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    key = sandbox.send("POST", ACCOUNT + "/listKeys", api_version="2023-05-01")[1]["keys"][0]
    service = BlobServiceClient(
        f"{sandbox.url}/_blob/acct1", credential={"account_name": "acct1", "account_key": key["value"]},
        connection_verify=sandbox.ca_file,
    )  # fmt: skip
    blob = service.create_container("texts").get_blob_client("b")
    blob.upload_blob(b"first")
    saved = json.loads(sandbox.control("GET", "snapshot?bytes=1"))
    blob.upload_blob(b"second", overwrite=True)
    service.get_container_client("texts").upload_blob("late", b"x")
    sandbox.control("POST", "restore", saved)
    assert blob.download_blob().readall() == b"first"
    assert [one.name for one in service.get_container_client("texts").list_blobs()] == ["b"]


def test_a_whole_snapshot_turns_the_clock_back_and_counts_faults_anew(
    sandbox: Sandbox, rm: Any
) -> None:
    fault(sandbox, path="resourceGroups/rg", nth=2, action={"status": 503})
    saved = json.loads(sandbox.control("GET", "snapshot?bytes=1"))
    then = sandbox.control("GET", "clock")

    def statuses() -> list[int]:
        return [sandbox.send("GET", GROUP, api_version="2025-04-01")[0] for _ in range(3)]

    assert statuses() == [200, 503, 200]
    sandbox.control("POST", "clock", {"advance": 3600})
    assert sandbox.control("GET", "clock") != then
    sandbox.control("POST", "restore", saved)
    assert sandbox.control("GET", "clock") == then
    assert statuses() == [200, 503, 200]


def test_the_journal_counts_what_is_not_served(sandbox: Sandbox, rm: Any) -> None:
    path = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
    assert sandbox.send("GET", path, api_version="2024-07-01")[0] == 501
    found = json.loads(sandbox.control("GET", "summary"))
    assert found["not_served"] == {f"GET {path}": 1}
    assert found["writes"] == 1


def test_faults_strike_tokens_too(sandbox: Sandbox, rm: Any) -> None:
    fault(sandbox, path="oauth2", action={"status": 503})
    path = f"/{sandbox.server.tenant_id}/oauth2/v2.0/token"
    assert sandbox.send("POST", path)[0] == 503
    assert sandbox.send("POST", path)[0] == 400
