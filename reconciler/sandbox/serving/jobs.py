"""What the data planes need to know of a job, read from the ARM record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.serving.exchange import AmlError, settled
from reconciler.sandbox.serving.traininglog import Run, run_of
from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

SHARE_DONE = {"Completed": 1.0, "Finalizing": 1.0, "Failed": 0.0, "Canceled": 0.4, "Running": 0.5}
STARTED = set(SHARE_DONE)


@dataclass(frozen=True, slots=True)
class Job:
    """A job's record with its run."""

    record: Record
    status: str
    run: Run
    error: dict[str, Any] | None

    @property
    def share(self) -> float:
        """How much of the training is over, 0 to 1."""
        return SHARE_DONE.get(self.status, 0.0)

    @property
    def has_started(self) -> bool:
        """Whether there is a log by now."""
        return self.status in STARTED


def find_job(world: World, workspace_id: str, name: str) -> Job:
    """The job, brought up to now. Raises AmlError 404."""
    record = settled(world, f"{workspace_id}/jobs/{name}")
    if record is None:
        raise AmlError(404, "RunNotFound", f"Run {name} was not found")
    properties = record.body.get("properties", {})
    examples = int(record.hidden.get("examples", 0))
    return Job(
        record=record,
        status=str(properties.get("status", "NotStarted")),
        run=run_of(record.name, properties, examples),
        error=record.hidden.get("error"),
    )
