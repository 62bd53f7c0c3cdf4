"""Random histories: up to three faults of any kind, runs until it is right, one seed each.

Kills, lost and cut answers, errors, answers of nobody, stale reads, operations that end badly,
signals.

A history is made from its number alone, and so is the run that it strikes first. Every run
may end in any way but a crash of the program; the last one, in which nothing is disturbed
any more, must end well, in the state of a clean run.
"""

import random
import signal
from dataclasses import dataclass

from tests.faults.crash import verdict

SOON = {"x-ms-retry-after-ms": "5"}
CODES = {
    409: "AnotherOperationInProgress",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}
WHENS = ("before", "after")
FAULTS = 3
# What a run may end with when it was disturbed: 70 is a defect of ours, 64 and 65 impossible.
HONEST = {0, 1, 3, 4, 5, 75, 128 + signal.SIGTERM, -signal.SIGKILL}
PAGE = {"status": 200, "headers": {"Content-Type": "text/html"}, "body": {"sign": "in"}}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong with the nth request of one run of a history."""

    run: int
    nth: int
    when: str
    what: str

    def rules(self, pid):
        """Return it as the sandbox takes it."""
        rule = {"nth": self.nth, "when": self.when}
        if self.what == "signal":
            return [{**rule, "action": {"kill": pid, "signal": "TERM"}}]
        if self.what == "kill":
            faults = [{**rule, "action": {"kill": pid}}]
            if self.when == "before":
                faults.append({**rule, "action": {"drop": True}})
            return faults
        action = ACTIONS.get(self.what) or _answer(self.what)
        if "stale" in action:
            rule = {"nth": self.nth, "method": "GET"}
        elif "operation" in action or "truncate" in action:
            rule["when"] = "after"
        return [{**rule, "action": action}]


ACTIONS = {
    "drop": {"drop": True},
    "delay": {"delay_s": 0.05},
    "truncate": {"truncate": True},
    "page": PAGE,
    "stale 1": {"stale": 1},
    "stale 3": {"stale": 3},
    "operation fails": {"operation": ["InProgress", "Failed"]},
    "operation is cancelled": {"operation": ["Canceled"]},
    "operation is not to be asked": {"operation": [{"status": 500}, {"status": 404}]},
}


def _answer(what):
    status = int(what)
    error = {"error": {"code": CODES[status], "message": "injected"}}
    return {"status": status, "headers": SOON, "body": error}


def history(seed, requests):
    """Return the faults of one history over a run of so many requests."""
    chance = random.Random(seed)
    kinds = ["kill", "signal", *ACTIONS, *map(str, CODES)]
    count = chance.randint(1, FAULTS)
    return [
        Fault(
            run=chance.randrange(count),
            nth=chance.randint(1, requests),
            when=chance.choice(WHENS),
            what=chance.choice(kinds),
        )
        for _ in range(count)
    ]


def violation(arena, scene, seed):
    """Play one history; return what is wrong at its end, "" when nothing is."""
    faults = history(seed, len(scene.requests))
    arena.restore(scene.before)
    for number in range(max(f.run for f in faults) + 1):
        running = arena.start(*scene.words)
        arena.arm(*(rule for f in faults if f.run == number for rule in f.rules(running.pid)))
        running.go()
        ended = running.join()
        arena.disarm()
        if ended.code not in HONEST or "Traceback" in ended.err:
            return f"seed {seed} {faults}: run {number} ended with {ended.code}\n{ended.err}"
    return verdict(arena, scene, f"seed {seed} {faults}", arena.run(*scene.words))
