"""Named sets of faults for `reconcile sandbox rehearse`: bad days in Azure, by the hour.

A rehearsal is settings for the sandbox's controls. `{pid}` in a fault is the process id of the
run; `nth` may be a pair, between which the seed chooses.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ARM = "^/subscriptions/"


@dataclass(frozen=True)
class Rehearsal:
    """One bad day: what it is, and what the controls are told before the run."""

    about: str
    faults: tuple[Json, ...] = ()
    throttle: Json = field(default_factory=dict)
    latency: Json = field(default_factory=dict)
    runs: int = 1
    """How many runs are given these faults; one without them follows where it is needed."""

    def armed(self, seed: int, pid: int) -> list[Json]:
        """Return the faults with the seed's choices made and the process id filled in."""
        chance = random.Random(seed)
        return [_filled(fault, chance, seed, pid) for fault in self.faults]


def _filled(fault: Json, chance: random.Random, seed: int, pid: int) -> Json:
    found = {**fault, "action": dict(fault["action"])}
    if "probability" in found:
        found["seed"] = seed
    if isinstance(found.get("nth"), tuple):
        found["nth"] = chance.randint(*found["nth"])
    if "kill" in found["action"]:
        found["action"]["kill"] = pid
    return found


REHEARSALS = {
    "throttled": Rehearsal(
        "ARM's buckets are almost empty: 429 with Retry-After, again and again",
        throttle={"reads": [12, 20], "writes": [4, 8], "deletes": [4, 8]},
    ),
    "flaky": Rehearsal(
        "one request in ten fails with 500, 502, 503 or a cut connection",
        faults=(
            {"path": ARM, "probability": 0.03, "action": {"status": 503}},
            {"path": ARM, "probability": 0.03, "action": {"status": 500}},
            {"path": ARM, "probability": 0.02, "action": {"status": 502}},
            {"path": ARM, "probability": 0.02, "action": {"drop": True}},
        ),
    ),
    "lost-answers": Rehearsal(
        "writes are carried out, but their answers never arrive",
        faults=(
            {
                "method": "PUT",
                "path": ARM,
                "probability": 0.3,
                "when": "after",
                "action": {"drop": True},
            },
        ),
    ),
    "killed": Rehearsal(
        "kill -9 at some request, three runs in a row",
        faults=({"nth": (3, 20), "when": "after", "action": {"kill": "{pid}"}},),
        runs=3,
    ),
    "stale": Rehearsal(
        "reads are behind the latest write, as ARM's caches sometimes are",
        faults=(
            {
                "method": "GET",
                "path": ARM,
                "probability": 0.2,
                "times": 0,  # a fault with `stale` strikes so many reads by itself: one here
                "action": {"stale": 1},
            },
        ),
    ),
    "slow": Rehearsal(
        "every answer takes a tenth of a second, some twice as long",
        latency={"ms": 100, "jitter_ms": 100},
    ),
    "failed-operation": Rehearsal(
        "a long-running operation is accepted and fails later, once",
        faults=(
            {
                "method": "PUT",
                "path": "onlineEndpoints/[^/]+\\?|/computes/|storageAccounts/[^/]+\\?",
                "action": {"operation": ["InProgress", "Failed"]},
            },
        ),
    ),
}
