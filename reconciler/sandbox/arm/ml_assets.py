"""Data, model, environment and code assets: containers, and immutable versions in them.

Sources: recorded data_create_uri_file.json, model_crud_file.json, environment_create_conda.json
(201 then 200, URIs expanded to the long form, DELETE 200); azure-facts sections 13 and 14.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ml
from reconciler.sandbox.arm.errors import user_error
from reconciler.sandbox.arm.types import Call, ResourceType, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
DATA, MODELS = f"{ml.WORKSPACE}/data", f"{ml.WORKSPACE}/models"
ENVIRONMENTS, CODES = f"{ml.WORKSPACE}/environments", f"{ml.WORKSPACE}/codes"
ARTIFACTS = "azureml://datastores/workspaceartifactstore/paths/ExperimentRun"
"""Where a run leaves what it logs: `dcid.RUN` (recorded in job_command_with_dataset.json)."""
_COMMON = """
  description: str
  tags: map
  properties: map
  isAnonymous: bool
  isArchived: bool
  provisioningState-: str
"""


def ensure_container(world: World, version_id: str, type_: str, inner: Json) -> None:
    """Create the container of a version if it is not there."""
    container = version_id.rsplit("/versions/", 1)[0]
    if world.store.get(container) is not None:
        return
    now = world.clock.iso()
    stamp = {"createdAt": now, "createdBy": "sandbox", "createdByType": "Application"}
    properties = {"description": None, "tags": {}, "properties": {}, "isArchived": False, **inner}
    hidden: Json = {"systemData": stamp, "etag": '"container"'}
    world.store.put(Record(container, type_, {"properties": properties}, hidden, world.clock.now()))


def _common(write: Write) -> None:
    for key, value in (("description", None), ("tags", {}), ("properties", {})):
        if write.properties.get(key) is None:
            write.properties[key] = value
    for key in ("isArchived", "isAnonymous"):
        if write.properties.get(key) is None:
            write.properties[key] = False


def _prepare_data(write: Write) -> None:
    _common(write)
    properties = write.properties
    workspace = ml.workspace_of(write.world, write.id)
    uri = ml.long_uri(workspace.id, properties["dataUri"])
    split = ml.datastore_path(uri)
    if split is not None and write.world.store.get(f"{workspace.id}/datastores/{split[0]}") is None:
        raise user_error(f"Could not find datastore: {split[0]}.", "NotFoundError")
    if split is None and "://" not in uri:
        raise user_error(f"The data uri '{uri}' is not a valid uri.", "ValidationError/InvalidUri")
    _same_path(write, "dataUri", uri)
    properties["dataUri"] = uri
    ensure_container(write.world, write.id, DATA, {"dataType": properties["dataType"]})


def _same_path(write: Write, name: str, uri: str) -> None:
    old = write.old_properties.get(name)
    if old is not None and old.lower() != uri.lower():
        raise user_error(
            f"Asset paths cannot be updated. {name} of an existing version is immutable.",
            "Immutable/AssetPathImmutable",
        )


def _prepare_model(write: Write) -> None:
    _common(write)
    properties = write.properties
    workspace = ml.workspace_of(write.world, write.id)
    uri = model_uri(write.world, workspace.id, str(properties.get("modelUri") or ""))
    if not uri:
        raise user_error("modelUri is required.", "ValidationError")
    _same_path(write, "modelUri", uri)
    properties["modelUri"] = uri
    properties.setdefault("modelType", "custom_model")
    properties.setdefault("jobName", None)
    if properties["modelType"] == "mlflow_model" and not properties.get("flavors"):
        _check_mlflow(write.world, workspace.id, uri)
    if properties.get("flavors") is None:
        is_mlflow = properties["modelType"] == "mlflow_model"
        properties["flavors"] = mlflow_flavors() if is_mlflow else {}
    ensure_container(write.world, write.id, MODELS, {})


def mlflow_flavors() -> Json:
    """Return the flavors of a chat model that a fine-tuning job wrote."""
    return {
        "hftransformersv2": {"data": {"task_type": "chat-completion"}},
        "python_function": {"data": {"python_version": "3.10"}},
    }


def model_uri(world: World, workspace: str, uri: str) -> str:
    """Return the long datastore URI of a model path; a job output leads to its artifacts."""
    if uri.startswith("runs:/"):
        run, _, rest = uri.removeprefix("runs:/").partition("/")
        uri = f"azureml://jobs/{run}/outputs/artifacts/paths/{rest}"
    if uri.startswith("azureml://jobs/"):
        parts = uri.removeprefix("azureml://jobs/").split("/")
        job, output = parts[0], parts[2] if len(parts) > 2 else ""
        record = world.store.get(f"{workspace}/jobs/{job}")
        if record is None:
            raise user_error(f"Job {job} was not found.", "NotFound/ResourceNotFound")
        found = (record.body["properties"].get("outputs") or {}).get(output)
        if output == "artifacts":
            found = {"uri": ml.long_uri(workspace, f"{ARTIFACTS}/dcid.{job}")}
        if found is None or not found.get("uri"):
            raise user_error(
                f"Job {job} has no output '{output}' to register yet.", "ValidationError"
            )
        rest = "/".join(parts[4:]).strip("/")
        base = str(found["uri"]).rstrip("/")
        return f"{base}/{rest}" if rest else base
    return ml.long_uri(workspace, uri)


def _check_mlflow(world: World, workspace: str, uri: str) -> None:
    place = ml.locate(world, workspace, uri)
    if place is None:
        return
    account, container, path = place
    if world.blobs.get(account, container, f"{path}/MLmodel") is None:
        raise user_error(
            f"The MLmodel file was not found at {uri}.", "ValidationError/MLmodelNotFound"
        )


def _prepare_environment(write: Write) -> None:
    _common(write)
    write.properties.setdefault("environmentType", "UserCreated")
    build = write.properties.get("build")
    if isinstance(build, dict) and build.get("dockerfilePath") is None:
        build["dockerfilePath"] = "Dockerfile"  # the published default
    write.properties.setdefault("osType", "Linux")
    ensure_container(write.world, write.id, ENVIRONMENTS, {})


def _prepare_code(write: Write) -> None:
    """`properties` is a map of texts; azure-ai-ml sends `hash_version` as a number (Json.NET)."""
    _common(write)
    sent: Json = write.properties["properties"]
    write.properties["properties"] = {name: str(value) for name, value in sent.items()}
    write.properties["codeUri"] = ml.long_uri(
        ml.workspace_id(write.id), str(write.properties.get("codeUri") or "")
    )
    ensure_container(write.world, write.id, CODES, {})


def _present_container(world: World, record: Record, body: Json) -> None:
    names = [v.name for v in world.store.below(record.id) if v.type == f"{record.type}/versions"]
    numbers = [int(name) for name in names if name.isdigit()]
    body["properties"]["latestVersion"] = names[-1] if names else None
    body["properties"]["nextVersion"] = str(max(numbers, default=0) + 1)


def _same_content(world: World, records: list[Record], call: Call) -> list[Record]:
    """Code versions of one content, by the digest that azure-ai-ml keeps in their properties."""
    wanted = call.query.get("hash")
    found = _filtered(world, records, call)
    if not wanted:
        return found
    return [one for one in found if wanted in _digests(one)]


def _digests(record: Record) -> list[str]:
    properties: Json = record.body["properties"].get("properties") or {}
    return [str(value) for name, value in properties.items() if name.startswith("hash")]


def _filtered(world: World, records: list[Record], call: Call) -> list[Record]:
    view = call.query.get("listViewType", "ActiveOnly").lower()
    shown = [
        record
        for record in records
        if view == "all"
        or bool(record.body["properties"].get("isArchived")) == (view == "archivedonly")
    ]
    order = call.query.get("$orderBy", "").lower()
    return list(reversed(shown)) if "desc" in order else shown


def _container(type_: str, kind: str, extra: str = "") -> ResourceType:
    return ResourceType(
        type=type_,
        bad_content=ml.bad_content,
        drops_unpublished=True,
        schema=schema(
            "properties!:"
            + _COMMON.replace("  isAnonymous: bool\n", "")
            + extra
            + "  latestVersion-: str\n  nextVersion-: str\n"
        ),
        name_pattern=ml.ASSET_NAME,
        tracked=False,
        shows_state=False,
        can_patch=False,
        not_found=ml.asset_not_found(kind),
        present=_present_container,
        list_filter=_filtered,
    )


def _version(
    type_: str, kind: str, extra: str, prepare: Any, immutable: tuple[str, ...] = ()
) -> ResourceType:
    return ResourceType(
        type=f"{type_}/versions",
        names_created=True,
        bad_content=ml.bad_content,
        drops_unpublished=True,
        schema=schema("properties!:" + _COMMON + extra),
        name_pattern=r"^[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}$",
        tracked=False,
        shows_state=False,
        can_patch=False,
        parent_required=False,
        immutable=immutable,
        immutable_error=lambda path, name: user_error(
            f"Property '{path}' of version {name} is immutable.", "Immutable/AssetImmutable"
        ),
        not_found=ml.asset_not_found(kind),
        prepare=prepare,
        list_filter=_filtered,
    )


_DATA_TYPES = "uri_file|uri_folder|mltable"
# Previews of 2023-04 to 2024-04 alone had these.
_DRAFT = """
  autoDeleteSetting@never/2023-04-01..2024-04-01: any
  intellectualProperty@never/2023-04-01..2024-04-01: any
