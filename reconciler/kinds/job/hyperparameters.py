"""Which values of a hyperparameter make sense: a run that cannot train is refused before it costs.

Azure takes any text under any name and hands it to the training component, which fails once the
nodes are up, or trains nothing: the range of a name that the components share is held here.
Other names are the component's own: nothing is known of them.
Source: huggingface.co/docs/transformers, TrainingArguments; huggingface.co/docs/peft, LoraConfig;
github.com/Azure/azureml-assets, chat_completion_finetune.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Scalar = str | bool | int | float
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `or_else` is one that means "not limited"."""

    low: float
    high: float
    whole: bool = False
    or_else: int | None = None

    def __str__(self) -> str:
        """Return it as an error says it."""
        number = "a whole number" if self.whole else "a number"
        other = f", or {self.or_else}" if self.or_else is not None else ""
        return f"{number} from {self.low:.15g} to {self.high:.15g}{other}"

    def holds(self, number: float) -> bool:
        """Return whether a number is in it."""
        if number == self.or_else:
            return True
        return self.low <= number <= self.high and not (self.whole and number % 1)


SHARE = Range(0, 1)
RATE = Range(1e-12, 1)
BATCH = Range(1, 65_536, whole=True)
STEPS = Range(0, 1e9, whole=True)
RANK = Range(1, 65_536, whole=True)
SOME_STEPS = Range(1, 1e9, whole=True, or_else=-1)
RANGES = {
    "learning_rate": RATE,
    "num_train_epochs": Range(1e-3, 10_000),
    "max_steps": SOME_STEPS,
    "per_device_train_batch_size": BATCH,
    "per_device_eval_batch_size": BATCH,
    "gradient_accumulation_steps": BATCH,
    "warmup_steps": STEPS,
    "warmup_ratio": SHARE,
    "weight_decay": SHARE,
    "adam_beta1": SHARE,
    "adam_beta2": SHARE,
    "adam_epsilon": Range(0, 1),
    "max_grad_norm": Range(0, 1e6),
    "label_smoothing_factor": SHARE,
    "max_seq_length": Range(1, 1e8, whole=True, or_else=-1),
    "lora_alpha": RANK,
    "lora_r": RANK,
    "lora_dropout": SHARE,
    "precision": Range(4, 32, whole=True),
    "seed": Range(0, LARGEST_SEED, whole=True),
}
"""By name. -1 means "as far as the model goes" and "not by steps" for the component."""
AS_TEXT = ("lr_scheduler_type", "optim")
"""What is a word, never a number or `true`."""


def refuse_senseless(stated: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return hyperparameters. Raises one problem for each that has no sense."""
    problems = list(_problems(stated))
    if problems:
        raise ValidationError.from_exception_data("hyperparameters", problems)
    return stated


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")]
Hyperparameters = Annotated[dict[Name, Scalar], AfterValidator(refuse_senseless)]


def _problems(stated: dict[str, Scalar]) -> Iterator[InitErrorDetails]:
    for name, value in stated.items():
        expected = _expected(name, value)
        if expected:
            why = PydanticCustomError("no_sense", "Must be {expected}", {"expected": expected})
            yield InitErrorDetails(type=why, loc=(name,), input=value)


def _expected(name: str, value: Scalar) -> str:
    """Return what a value should be, or nothing where it may be as it is."""
    number = _number(value)
    if name in AS_TEXT:
        return "" if isinstance(value, str) and number is None and value.strip() else "a name"
    allowed = RANGES.get(name)
    if allowed is None or (number is not None and allowed.holds(number)):
        return ""
    return str(allowed)


def _number(value: Scalar) -> float | None:
    """Return the number that a value is, or that the component will read in its text."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
