"""What a job does at each turn of its status: checks, reading, writing the model.

Driven by reads: `ml_jobs` calls `turn` when the clock says the next status is due.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import capacity, catalog, identities, ml, ml_assets, training_data
from reconciler.sandbox.arm.authorization import holds_role
from reconciler.sandbox.arm.deployment_assets import check_registry_model
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.ml_deployments import BLOB_ROLES
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
ARTIFACTS = "workspaceartifactstore"


class JobFailedError(Exception):
    """Ends the job as Failed; `code` is the error's inner code."""

    def __init__(self, message: str, code: str = "UserError") -> None:
        super().__init__(message)
        self.code = code


class CoresShortError(Exception):
    """The job stays Queued; the message says why."""


def prepare(world: World, job: Record) -> None:
    """Check the base model. Raises JobFailedError."""
    details = job.body["properties"].get("fineTuningDetails")
    if details is None:
        return
    uri = str(details["model"].get("uri") or "")
    if uri.startswith("azureml://registries/"):
        try:
            check_registry_model(uri)
        except ArmError as error:
            raise JobFailedError(error.message, "ModelNotFound") from error
        return
    model = ml.asset_id(ml.workspace_id(job.id), uri, "models")
    if world.store.get(model) is None:
        raise JobFailedError(f"The base model '{uri}' was not found.", "ModelNotFound")


def allocate(world: World, job: Record) -> None:
    """Check nodes and cores. Raises CoresShortError (wait) or JobFailedError (the cluster is gone)."""
    compute_id = job.hidden.get("compute")
    if not compute_id:
        return
    compute = world.store.get(compute_id)
    if compute is None:
        raise JobFailedError(f"The compute target {compute_id} was deleted.", "ComputeNotFound")
    inner = compute.body["properties"]["properties"]
    scale, size = inner["scaleSettings"], catalog.vm_size(inner["vmSize"])
    assert size is not None
    others = _running_on(world, compute, job)
    nodes, most = _nodes(job), int(scale["maxNodeCount"])
    if others + nodes > most:
        raise CoresShortError(
            f"The cluster {compute.name} has no free node: {others} of {most} run other jobs"
            + (f", {nodes} are needed." if nodes > 1 else ".")
        )
    minimum = int(scale["minNodeCount"])
    extra = (max(minimum, others + nodes) - max(minimum, others)) * size.cores
    location = compute.body["location"]
    need = capacity.Held(capacity.pools_of_cluster(size, inner.get("vmPriority")), extra)
    short = capacity.shortage(world, job.id, location, need)
    if short is not None:
        raise CoresShortError(
            "ClusterCoreQuotaReached: Operation results in exceeding quota limits of Core. "
            f"Maximum allowed: {short.limit}, Current in use: {short.used}, Additional requested: "
            f"{extra}. Family {short.pool} in {location}."
        )


def _nodes(job: Record) -> int:
    resources = job.body["properties"].get("resources") or {}
    return int(resources.get("instanceCount") or 1)


def _running_on(world: World, compute: Record, job: Record) -> int:
    return sum(
        _nodes(other)
        for other in world.store.of_type(capacity.JOBS, ml.workspace_id(job.id))
        if other.hidden.get("compute", "").lower() == compute.id.lower()
        and other.body["properties"]["status"] in ("Running", "Finalizing")
        and other.id != job.id
    )


def run(world: World, job: Record) -> None:
    """Read the training and validation data as the cluster's identity. Raises JobFailedError."""
    details = job.body["properties"].get("fineTuningDetails")
    if details is None:
        return
    for name in ("trainingData", "validationData"):
        source = details.get(name)
        if source:
            rows = _rows(world, job, name, str(source.get("uri") or ""))
            if name == "trainingData":
                job.hidden["examples"] = len(rows)


def _rows(world: World, job: Record, name: str, reference: str) -> list[Json]:
    workspace = ml.workspace_id(job.id)
    try:
        place = training_data.find(world, workspace, reference)
        _check_access(world, job, place)
        task = str(job.body["properties"]["fineTuningDetails"].get("taskType") or "")
        return training_data.conversations(training_data.read(world, place), task)
    except training_data.DataError as error:
        raise JobFailedError(f"{name}: {error}", "DataValidationError") from error


