"""What is particular to a Command job: what it names must exist, what it reads, what it leaves.

Nothing is run here: each output says so in a file of its own, so whoever looks sees no model where
there is none. Sources: recorded job_command_with_dataset.json, azure-facts (b); the words of the
errors are UNVERIFIED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml, ml_assets, training_data
from reconciler.sandbox.arm.errors import ArmError, user_error
from reconciler.sandbox.arm.finetuning import ARTIFACTS, JobFailedError
from reconciler.sandbox.arm.types import Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
MODELS = ("custom_model", "mlflow_model", "triton_model")
NOTHING_RAN = "SANDBOX.txt"
_MLMODEL = """\
flavors:
  python_function:
    loader_module: sandbox
    python_version: '3.10'
metadata:
  sandbox: nothing was trained
run_id: {name}
"""


def check(write: Write) -> None:
    """Refuse a job whose environment or code, in its own workspace, does not exist."""
    workspace = ml.workspace_id(write.id)
    for name, word in (("environmentId", "Environment"), ("codeId", "Code")):
        given = str(write.properties.get(name) or "").removeprefix("azureml:")
        is_ours = given.lower().startswith(f"{workspace}/".lower())
        if is_ours and write.world.store.get(given) is None:
            raise user_error(f"{word} {given} was not found.", "NotFoundError", 404)


def read(world: World, job: Record) -> None:
    """Look for what the job reads in the workspace's datastores. Raises JobFailedError."""
    for name, entry in (job.body["properties"].get("inputs") or {}).items():
        uri = str(entry.get("uri") or "")
        if uri.startswith(("azureml:", "/subscriptions/")):
            _found(world, job, name, uri)


def _found(world: World, job: Record, name: str, uri: str) -> None:
    try:
        place = place_of(world, ml.workspace_id(job.id), uri)
    except (training_data.DataError, ArmError) as error:
        raise JobFailedError(f"{name}: {error}", "DataAccessError") from error
    store = world.files if place.is_share else world.blobs
    folder = f"{place.path.rstrip('/')}/"
    there = store.get(place.account, place.container, place.path) is not None
    if not there and not store.list(place.account, place.container, folder):
        raise JobFailedError(f"{name}: nothing was found at {uri}", "DataAccessError")


def place_of(world: World, workspace: str, uri: str) -> training_data.Place:
    """Return where an input lies: data, a model, or what another job left behind."""
    if uri.startswith("azureml://jobs/"):
        uri = ml_assets.model_uri(world, workspace, uri)
    model = world.store.get(uri.removeprefix("azureml:"))
    if model is not None and model.type == f"{ml_assets.MODELS}/versions":
        uri = str(model.body["properties"]["modelUri"])
    return training_data.find(world, workspace, uri)


def finish(world: World, job: Record) -> None:
    """Say where each output is, leave something there, and register what has a name."""
    outputs = job.body["properties"].get("outputs") or {}
    for name in outputs:
        outputs[name] = outputs[name] or {"jobOutputType": "uri_folder"}
        output = outputs[name]
        output["uri"] = output.get("uri") or _own_place(job, name)
        if not job.hidden.get("ran"):
            _leave_note(world, job, name, output)
        if output.get("assetName"):
            _register(world, job, output)


def _own_place(job: Record, name: str) -> str:
    folder = f"ExperimentRun/dcid.{job.name}"
    path = folder if name == "default" else f"{folder}/outputs/{name}"
    uri = f"azureml://datastores/{ARTIFACTS}/paths/{path}"
    return ml.long_uri(ml.workspace_id(job.id), uri)


def output_place(world: World, job: Record, name: str, output: Json) -> tuple[str, str, str]:
    """Return account, container and path of an output. Raises JobFailedError."""
    workspace = ml.workspace_id(job.id)
    uri = str(output.get("uri") or _own_place(job, name))
    place = ml.locate(world, workspace, ml.long_uri(workspace, uri))
    if place is None:
        raise JobFailedError(f"{name}: {uri} is in no datastore.", "DatastoreNotFound")
    return place[0], place[1], place[2].rstrip("/")


def _leave_note(world: World, job: Record, name: str, output: Json) -> None:
    account, container, folder = output_place(world, job, name, output)
    command = job.body["properties"]["command"]
    note = f"The sandbox ran no command. This stands for what wrote output {name}:\n{command}\n"
    files = {f"{folder}/{NOTHING_RAN}": note}
    if output.get("jobOutputType") == "mlflow_model":
        files[f"{folder}/MLmodel"] = _MLMODEL.format(name=job.name)
    if output.get("jobOutputType") == "uri_file":
        files = {folder: note}
    for file, text in files.items():
        world.blobs.put(account, container, file, text.encode())


def _register(world: World, job: Record, output: Json) -> None:
    """Add the next version of the asset, as the platform does for an output with assetName."""
    kind = str(output.get("jobOutputType") or "uri_folder")
    is_model = kind in MODELS
    type_ = ml_assets.MODELS if is_model else ml_assets.DATA
    collection = "models" if is_model else "data"
    container = f"{ml.workspace_id(job.id)}/{collection}/{output['assetName']}"
    taken = [r.name for r in world.store.below(container) if r.type == f"{type_}/versions"]
    number = max((int(name) for name in taken if name.isdigit()), default=0) + 1
    identity = f"{container}/versions/{number}"
    inner = {} if is_model else {"dataType": kind}
    ml_assets.ensure_container(world, identity, type_, inner)
    common: Json = {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        "isAnonymous": False,
    }
    own = (
        {"modelType": kind, "modelUri": output["uri"], "jobName": job.name, "flavors": {}}
        if is_model
        else {"dataType": kind, "dataUri": output["uri"]}
    )
    hidden: Json = {"systemData": job.hidden["systemData"], "etag": '"output"'}
    body: Json = {"properties": {**common, **own}}
    world.store.put(Record(identity, f"{type_}/versions", body, hidden, world.clock.now()))
