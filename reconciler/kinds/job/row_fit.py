"""Whether the rows of a dataset are those that a fine-tuning task learns from."""

from __future__ import annotations

from typing import Any

from reconciler.engine.types import JsonObject, Reference, Resource
from reconciler.kinds.data.dataset_settings import Wanted
from reconciler.kinds.data.raw_settings import RawWanted, data_type
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.job.settings import Job
from reconciler.spec.document import Keys

FIELDS = {"trainingData": "training_data", "validationData": "validation_data"}
FITTING = {
    "chat_completion": ("chat",),
    "text_completion": ("text", "chat"),
}
"""What a task learns from. The others read columns of their own, which raw data may have."""


def check_rows(settings: Job, details: JsonObject, expansion: Expansion, path: Keys) -> None:
    """Note a problem for each dataset of the spec whose rows the task cannot read.

    `details`: the part of the body that says what it reads.
    """
    fitting = FITTING.get(settings.task)
    for name, field in FIELDS.items():
        uri = (details.get(name) or {}).get("uri")
        made = expansion.resources.get(uri.address) if isinstance(uri, Reference) else None
        if made is None:
            continue
        if isinstance(made.settings, RawWanted):
            _check_file(data_type(made), expansion, (*path, field))
        elif isinstance(made.settings, Wanted) and fitting:
            _check_format(made, settings.task, fitting, expansion, (*path, field))


def _check_format(
    made: Resource[Any], task: str, fitting: tuple[str, ...], expansion: Expansion, path: Keys
) -> None:
    name = made.settings.format.name
    if name not in fitting:
        expansion.problem(
            f"`{task}` learns from {' or '.join(fitting)} rows, and `{made.address}` has "
            f"`format: {name}`",
            path,
            hint=f"give it `format: {fitting[0]}`, or choose another `task`",
        )


def _check_file(kind: str, expansion: Expansion, path: Keys) -> None:
    if kind != "uri_file":
        what = f"fine-tuning reads one file, and this is {kind}"
        expansion.problem(what, path, hint="refer to a dataset of rows, or to a `local_file`")
