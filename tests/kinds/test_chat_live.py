"""A question to a flow, and the flow and the connection that it goes through, over HTTPS."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from reconciler.chat import ask
from reconciler.diagnostics import ReconcileError
from tests.support.serving import (
    API,
    CONNECTION,
    ENDPOINT,
    ML,
    ROOT,
    SPEC,
    Azure,
)


def test_chat_goes_through_flow_connection_and_endpoint(live: Azure) -> None:
    world, loaded = live.world()
    answer = ask(world, loaded.resources, "Who founded Microsoft?", temperature=0.0)
    assert "Bill Gates" in answer.text
    assert answer.connection == "connections.phi3-connection"


def shipped_tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load the shipped flow's tool; promptflow itself (not installed) only decorates it."""
    core, connections = ModuleType("promptflow.core"), ModuleType("promptflow.connections")
    core.tool = lambda function: function  # type: ignore[attr-defined]  # made here
    connections.CustomConnection = SimpleNamespace  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "promptflow", ModuleType("promptflow"))
    monkeypatch.setitem(sys.modules, "promptflow.core", core)
    monkeypatch.setitem(sys.modules, "promptflow.connections", connections)
    return runpy.run_path(str(ROOT / "examples/flows/phi3-chat/chat.py"))["chat"]


def test_shipped_tool_asks_the_endpoint_itself(
    live: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = shipped_tool(monkeypatch)
    keys = live.arm.post(f"{CONNECTION}/listsecrets", API)["properties"]["credentials"]["keys"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", live.server.ca_file)
    turn = {"inputs": {"question": "Hi"}, "outputs": {"answer": "Hello"}}
    answer = tool("Who founded Microsoft?", SimpleNamespace(**keys), [turn])
    assert "Bill Gates" in answer


def test_chat_before_apply_says_what_to_do(azure: Azure) -> None:
    world, loaded = azure.world()
    with pytest.raises(ReconcileError, match="does not exist yet"):
        ask(world, loaded.resources, "Hello?")


def test_chat_without_traffic_ends_at_once(live: Azure) -> None:
    live.drift(ENDPOINT, {"properties": {"traffic": {"blue": 0}}})
    world, loaded = live.world()
    with pytest.raises(ReconcileError, match="gets any traffic"):
        ask(world, loaded.resources, "Hello?")


def test_uploaded_flow_names_the_connection(live: Azure) -> None:
    spec = SPEC.replace("phi3-connection:", "other-name:").replace(
        "connections.phi3-connection", "connections.other-name"
    )
    live.applied(spec)
    assert '"other-name"' in uploaded_flow_file(live)


def uploaded_flow_file(azure: Azure) -> str:
    world, _ = azure.world()
    flow = world.reads.list(f"{azure.server.url}/_aml/flow/api{ML}/proj1/Flows", "")[0]
    store = azure.get(f"{ML}/proj1/datastores/workspaceworkingdirectory")["properties"]
    secrets = azure.arm.post(f"{ML}/proj1/datastores/workspaceworkingdirectory/listSecrets", API)
    key = {"account_name": store["accountName"], "account_key": secrets["key"]}
    share = azure.connection().share(
        f"{azure.server.url}/_file/{store['accountName']}", store["fileShareName"], key
    )
    content = share.get_file_client(flow["flowDefinitionFilePath"]).download_file().readall()
    return bytes(content).decode()


def test_changed_flow_folder_updates_the_flow_in_place(
    live: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "flow"
    folder.mkdir()
    for file in (ROOT / "examples/flows/phi3-chat").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    spec = SPEC.replace("examples/flows/phi3-chat", "flow")
    monkeypatch.setattr(live, "folder", tmp_path)
    assert live.changes(spec) == {}
    with (folder / "chat.py").open("a") as file:
        file.write("# changed\n")
    assert live.changes(spec) == {"flows.chat": "update"}
    live.applied(spec)
    assert live.changes(spec) == {}
    monkeypatch.undo()
    world, _ = live.world()
    flows = world.reads.list(f"{live.server.url}/_aml/flow/api{ML}/proj1/Flows", "")
    assert len(flows) == 1


def test_rotated_key_is_mended_by_apply(live: Azure) -> None:
    live.arm.post(f"{ENDPOINT}/regenerateKeys", API, {"keyType": "Primary"})
    assert live.changes() == {}
    before = live.now()
    live.applied()
    assert live.writes(before) == [f"PUT {CONNECTION}"]
    keys = live.arm.post(f"{ENDPOINT}/listKeys", API)
    held = live.arm.post(f"{CONNECTION}/listsecrets", API)["properties"]["credentials"]["keys"]
    assert held["key"] == keys["primaryKey"]


def test_values_that_others_added_to_a_connection_survive(live: Azure) -> None:
    body = live.get(CONNECTION)["properties"]
    held = live.arm.post(f"{CONNECTION}/listsecrets", API)["properties"]["credentials"]["keys"]
    live.arm.put(
        CONNECTION,
        API,
        {
            "properties": {
                "category": "CustomKeys",
                "authType": "CustomKeys",
                "target": body["target"],
                "credentials": {"keys": {**held, "key": "stale", "extra": "their-own-value"}},
                "metadata": {**body["metadata"], "their": "note"},
                "isSharedToAll": True,
                "expiryTime": "2030-01-01T00:00:00Z",
            }
        },
    )
    live.applied()
    kept = live.get(CONNECTION)["properties"]
    assert (kept["isSharedToAll"], kept["expiryTime"]) == (True, "2030-01-01T00:00:00Z")
    after = live.arm.post(f"{CONNECTION}/listsecrets", API)["properties"]["credentials"]["keys"]
    assert after == {**held, "extra": "their-own-value"}
    assert live.get(CONNECTION)["properties"]["metadata"]["their"] == "note"


def test_flow_of_another_type_replaces_the_old_one(live: Azure) -> None:
    spec = SPEC.replace("    type: chat\n", "    type: standard\n")
    assert live.changes(spec) == {"flows.chat": "replace"}
    live.applied(spec)
    assert live.changes(spec) == {}


def test_connection_of_another_type_replaces_the_old_one(live: Azure) -> None:
    head = SPEC.partition("connections:")[0]
    key = "${{ endpoints.phi3-ep.primary_key }}"
    api_key = f"{{type: api_key, target: 'https://example.org', api_key: '{key}'}}"
    live.destroy(only=["flows"])
    spec = f"{head}connections:\n  phi3-connection: {api_key}\n"
    assert live.changes(spec) == {"connections.phi3-connection": "replace"}
    live.applied(spec)
    before = live.now()
    live.applied(spec)
    assert live.writes(before) == []
