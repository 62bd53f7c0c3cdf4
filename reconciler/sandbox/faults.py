"""Injected faults: which requests are struck, at which moment, and by what.

A fault is JSON: `{"method": "PUT", "path": "<regex>", "caller": "<text>", "nth": 1, "times": 1,
"probability": 0.1, "seed": 7, "when": "before"|"after", "action": {...}}`. All that is given must
fit: `path` is searched in path and query, `caller` in the client's name as the journal has it
(its agent and `appid=`). With a probability each fitting request is drawn for, from one sequence a
seed. `nth` and `times` count what is left; `times: 0` is for ever (the default of a probability).

`before` means nothing has happened yet; `after` means the request was carried out and committed,
only its answer is lost, late or spoilt. The actions, one a fault, are in `strikes.py`.
"""

from __future__ import annotations

import random
import re
import signal
from typing import Any

from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "faults"
ACTIONS = {"status", "drop", "truncate", "hang", "delay_s", "stale", "operation", "kill"}
BEFORE_ONLY = {"stale"}
AFTER_ONLY = {"truncate", "operation"}
FIELDS = {
    "method",
    "path",
    "caller",
    "nth",
    "times",
    "probability",
    "seed",
    "when",
    "action",
}


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
        return first <= seen and (times == 0 or seen < first + times)

    def _draw(self, fault: Json) -> float:
        """Return the next number of the fault's own sequence, from 0 up to 1."""
        sequence = self._draws.setdefault(fault["id"], random.Random(fault["seed"]))
        return sequence.random()


def checked(fault: Json) -> Json:
    """Return a fault with its defaults. Raises ValueError with a user-ready message."""
    unknown = sorted(fault.keys() - FIELDS)
    if unknown:
        raise ValueError(f"a fault has no {unknown[0]!r}; it has {', '.join(sorted(FIELDS))}")
    action = fault.get("action")
    kinds = ACTIONS & action.keys() if isinstance(action, dict) else set()
    if not isinstance(action, dict) or len(kinds) != 1:
        raise ValueError(f"a fault needs an action with one of {', '.join(sorted(ACTIONS))}")
    kind = kinds.pop()
    _check_action(kind, action)
    if "probability" in fault and not 0 < float(fault["probability"]) <= 1:
        raise ValueError("a probability is above 0 and at most 1")
    try:
        re.compile(fault.get("path", ""))
    except re.error as error:
        raise ValueError(f"path {fault['path']!r} is not a regular expression: {error}") from error
    times = int(action["stale"]) if kind == "stale" else 0 if "probability" in fault else 1
    default = "after" if kind in AFTER_ONLY else "before"
    whole = {"nth": 1, "times": times, "when": default, "seed": 0, **fault}
    _check_moment(kind, str(whole["when"]))
    return whole


def _check_action(kind: str, action: Json) -> None:
    match kind:
        case "kill":
            number_of(action.get("signal", "KILL"))
        case "stale":
            if int(action["stale"]) < 1:
                raise ValueError("stale is the number of reads that are behind, at least 1")
        case "operation":
            if not isinstance(action["operation"], list) or not action["operation"]:
                raise ValueError("operation is a list of statuses, such as [InProgress, Failed]")
        case "status":
            if not 100 <= int(action["status"]) <= 599:
                raise ValueError(f"{action['status']} is no HTTP status")


def _check_moment(kind: str, when: str) -> None:
    if when not in ("before", "after"):
        raise ValueError("`when` is before or after")
    if kind in AFTER_ONLY and when == "before":
        raise ValueError(f"{kind} concerns the answer: it strikes after, not before")
    if kind in BEFORE_ONLY and when == "after":
        raise ValueError(f"{kind} decides what is read: it strikes before, not after")


def number_of(name: str) -> signal.Signals:
    """Return the signal of a name such as KILL, TERM, INT or STOP. Raises ValueError."""
    try:
        return signal.Signals[f"SIG{str(name).upper().removeprefix('SIG')}"]
    except KeyError:
        raise ValueError(f"{name!r} is no signal; try KILL, TERM, INT or STOP") from None
