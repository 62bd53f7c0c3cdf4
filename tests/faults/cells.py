"""One fault on one write of a run: every kind of resource meets every kind of answer.

What passes must be waited out in the run itself. What does not must be told once, must not be
sent again, and must leave the rest of the world right; the next run, undisturbed, ends well.
"""

import math
from dataclasses import dataclass

from tests.faults.arena import is_write
from tests.faults.crash import verdict
from tests.faults.histories import HONEST, SOON


def _answer(status, code, message="injected", **error):
    body = {"error": {"code": code, "message": message, **error}}
    return {"status": status, "headers": SOON, "body": body}


TARGET = [{"code": "InvalidParameter", "target": "properties", "message": "not like that"}]

# Row of the matrix -> (action, before or after). The run itself must end well.
PASSING = {
    "F06": (_answer(409, "AnotherOperationInProgress"), "before"),
    "F09": (_answer(412, "PreconditionFailed"), "before"),
    "F11": (_answer(503, "ServiceUnavailable"), "before"),
    "F20": (_answer(429, "TooManyRequests"), "before"),
    "F25": ({"drop": True}, "before"),
    "F26": ({"drop": True}, "after"),
}
# The run must say what is wrong and must not send the write again.
REFUSED = {
    "F01": (_answer(400, "InvalidParameter", details=TARGET), "before"),
    "F03": (_answer(403, "AuthorizationFailed"), "before"),
    "F10": (_answer(403, "RequestDisallowedByPolicy"), "before"),
}
# The run may end either way; the next one must end well.
EITHER = {
    "F12": ({"status": 200, "body": {"id": 5, "properties": "text"}}, "after"),
}
ROWS = {**PASSING, **REFUSED, **EITHER}


@dataclass(frozen=True)
class Cell:
    """A row of the fault matrix on the nth request of a run, which is a write."""

    row: str
    nth: int
    what: str


def cells(scene):
    """Every row on every write of a scene."""
    writes = [
        (nth, f"{e['method']} {e['path']}")
        for nth, e in enumerate(scene.requests, 1)
        if is_write(e) and e["kind"] == "arm"
    ]
    found = [Cell(row, nth, what) for row in ROWS for nth, what in writes]
    # A denial after a grant of the run may pass: that is F04, which has tests of its own.
    granted = next((nth for nth, what in writes if "/roleAssignments/" in what), math.inf)
    return [cell for cell in found if cell.row != "F03" or cell.nth <= granted]


def violation(arena, scene, cell):
    """Let one write fail; return what is wrong, "" when nothing is."""
    action, when = ROWS[cell.row]
    arena.restore(scene.before)
    running = arena.start(*scene.words)
    arena.arm({"nth": cell.nth, "when": when, "action": action})
    running.go()
    ended = running.join()
    arena.disarm()
    text = _of_the_run(arena, scene, cell, ended)
    return text or verdict(arena, scene, cell, arena.run(*scene.words))


def _of_the_run(arena, scene, cell, ended):
    if ended.code not in HONEST or "Traceback" in ended.err:
        return f"{cell}: ended with {ended.code}\n{ended.err}"
    method, _, path = cell.what.partition(" ")
    if cell.row in PASSING and ended.code != 0:
        return f"{cell}: was not waited out but ended with {ended.code}\n{ended.err}"
    if cell.row not in REFUSED:
        return ""
    sent = _times(arena.journal(), method, path)
    # An endpoint is written by its create and again by its traffic.
    if ended.code == 0 or sent > _times(scene.requests[: cell.nth], method, path):
        return f"{cell}: sent {sent} times, ended with {ended.code}\n{ended.err}"
    return ""


def _times(entries, method, path):
    return sum(e["method"] == method and e["path"] == path for e in entries)
