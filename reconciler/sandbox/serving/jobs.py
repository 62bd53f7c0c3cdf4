"""What the data planes need to know of a job, read from the ARM record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.sandbox.serving.exchange import AmlError, settled
from reconciler.sandbox.serving.traininglog import Run, run_of
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

TRAINED = {"Completed", "Finalizing"}
RUNNING_S = 1200.0
"""How long the ARM side lets a job run, in virtual seconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job's record with its run; `share` is how much of the training is over, 0 to 1."""

    record: Record
    status: str
    run: Run
    share: float
    error: dict[str, Any] | None

    @property
    def is_command(self) -> bool:
        """Whether it runs a command of its user's: nothing of it is made up here."""
        return str(self.record.body["properties"].get("jobType")).lower() == "command"

    @property
    def has_started(self) -> bool:
        """Whether there is a log by now."""
        return self.status in {*TRAINED, "Failed"} or "startTimeUtc" in self.record.hidden


def find_job(world: World, workspace_id: str, name: str, *, polled: bool = True) -> Job:
    """The job, brought up to now. Raises AmlError 404.

    `polled` is false for a look that must not make an `instant` clock go on, such as at a log.
    """
    record = settled(world, f"{workspace_id}/jobs/{name}", polled=polled)
    if record is None:
        raise AmlError(404, "RunNotFound", f"Run {name} was not found")
    properties = record.body.get("properties", {})
    status = str(properties.get("status", "NotStarted"))
    is_command = str(properties.get("jobType")).lower() == "command"
    examples = int(record.hidden.get("examples", 0))
    return Job(
        record=record,
        status=status,
        run=run_of(record.name, properties, examples),
        share=0.0 if is_command else _share(record, status, world.clock.now()),
        error=record.hidden.get("error"),
    )


def _share(record: Record, status: str, now: float) -> float:
    if status in TRAINED:
        return 1.0
    started = record.hidden.get("startTimeUtc")
    if status == "Failed" or started is None:
        return 0.0
    ended = record.hidden.get("endTimeUtc")
    at = _seconds(ended) if ended else now
    return min(max((at - _seconds(started)) / RUNNING_S, 0.0), 1.0)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
