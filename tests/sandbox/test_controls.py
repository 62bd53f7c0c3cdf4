"""The sandbox's own controls, and that what it answered survives its death."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.launch import LaunchError, launch
from tests.support.sandbox import GROUP, Sandbox

ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
BODY = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def test_the_journal_holds_writes_in_order(sandbox: Sandbox, rm: Any, put: Any) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    writes = [entry for entry in sandbox.journal() if entry["method"] == "PUT"]
    assert [entry["status"] for entry in writes] == [201, 202]
    assert writes[1]["request_body"] == BODY
    assert writes[1]["query"] == {"api-version": "2023-05-01"}
    assert "azsdk-python" in writes[1]["client"] and "appid=" in writes[1]["client"]
    assert {entry["kind"] for entry in sandbox.journal("token")} <= {"token"}


def test_no_secret_reaches_the_journal(sandbox: Sandbox, rm: Any, put: Any) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    found = sandbox.send("POST", ACCOUNT + "/listKeys", api_version="2023-05-01")[1]
    text = sandbox.control("GET", "journal")
    assert "listKeys" in text
    assert all(key["value"] not in text for key in found["keys"])
    assert sandbox.server.client_secret not in text


def test_drift_changes_a_resource_without_a_journal_entry(
    sandbox: Sandbox, rm: Any, put: Any
) -> None:
    put("Microsoft.Storage/storageAccounts/acct1", "2023-05-01", **BODY)
    before = len(sandbox.journal())
    patch = {"properties": {"minimumTlsVersion": "TLS1_0"}}
    sandbox.control("POST", "drift", {"op": "patch", "id": ACCOUNT, "body": patch})
    assert len(sandbox.journal()) == before
    found = sandbox.send("GET", ACCOUNT, api_version="2023-05-01")[1]
    assert found["properties"]["minimumTlsVersion"] == "TLS1_0"
    sandbox.control("POST", "drift", {"op": "delete", "id": ACCOUNT})
    assert sandbox.send("GET", ACCOUNT, api_version="2023-05-01")[0] == 404
    sandbox.control("POST", "drift", {"op": "put", "id": ACCOUNT, "body": BODY})
    assert sandbox.send("GET", ACCOUNT, api_version="2023-05-01")[0] == 200


@pytest.mark.parametrize(("when", "exists"), [("before", False), ("after", True)])
def test_a_cut_connection_strikes_before_or_after_the_commit(
    sandbox: Sandbox, rm: Any, when: str, exists: bool
) -> None:
    fault = {"method": "PUT", "path": "acct1", "when": when, "action": {"drop": True}}
    sandbox.control("POST", "faults", fault)
    with pytest.raises((OSError, urllib.error.URLError)):
        sandbox.send("PUT", ACCOUNT, BODY, api_version="2023-05-01")
    answer = sandbox.send("GET", ACCOUNT, api_version="2023-05-01")
    assert (answer[0] == 200) is exists


def test_the_second_request_is_throttled(sandbox: Sandbox, rm: Any) -> None:
    action = {"status": 429, "headers": {"Retry-After": "1"}}
    fault = {"method": "GET", "path": "resourceGroups/rg", "nth": 2, "action": action}
    sandbox.control("POST", "faults", fault)
    statuses = [sandbox.send("GET", GROUP, api_version="2025-04-01")[0] for _ in range(3)]
    assert statuses == [200, 429, 200]


def test_an_empty_bucket_answers_429_until_it_refills(sandbox: Sandbox, rm: Any) -> None:
    sandbox.control("POST", "throttle", {"burst": 2, "per_s": 0})
    answers = [sandbox.send("GET", GROUP, api_version="2025-04-01") for _ in range(3)]
    assert [answer[0] for answer in answers] == [200, 200, 429]
    assert int(answers[2][2]["Retry-After"]) >= 1


def test_a_snapshot_is_restored(sandbox: Sandbox, rm: Any) -> None:
    saved = json.loads(sandbox.control("GET", "snapshot"))
    rm.resource_groups.create_or_update("late", {"location": "eastus"})
    sandbox.control("POST", "restore", saved)
    assert [group.name for group in rm.resource_groups.list()] == ["rg"]


def test_controls_need_their_token(sandbox: Sandbox) -> None:
    server, sandbox.server = sandbox.server, type("S", (), {"control_token": "wrong"})()  # type: ignore[assignment] # a stranger
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            sandbox.control("POST", "reset", {})
    finally:
        sandbox.server = server


def test_state_survives_kill_nine_and_another_port(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with launch(state, clock="instant") as first:
        before = Sandbox(first)
        body = {"location": "eastus"}
        assert before.send("PUT", GROUP, body, api_version="2025-04-01")[0] == 201
        assert before.send("PUT", ACCOUNT, BODY, api_version="2023-05-01")[0] == 202
        os.kill(first.pid, signal.SIGKILL)
    record = json.loads((state / "server.json").read_text())
    (state / "server.json").write_text(json.dumps({**record, "port": 0}))
    with launch(state, clock="instant") as second:
        found = Sandbox(second).send("GET", ACCOUNT, api_version="2023-05-01")[1]
        assert found["properties"]["provisioningState"] == "Succeeded"
        assert found["properties"]["primaryEndpoints"]["blob"].startswith(second.url)
        assert second.client_secret == first.client_secret


def test_an_unusable_state_directory_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LaunchError, match=r"file.*: Not a directory"):
        launch(tmp_path / "file")
