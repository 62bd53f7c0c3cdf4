"""What a command job reads: on the wire, and as texts that its fingerprint covers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.types import Address, JsonObject, Reference
from reconciler.kinds.asset_references import ENVIRONMENT, asset_id, asset_reference, pinned
from reconciler.kinds.data.raw_settings import data_type
from reconciler.kinds.environment.environment import MOVING
from reconciler.kinds.environment.environment import Wanted as EnvironmentWanted
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.job.command_body import input_body, text_of
from reconciler.kinds.job.command_settings import CommandJob, JobInput
from reconciler.kinds.job.inputs import made_here
from reconciler.kinds.one_spelling import folded
from reconciler.spec.document import Keys
from reconciler.spec.model import REFERENCE
from reconciler.spec.problems import did_you_mean

READABLE = ("dataset", "model", "fine-tuning job", "command job")
MODELS = ("custom_model", "mlflow_model", "triton_model")
_URL = re.compile(r"(?:https?|wasbs?|abfss?|adl)://", re.IGNORECASE)
_NAMED = re.compile(r"\$\{\{\s*+(inputs|outputs)\.([A-Za-z0-9_]++)")
LABEL = re.compile(
    r"azureml:[\w.-]+@latest|azureml://registries/[\w-]+/environments/[\w.-]+/labels/latest"
)
"""An environment of which the newest version is taken when the run starts."""


@dataclass
class Read:
    """What a job reads: the part of the body, its fingerprint, and whom it needs."""

    body: JsonObject = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    needs: set[Address] = field(default_factory=set)


def inputs_of(job: CommandJob, workspace: str, expansion: Expansion, path: Keys) -> Read:
    """Return the inputs of a job; what cannot be read is noted as a problem."""
    read = Read()
    for name, stated in job.inputs.items():
        if not isinstance(stated, JobInput):
            text = read.texts[f"inputs.{name}"] = text_of(stated)
            read.body[name] = {"jobInputType": "literal", "value": text}
            continue
        place = (*path, "inputs", name, "path")
        uri, text = _data(stated, workspace, expansion, place)
        read.body[name] = input_body(stated, uri)
        read.texts[f"inputs.{name}"] = text
        if isinstance(uri, Reference):
            read.needs.add(uri.address)
        elif isinstance(uri, str):
            read.needs |= set(made_here(uri, workspace, expansion))
    return read


def check_names(job: CommandJob, expansion: Expansion, path: Keys) -> None:
    """Note a problem for each input or output that the command names and the job does not have."""
    for side, name in dict.fromkeys(_NAMED.findall(job.command)):
        known = job.inputs if side == "inputs" else job.outputs
        if name not in known:
            said = f"`${{{{{side}.{name}}}}}`: the job has no such {side[:-1]}"
            expansion.problem(said, (*path, "command"), hint=did_you_mean(name, known))


def environment_of(
    job: CommandJob, key: str, workspace: str, expansion: Expansion, path: Keys
) -> tuple[Any, str]:
    """Return the environment on the wire, and the text that stands for its content."""
    place = (*path, "environment")
    stated = job.environment
    text = stated if isinstance(stated, str) else f"${{{{ jobs.{key}.environment }}}}"
    if re.search(REFERENCE, text):
        found = expansion.reference(text, place, kinds=("environment",))
        made = expansion.resources.get(found.address) if isinstance(found, Reference) else None
        wanted = made.settings if made else None
        return found, wanted.digest if isinstance(wanted, EnvironmentWanted) else ""
    if LABEL.fullmatch(text):
        expansion.warning(
            MOVING,
            f"`{text}` moves: the run takes the version that is newest when it starts",
            place,
            hint="give a version; a newer one alone starts no new run",
        )
        return text, text
    try:
        plain = asset_id(asset_reference(text, ENVIRONMENT), workspace, ENVIRONMENT.collection)
    except ValueError as error:
        expansion.problem(str(error), place)
        return "", ""
    return plain, folded(plain, workspace)


def _data(data: JobInput, workspace: str, expansion: Expansion, path: Keys) -> tuple[Any, str]:
    text = data.path.strip()
    if text.startswith("${{"):
        found = expansion.reference(text, path, kinds=READABLE)
        _check_type(data, found, expansion, path)
        return found, _content_of(found, expansion)
    if _URL.match(text):
        return text, text
    if not text.casefold().startswith(("azureml:", "/subscriptions/")):
        expansion.problem(
            f"{text!r} is not data that Azure ML can read",
            path,
            hint="local files belong in `datasets:`, with `source: {type: local_folder, path: ...}` "
            "and `format: raw`; refer to them as `${{ datasets.NAME }}`",
        )
        return "", ""
    try:
        plain = pinned(text)
    except ValueError as error:
        expansion.problem(str(error), path)
        return "", ""
    # A folder in a datastore keeps the slash at its end.
    is_path = text.startswith("azureml://") and "/paths/" in text
    collection = "models" if data.type in MODELS else "data"
    uri = text if is_path else asset_id(plain, workspace, collection)
    return uri, folded(uri, workspace)


def _check_type(data: JobInput, found: Any, expansion: Expansion, path: Keys) -> None:
    """Note a problem where an input is stated to be of another type than the dataset."""
    made = expansion.resources.get(found.address) if isinstance(found, Reference) else None
    kind = data_type(made) if made else ""
    if made and kind and data.type != kind:
        expansion.problem(
            f"the input is a {data.type}, and `{made.address}` is a {kind}",
            path,
            hint=f"write `type: {kind}`",
        )


def _content_of(found: Any, expansion: Expansion) -> str:
    """Return what stands for the content of something in this spec: its version, a digest."""
    if not isinstance(found, Reference):
        return str(found)
    made = expansion.resources[found.address]
    whole = str(made.known.get(found.attribute) or made.resource_id)
    name, _, version = whole.rpartition("/versions/")
    last = whole.rpartition("/")[2]
    plain = f"{name.rpartition('/')[2]}:{version}" if name else last
    return plain if found.attribute in made.known or name else f"{last}/{found.attribute}"
