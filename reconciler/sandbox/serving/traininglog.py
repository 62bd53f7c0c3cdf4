"""What a fine-tuning run writes while it trains: log lines and metrics, derived from the job.

Nothing is trained. The numbers come from the job's name and hyperparameters alone, so the same
job always shows the same curve; the first line of the log says that this is the sandbox.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LOG_EVERY = 10
FALLING_LOSS = 1.15
FLOOR_LOSS = 0.92


@dataclass(frozen=True, slots=True)
class Run:
    """A training run: `examples` is the number of conversations that the job read."""

    name: str
    epochs: int
    batch_size: int
    learning_rate: float
    examples: int

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return max(1, math.ceil(self.examples / self.batch_size)) * self.epochs


@dataclass(frozen=True, slots=True)
class Step:
    """One logged step."""

    number: int
    epoch: float
    loss: float
    learning_rate: float


def run_of(name: str, properties: dict[str, Any], examples: int) -> Run:
    """The run that a job's properties describe; Azure's defaults where it says nothing."""
    details = properties.get("fineTuningDetails") or {}
    given = details.get("hyperParameters") or {}
    batch = int(float(given.get("per_device_train_batch_size", 1)))
    accumulated = int(float(given.get("gradient_accumulation_steps", 1)))
    return Run(
        name=name,
        epochs=max(1, int(float(given.get("num_train_epochs", 1)))),
        batch_size=max(1, batch * accumulated),
        learning_rate=float(given.get("learning_rate", 2e-5)),
        examples=examples,
    )


def steps(run: Run, share: float) -> Iterator[Step]:
    """The logged steps of the first `share` (0 to 1) of the run."""
    last = math.floor(run.steps * share)
    every = max(1, min(LOG_EVERY, run.steps // LOG_EVERY))
    for number in range(every, last + 1, every):
        done = number / run.steps
        noise = (_hash(f"{run.name}/{number}") - 0.5) * 0.08
        loss = FLOOR_LOSS + FALLING_LOSS * math.exp(-3.2 * done) + noise
        rate = run.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
        yield Step(number, round(done * run.epochs, 2), round(loss, 4), rate)


def log_text(run: Run, share: float, error: str | None) -> str:
    """The log as far as `share` of the run; with an error it ends there, as a traceback does."""
    lines = [
        "[sandbox] This is the log of an emulated run: no model was trained.",
        f"Loading training data: {run.examples} conversations",
        f"***** Running training *****  Num examples = {run.examples}, "
        f"Num Epochs = {run.epochs}, Total train batch size = {run.batch_size}, "
        f"Total optimization steps = {run.steps}",
    ]
    lines += [
        f"{{'loss': {step.loss}, 'learning_rate': {step.learning_rate:.3e}, "
        f"'epoch': {step.epoch}}}  [{step.number}/{run.steps}]"
        for step in steps(run, share)
    ]
    if error:
        lines.append(f"azureml.exceptions.UserErrorException: {error}")
    elif share >= 1:
        lines.append(f"Training completed. {{'train_loss': {final_loss(run)}}}")
        lines.append("Saving model in MLflow format to outputs/registered_model")
    return "\n".join(lines) + "\n"


def final_loss(run: Run) -> float:
    """The mean of the logged losses."""
    losses = [step.loss for step in steps(run, 1.0)] or [FLOOR_LOSS]
    return round(sum(losses) / len(losses), 4)


def _hash(text: str) -> float:
    return hashlib.sha256(text.encode()).digest()[0] / 255
