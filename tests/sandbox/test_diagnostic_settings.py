"""Diagnostic settings: at their resource alone, one destination a category, and outliving it."""

from __future__ import annotations

from typing import Any

from tests.support.sandbox import GROUP, Sandbox

IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
LISTED = f"{IDENTITY}/providers/Microsoft.Insights/diagnosticSettings"
VERSION, IDENTITIES = "2021-05-01-preview", "2023-01-31"
ALL = [{"categoryGroup": "allLogs", "enabled": True}]


def put(sandbox: Sandbox, name: str = "all", at: str = LISTED, **more: Any) -> tuple[int, Any]:
    properties = {"workspaceId": LOGS, "logs": ALL} | more
    return sandbox.send("PUT", f"{at}/{name}", {"properties": properties}, api_version=VERSION)[:2]


def identity(sandbox: Sandbox, method: str = "PUT") -> int:
    body = {"location": "eastus"} if method == "PUT" else None
    status: int = sandbox.send(method, IDENTITY, body, api_version=IDENTITIES)[0]
    return status


def test_a_setting_is_made_and_listed_at_its_resource(sandbox: Sandbox, rm: Any) -> None:
    assert put(sandbox)[0] == 404
    identity(sandbox)
    status, shown = put(sandbox)
    assert (status, shown["name"]) == (200, "all")
    assert shown["properties"]["metrics"] == []
    assert sandbox.send("GET", LISTED, api_version=VERSION)[1]["value"] == [shown]
    above = LISTED.replace(IDENTITY, GROUP)
    assert sandbox.send("GET", above, api_version=VERSION)[1]["value"] == []
    assert sandbox.send("DELETE", f"{LISTED}/all", api_version=VERSION)[0] == 200
    assert sandbox.send("DELETE", f"{LISTED}/all", api_version=VERSION)[0] == 204


def test_a_category_goes_once_to_a_destination(sandbox: Sandbox, rm: Any) -> None:
    identity(sandbox)
    assert put(sandbox)[0] == put(sandbox)[0] == 200
    status, shown = put(sandbox, "again", workspaceId=LOGS.upper())
    assert (status, shown["error"]["code"]) == (409, "Conflict")
    assert put(sandbox, "other", logs=[{"category": "Audit", "enabled": True}])[0] == 200
    assert put(sandbox, "nowhere", workspaceId=None)[0] == 400
    assert put(sandbox, "odd", logs=["all"])[0] == 400


def test_a_setting_outlives_its_resource(sandbox: Sandbox, rm: Any) -> None:
    identity(sandbox)
    put(sandbox)
    assert identity(sandbox, "DELETE") == 200
    assert sandbox.send("GET", LISTED, api_version=VERSION)[0] == 404
    assert identity(sandbox) == 201
    assert len(sandbox.send("GET", LISTED, api_version=VERSION)[1]["value"]) == 1
