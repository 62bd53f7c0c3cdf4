"""What the section `jobs` takes: fine-tuning without code, or a command of your own."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from reconciler.kinds.job.command_settings import CommandJob
from reconciler.kinds.job.settings import Job


def _with_type(value: Any) -> Any:
    """Return a map with the type that it had before there were several."""
    is_plain = isinstance(value, dict) and "type" not in value
    return {**value, "type": "finetuning"} if is_plain else value


AnyJob = Annotated[
    Annotated[Job | CommandJob, Field(discriminator="type")], BeforeValidator(_with_type)
]
"""A job, by its `type`: `finetuning` unless said."""
