"""Injected faults: what goes wrong with which request, and at which moment.

A fault is JSON: `{"method": "PUT", "path": "<regex>", "nth": 1, "times": 1, "when":
"before"|"after", "action": {...}}`. The action is one of `{"status": 429, "body": ...,
"headers": ...}`, `{"drop": true}` (the connection is cut), `{"delay_s": 2}`, `{"kill": pid}`
(SIGKILL, then the request goes on). `before` means nothing has happened yet; `after` means the
request was carried out and committed, only its answer is lost or late. `times: 0` is for ever.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from typing import Any

from aiohttp import web

from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "faults"
ACTIONS = {"status", "drop", "delay_s", "kill"}


class Faults:
    """The armed faults, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[int, int] = {}
        """Matches per fault. Not in the store: a refused request rolls its writes back."""

    def arm(self, fault: Json) -> Json:
        """Add a fault and return it with its id. Raises ValueError with a user-ready message."""
        action = fault.get("action")
        if not isinstance(action, dict) or len(ACTIONS & action.keys()) != 1:
            raise ValueError(f"a fault needs an action with one of {sorted(ACTIONS)}")
        if fault.get("when", "before") not in ("before", "after"):
            raise ValueError("`when` is before or after")
        re.compile(fault.get("path", ""))
        number = 1 + max((int(key) for key in self._store.documents(SPACE)), default=0)
        armed = {"nth": 1, "times": 1, "when": "before", **fault, "id": number, "seen": 0}
        self._store.put_document(SPACE, str(number), armed)
        self._seen[number] = 0
        return armed

    def armed(self) -> list[Json]:
        """Return the armed faults."""
        faults = self._store.documents(SPACE).values()
        return [{**fault, "seen": self._seen.get(fault["id"], 0)} for fault in faults]

    def clear(self) -> None:
        """Disarm all."""
        for key in self._store.documents(SPACE):
            self._store.delete_document(SPACE, key)

    def take(self, method: str, path: str) -> list[Json]:
        """Count a request against every fault and return those that strike it."""
        return [fault for fault in self.armed() if self._strikes(fault, method, path)]

    def _strikes(self, fault: Json, method: str, path: str) -> bool:
        wanted = fault.get("method")
        if wanted and wanted.upper() != method:
            return False
        if not re.search(fault.get("path", ""), path, re.IGNORECASE):
            return False
        seen = self._seen[fault["id"]] = self._seen.get(fault["id"], 0) + 1
        first, times = int(fault["nth"]), int(fault["times"])
        return first <= seen and (times == 0 or seen < first + times)


async def strike(fault: Json, request: web.Request) -> web.Response | None:
    """Carry out a fault; a returned response replaces the request's own."""
    action = fault["action"]
    if "delay_s" in action:
        await asyncio.sleep(float(action["delay_s"]))
        return None
    if "kill" in action:
        os.kill(int(action["kill"]), signal.SIGKILL)
        return None
    if "drop" in action:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    body = action.get("body") or default_body(int(action["status"]))
    return web.json_response(body, status=int(action["status"]), headers=action.get("headers"))


def default_body(status: int) -> Json:
    """Return the error document Azure usually sends with a status."""
    codes = {429: "TooManyRequests", 503: "ServiceUnavailable", 403: "AuthorizationFailed"}
    code = codes.get(status, "InternalServerError")
    return {"error": {"code": code, "message": f"Injected fault: {code}."}}
