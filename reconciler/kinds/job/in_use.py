"""Runs that are not over, of whatever type and of whoever: what they run on must stay.

Source of the words: azure-ai-ml's JobStatus. Azure ends what runs on a cluster that is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.types import JsonObject
from reconciler.kinds.job.attempts import status_of

GOING_ON = (
    "notstarted",
    "starting",
    "provisioning",
    "preparing",
    "queued",
    "running",
    "finalizing",
    "notresponding",
    "paused",
)


@dataclass(frozen=True)
class Running:
    """A run that goes on: its id, Azure's word for where it is, and the cluster it is on, if any."""

    id: str
    status: str
    cluster: str


def running(bodies: Iterable[JsonObject]) -> Iterator[Running]:
    """Yield those out of a list of runs that would be ended."""
    for body in bodies:
        if status_of(body).casefold() in GOING_ON:
            compute = str((body.get("properties") or {}).get("computeId") or "")
            yield Running(str(body.get("id") or ""), status_of(body), compute)
