"""The inputs of a job as texts: what goes over the wire, and what the fingerprint covers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from reconciler.engine.types import Address, Reference
from reconciler.kinds.asset_references import asset_id, pinned
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.one_spelling import folded as folded
from reconciler.spec.document import Keys
from reconciler.spec.model import SpecModel


class DataInput(SpecModel):
    """Input data of a job, as a map."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """A dataset in this spec, `azureml:NAME:VERSION`, or an `azureml://` path."""
    type: Literal["uri_file"] = "uri_file"
    """The type of the data: a single file."""


_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.(0|\d*[1-9]))?(?P<exponent>[eE][+-]?\d{1,3})?")
"""A text that means a number to whoever reads it: not `007`, not the version `1.10`."""


def plain_text(value: str | bool | float) -> str:  # noqa: FBT001 - a value, not a switch
    """Return a hyperparameter as text: `0.00002`, never `2e-05`; `true`, never `True`.

    Azure hands the text on to the training script, and to it `1`, `1.0`, `"1"` and `1e0` are
    one number. The digits are those of the shortest decimal that means it.
    """
    if isinstance(value, bool) or str(value) in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return str(value).lower()
    text = value.strip() if isinstance(value, str) else repr(value)
    if isinstance(value, str) and not _NUMBER.fullmatch(text):
        return value
    number = Decimal(text)
    whole = f"{number:f}"
    shortest = whole.rstrip("0").rstrip(".") if "." in whole else whole
    return "0" if not number else shortest


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
        if found.attribute not in ("id", "train", "test"):
            expansion.problem(f"`{text}` is not data: refer to `.train` or `.test`", path)
            return found, ""
        asset = str(expansion.resources[found.address].known[found.attribute])
        name, _, version = asset.partition("/data/")[2].partition("/versions/")
        return found, f"{name}:{version}"
    if not text.casefold().startswith(("azureml:", "/subscriptions/")):
        expansion.problem(
            f"{text!r} is not data that Azure ML can read",
            path,
            hint="refer to a dataset: `${{ datasets.NAME.train }}`; local files belong in "
            "`datasets:` with `source: {type: local}`",
        )
    try:
        text = pinned(text)
    except ValueError as error:
        expansion.problem(str(error), path)
    uri = asset_id(text, workspace, "data")
    return uri, folded(uri, workspace)


def made_here(uri: str, workspace: str, expansion: Expansion) -> Iterator[Address]:
    """Yield what the spec makes and a data input names in Azure's words: it must be there first.

    A version of a dataset by its id, a datastore by a path in it.
    """
    store, paths, _ = folded(uri, workspace).partition("/paths/")
    home = workspace.casefold()
    wanted = store.replace("azureml:/", home, 1) if paths else store
    for address, resource in expansion.resources.items():
        ids = {resource.resource_id, *map(str, resource.known.values())}
        if wanted in {one.casefold() for one in ids}:
            yield address