"""
_DATA_VERSION = f"""
  dataType!: {_DATA_TYPES}
  dataUri!: str
  stage@never/2023-04-01..2024-04-01: str
  ?dataType = mltable
    referencedUris: [str]
{_DRAFT}"""
_MODEL_VERSION = f"""
  flavors: {{<ml.FlavorData>}}
  jobName: str
  modelType: str
  modelUri: str
  stage@2023-04-01/2023-04-01: str
  datasets@2025-12-01/2024-10-01: [any]
{_DRAFT}"""
_ENVIRONMENT_VERSION = f"""
  image: str
  condaFile: str
  build: <ml.BuildContext>
  osType: Linux|Windows
  environmentType-: str
  imageDetails@never/2024-10-01: any
  inferenceConfig: <ml.InferenceContainerProperties>
    startupRoute@2024-10-01/2024-10-01: ~
  autoRebuild@2022-10-01/2022-12-01: str
  stage@2023-04-01/2023-04-01: str
{_DRAFT}"""
_CODE_VERSION = """
  codeUri: str
  properties: {any}
  autoDeleteSetting@never/2023-04-01..2024-04-01: any
"""
TYPES = (
    _container(DATA, "Data", f"  dataType!: {_DATA_TYPES}\n"),
    _version(DATA, "Data", _DATA_VERSION, _prepare_data, ("properties.dataType",)),
    _container(MODELS, "Model"),
    _version(MODELS, "Model", _MODEL_VERSION, _prepare_model, ("properties.modelType",)),
    _container(ENVIRONMENTS, "Environment"),
    replace(
        _version(ENVIRONMENTS, "Environment", _ENVIRONMENT_VERSION, _prepare_environment),
        update_status=201,
    ),
    _container(CODES, "Code"),
    replace(_version(CODES, "Code", _CODE_VERSION, _prepare_code), list_filter=_same_content),
)
