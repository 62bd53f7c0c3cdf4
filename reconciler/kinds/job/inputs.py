"""The inputs of a job as texts: what goes over the wire, and what the fingerprint covers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from reconciler.engine.types import Reference
from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys
from reconciler.spec.model import SpecModel

ASSET = (
    r"^(azureml://registries/[\w.-]+/models/[\w.-]+/versions/[\w.-]+"
    r"|azureml:[\w.-]+:[\w.-]+"
    r"|/subscriptions/[^/]+/resource[gG]roups/[^/]+/providers/Microsoft\.MachineLearningServices/"
    r"workspaces/[^/]+/models/[\w.-]+/versions/[\w.-]+)$"
)
"""A model at one version; `latest` would be another model tomorrow and is refused."""

_SHORT = re.compile(r"azureml:(?P<name>[\w.-]+):(?P<version>[\w.-]+)")


class DataInput(SpecModel):
    """Input data of a job, as a map."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """A dataset in this spec, `azureml:NAME:VERSION`, or an `azureml://` path."""
    type: Literal["uri_file"] = "uri_file"
    """The type of the data: a single file."""


def plain_text(value: str | bool | float) -> str:  # noqa: FBT001 - a value, not a switch
    """Return a hyperparameter as text: `0.00002`, never `2e-05`; `true`, never `True`.

    Azure hands the text on to the training script; the digits are those of the shortest
    decimal that means the number, so they are the ones that the spec has.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{Decimal(repr(value)):f}"


def asset_id(text: str, workspace: str, collection: str) -> str:
    """Return `azureml:NAME:VERSION` as the ARM id that the wire wants; others as they are."""
    match = _SHORT.fullmatch(text)
    if not match:
        return text
    return f"{workspace}/{collection}/{match['name']}/versions/{match['version']}"


def uri_of(
    data: str | DataInput, workspace: str, expansion: Expansion, path: Keys
) -> tuple[Any, str]:
    """Return what the body says for a data input, and the text that stands for its content.

    A dataset of the spec stands for its version, which is a fingerprint itself, so that
    the same data in another subscription is the same input.
    """
    text = data if isinstance(data, str) else data.path
    if not isinstance(data, str):
        path = (*path, "path")
    if text.strip().startswith("${{"):
        found = expansion.reference(text, path, kinds=("dataset",))
        if not isinstance(found, Reference):
            return found, ""
        if found.attribute not in ("train", "test"):
            expansion.problem(f"`{text}` is not data: refer to `.train` or `.test`", path)
            return found, ""
        asset = str(expansion.resources[found.address].known[found.attribute])
        name, _, version = asset.partition("/data/")[2].partition("/versions/")
        return found, f"{name}:{version}"
    if not text.startswith(("azureml:", "/subscriptions/")):
        expansion.problem(
            f"{text!r} is not data that Azure ML can read",
            path,
            hint="refer to a dataset: `${{ datasets.NAME.train }}`; local files belong in "
            "`datasets:` with `source: {type: local}`",
        )
    if text.endswith("@latest") or "/labels/" in text:
        expansion.problem(f"{text!r} can change from day to day: give a version", path)
    uri = asset_id(text, workspace, "data")
    return uri, uri.lower() if uri.startswith("/") else uri
