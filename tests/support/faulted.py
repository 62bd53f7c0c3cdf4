"""Faults, and what was sent and became of it."""

from __future__ import annotations

from typing import Any

from reconciler.operations.apply.executor import Report
from tests.support.serving import Azure

SOON = {"x-ms-retry-after-ms": "5"}


def arm(azure: Azure, method: str, path: str, action: dict[str, Any], **rule: Any) -> None:
    fault = {"method": method, "path": path, "times": 1, "when": "before", **rule}
    azure.control("POST", "faults", {**fault, "action": action})


def error(status: int, code: str) -> dict[str, Any]:
    body = {"error": {"code": code, "message": "injected"}}
    return {"status": status, "headers": SOON, "body": body}


def of(report: Report, address: str) -> Any:
    return next(o for o in report.outcomes if o.address == address)


def sent(azure: Azure, since: int, method: str, ending: str) -> list[dict[str, Any]]:
    return [
        e
        for e in azure.everything(since)
        if e["method"] == method and e["path"].lower().endswith(ending.lower())
    ]