def _check_access(world: World, job: Record, place: training_data.Place) -> None:
    """A share is mounted with the datastore's key: there is no role to hold."""
    account = place.account
    record = world.store.find_named("Microsoft.Storage/storageAccounts", account)
    if record is None:
        raise training_data.DataError(f"The storage account '{account}' does not exist.")
    if place.is_share:
        return
    compute = world.store.get(str(job.hidden.get("compute") or ""))
    principals = identities.principals(world, compute) if compute else []
    for principal in principals:
        if not holds_role(world, principal, record.id, BLOB_ROLES):
            raise JobFailedError(
                f"The identity of compute '{compute.name if compute else ''}' (principal "
                f"{principal}) may not read storage account '{account}': it needs the role "
                "'Storage Blob Data Reader' or 'Storage Blob Data Contributor'.",
                "AuthorizationPermissionMismatch",
            )


def finish(world: World, job: Record) -> None:
    """Write the model's files, fill in the outputs, register the model."""
    outputs = job.body["properties"].get("outputs") or {}
    for name, output in outputs.items():
        if output is None:
            outputs[name] = output = {}
        folder = f"ExperimentRun/dcid.{job.name}/outputs/{name}"
        uri = ml.long_uri(
            ml.workspace_id(job.id), f"azureml://datastores/{ARTIFACTS}/paths/{folder}"
        )
        output["uri"] = uri
        if output.get("jobOutputType") == "mlflow_model":
            _write_model(world, job, folder)
            if output.get("assetName"):
                _register(world, job, output["assetName"], uri)


def _write_model(world: World, job: Record, folder: str) -> None:
    store = world.store.get(f"{ml.workspace_id(job.id)}/datastores/{ARTIFACTS}")
    if store is None:
        raise JobFailedError(f"The datastore {ARTIFACTS} was not found.", "DatastoreNotFound")
    place = store.body["properties"]
    details = job.body["properties"]["fineTuningDetails"]
    rows = _rows(world, job, "trainingData", str(details["trainingData"]["uri"]))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    for name, text in (
        ("MLmodel", _mlmodel(job, details)),
        ("conda.yaml", CONDA),
        ("conversations.jsonl", lines),
    ):
        path = f"{folder}/{name}"
        world.blobs.put(place["accountName"], place["containerName"], path, text.encode())


CONDA = """\
name: model-env
channels: [conda-forge]
dependencies:
- python=3.10
- pip:
  - mlflow
  - azureml-evaluate-mlflow
"""


def _mlmodel(job: Record, details: Json) -> str:
    return (
        "flavors:\n"
        "  hftransformersv2:\n"
        "    task_type: chat-completion\n"
        "  python_function:\n"
        "    env: conda.yaml\n"
        "    loader_module: azureml.evaluate.mlflow.hftransformers\n"
        "    python_version: '3.10'\n"
        "metadata:\n"
        f"  base_model_asset_id: {details['model'].get('uri')}\n"
        f"  is_finetuned_model: true\n"
        f"run_id: {job.name}\n"
    )


def _register(world: World, job: Record, asset: str, uri: str) -> None:
    """Add the next version of the model, as the platform does for an output with assetName."""
    container = f"{ml.workspace_id(job.id)}/models/{asset}"
    numbers = [
        int(record.name)
        for record in world.store.below(container)
        if record.type == f"{ml_assets.MODELS}/versions" and record.name.isdigit()
    ]
    identity = f"{container}/versions/{max(numbers, default=0) + 1}"
    ml_assets.ensure_container(world, identity, ml_assets.MODELS, {})
    properties: Json = {
        "description": None,
        "tags": {},
        "properties": {"baseModelId": job.body["properties"]["fineTuningDetails"]["model"]["uri"]},
        "isArchived": False,
        "isAnonymous": False,
        "flavors": ml_assets.mlflow_flavors(),
        "modelType": "mlflow_model",
        "modelUri": uri,
        "jobName": job.name,
    }
    hidden: Json = {"systemData": job.hidden["systemData"], "etag": '"model"'}
    body: Json = {"properties": properties}
    type_ = f"{ml_assets.MODELS}/versions"
    world.store.put(Record(identity, type_, body, hidden, world.clock.now()))
