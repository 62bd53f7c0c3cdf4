"""Injected faults: which requests are struck, at which moment, and by what.

A fault is JSON: `{"method": "PUT", "path": "<regex>", "caller": "<text>", "nth": 1, "times": 1,
"probability": 0.1, "seed": 7, "when": "before"|"after", "action": {...}}`. All that is given must
fit: `path` is searched in path and query, `caller` in the client's name as the journal has it (its
agent and `appid=`). With a probability each fitting request is drawn for, from one sequence a seed.
`nth` and `times` count what is left; `times: 0` is for ever (the default of a probability). With
`every` in its action a fault strikes the first of so many, and then lets the others pass.

`before` means nothing has happened yet; `after` means the request was carried out and committed,
only its answer is lost, late or spoilt. The actions, one a fault, are in `strikes.py`.
"""

from __future__ import annotations

import random
import re
from typing import Any

from reconciler.sandbox.fault_checks import checked
from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "faults"


class Faults:
    """The armed faults, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[int, int] = {}
        """Matches per fault. Not in the store: a refused request rolls its writes back."""
        self._draws: dict[int, random.Random] = {}

    def arm(self, fault: Json) -> Json:
        """Add a fault and return it with its id. Raises ValueError with a user-ready message."""
        fault = checked(fault)
        number = 1 + max((int(key) for key in self._store.documents(SPACE)), default=0)
        armed = {**fault, "id": number}
        self._store.put_document(SPACE, str(number), armed)
        self._seen[number] = 0
        self._draws.pop(number, None)
        return {**armed, "seen": 0}

    def armed(self) -> list[Json]:
        """Return the armed faults."""
        faults = self._store.documents(SPACE).values()
        return [{**fault, "seen": self._seen.get(fault["id"], 0)} for fault in faults]

    def clear(self) -> None:
        """Disarm all."""
        for key in self._store.documents(SPACE):
            self._store.delete_document(SPACE, key)
        self.recount()

    def recount(self) -> None:
        """Count from the start for every armed fault: they came with a snapshot."""
        self._seen.clear()
        self._draws.clear()

    def take(self, method: str, path: str, caller: str) -> list[Json]:
        """Count a request against every fault and return those that strike it."""
        faults = self._store.documents(SPACE).values()
        return [fault for fault in faults if self._strikes(fault, method, path, caller)]

    def _strikes(self, fault: Json, method: str, path: str, caller: str) -> bool:
        wanted = fault.get("method")
        if wanted and wanted.upper() != method:
            return False
        if not re.search(fault.get("path", ""), path, re.IGNORECASE):
            return False
        if fault.get("caller", "").lower() not in caller.lower():
            return False
        if "probability" in fault and self._draw(fault) >= fault["probability"]:
            return False
        seen = self._seen[fault["id"]] = self._seen.get(fault["id"], 0) + 1
        first, times = int(fault["nth"]), int(fault["times"])
        if seen < first or (times and seen >= first + times):
            return False
        return bool((seen - first) % int(fault["action"].get("every", 1)) == 0)

    def _draw(self, fault: Json) -> float:
        """Return the next number of the fault's own sequence, from 0 up to 1."""
        sequence = self._draws.setdefault(fault["id"], random.Random(fault["seed"]))
        return sequence.random()
