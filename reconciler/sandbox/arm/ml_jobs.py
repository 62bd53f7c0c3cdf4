"""Azure ML jobs: FineTuning (preview api-versions only) and Command.

Sources: recorded job_command_with_dataset.json (201, services, tags and properties that the
platform adds), azure-facts (b) (status values, immutability, cancel and delete).
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import capacity, command_jobs, command_runs, finetuning, ml
from reconciler.sandbox.arm.errors import ArmError, ContentError, user_error
from reconciler.sandbox.arm.ml_jobs_schema import schema_of
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Write
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
STATUSES = ("NotStarted", "Preparing", "Queued", "Running", "Finalizing", "Completed")
STEP_S = (10.0, 120.0, 300.0, 1200.0, 120.0)
REQUEUE_S = 120.0
LOOK_AGAIN_S = 30.0
CANCEL_S = 30.0
TERMINAL = ("Completed", "Failed", "Canceled")
MUTABLE = {"description", "tags", "displayName", "properties", "isArchived"}
FINE_TUNING_SINCE = "2024-01-01"
_STATUS_TAG = "_aml_system_ComputeTargetStatus"


def _prepare(write: Write) -> None:
    properties = write.properties
    if properties["jobType"] == "FineTuning":
        _check_version(write.call.version)
    if write.old is not None:
        _merge_existing(write)
        return
    if _is_command(properties):
        command_jobs.check(write)
    write.hidden["sent"] = copy.deepcopy(properties)
    _resolve_compute(write)
    defaults: Json = {
        "description": None,
        "tags": {},
        "properties": {},
        "displayName": write.name,
        "experimentName": "Default",
        "isArchived": False,
        "identity": None,
        "componentId": None,
    }
    for key, value in defaults.items():
        if properties.get(key) is None:
            properties[key] = value
    properties["properties"]["_azureml.ComputeTargetType"] = "amlctrain"
    properties["status"] = STATUSES[0]
    if _is_command(properties) and not properties.get("outputs"):
        properties["outputs"] = {
            "default": {"jobOutputType": "uri_folder", "mode": "ReadWriteMount"}
        }
    for output in (properties.get("outputs") or {}).values():
        if output is not None:
            output.setdefault("mode", "ReadWriteMount")
    write.hidden["wait"] = {"ends": write.world.clock.steps(*STEP_S), "done": 0}


def _is_command(properties: Json) -> bool:
    return str(properties["jobType"]).lower() == "command"


def _check_version(version: str) -> None:
    if not version.endswith("-preview") or version[:10] < FINE_TUNING_SINCE:
        raise ContentError(
            f'Error converting value "FineTuning" to type "JobType" in api-version {version}. '
            "Path 'properties.jobType', line 1, position 1.",
            "properties.jobType",
        )


def _resolve_compute(write: Write) -> None:
    given = str(write.properties.get("computeId") or "")
    if not given:
        if not (write.properties.get("resources") or {}).get("instanceTypes") and (
            write.properties["jobType"] == "FineTuning"
        ):
            raise user_error("A job needs computeId or resources.instanceTypes.", "ValidationError")
        return
    workspace = ml.workspace_id(write.id)
    bare = given.removeprefix("azureml:")
    compute = bare if bare.startswith("/") else f"{workspace}/computes/{bare}"
    record = write.world.store.get(compute)
    if record is None:
        raise user_error(f"Unknown compute target '{bare.rsplit('/', 1)[-1]}'.", "ComputeNotFound")
    write.properties["computeId"] = record.id
    write.hidden["compute"] = record.id


def _merge_existing(write: Write) -> None:
    old, sent = write.old_properties, write.hidden["sent"]
    for key, value in write.properties.items():
        if key in MUTABLE or value is None:
            continue
        if value not in (old.get(key), sent.get(key)):
            raise user_error(
                f"Job property '{key}' is immutable. Only description, tags, displayName, "
                "properties, and isArchived can be updated.",
                "Immutable/JobPropertyImmutable",
            )
    kept = {key: write.properties[key] for key in MUTABLE if write.properties.get(key) is not None}
    added = {**old["properties"], **(kept.get("properties") or {})}
    write.body["properties"] = {**old, **kept, "properties": added}


def _is_moving(record: Record) -> bool:
    return record.body["properties"]["status"] not in TERMINAL


def _settle(world: World, record: Record, *, polled: bool) -> None:
    """Move a job to the status that is due now, one turn at a time."""
    if record.body["properties"]["status"] in TERMINAL:
        return
    if "cancel" in record.hidden:
        _settle_cancel(world, record, polled=polled)
        return
    wait = record.hidden["wait"]
    due = world.clock.reached(wait, polled=polled)
    while wait["done"] < due and record.body["properties"]["status"] not in TERMINAL:
        before = wait["done"]
        _turn(world, record)
        if wait["done"] == before:
            break
    world.store.put(record)


def _turn(world: World, record: Record) -> None:
    wait, properties = record.hidden["wait"], record.body["properties"]
    status, is_command = STATUSES[wait["done"] + 1], _is_command(properties)
    try:
        match status:
            case "Queued":
                finetuning.prepare(world, record)
            case "Running":
                finetuning.allocate(world, record)
                record.hidden["startTimeUtc"] = world.clock.iso()
                (command_jobs.read if is_command else finetuning.run)(world, record)
                if is_command and world.runs_code:
                    command_runs.start(world, record)
            case "Finalizing" if record.hidden.get("ran"):
                if not command_runs.has_ended(world, record):
                    _wait_more(world, record)
                    return
            case "Completed":
                (command_jobs if is_command else finetuning).finish(world, record)
    except finetuning.CoresShortError as shortage:
        _requeue(world, record, str(shortage))
        return
    except finetuning.JobFailedError as failure:
        record.hidden["error"] = {"code": failure.code, "message": str(failure)}
        _end(world, record, "Failed")
        return
    wait["done"] += 1
    properties["status"] = status
    _note(record, status)
    if status in TERMINAL:
        _end(world, record, status)


def _requeue(world: World, record: Record, message: str) -> None:
    wait, step = record.hidden["wait"], record.hidden["wait"]["done"]
    later = max(0.0, world.clock.now() + REQUEUE_S - wait["ends"][step])
    wait["ends"][step:] = [end + later for end in wait["ends"][step:]]
    state = {"AllocationState": "steady", "PreparingNodeCount": 0, "RunningNodeCount": 0}
    text = json.dumps({**state, "CurrentNodeCount": 0, "Message": message})
    record.body["properties"]["tags"][_STATUS_TAG] = text


def _wait_more(world: World, record: Record) -> None:
    """Let a job go on where it is until its command is done."""
    wait, step = record.hidden["wait"], record.hidden["wait"]["done"]
    later = max(0.0, world.clock.now() + LOOK_AGAIN_S - wait["ends"][step])
    wait["ends"][step:] = [end + later for end in wait["ends"][step:]]


def _note(record: Record, status: str) -> None:
    properties = record.body["properties"]
    if status == "Running":
        properties["properties"] |= {
            "ProcessInfoFile": "azureml-logs/process_info.json",
            "ProcessStatusFile": "azureml-logs/process_status.json",
        }
    if status in ("Queued", "Running"):
        running = int(status == "Running")
        state = {"AllocationState": "steady", "PreparingNodeCount": 0, "RunningNodeCount": running}
        properties["tags"][_STATUS_TAG] = json.dumps({**state, "CurrentNodeCount": running})


def _end(world: World, record: Record, status: str) -> None:
    record.body["properties"]["status"] = status
    record.hidden["endTimeUtc"] = world.clock.iso()


def _settle_cancel(world: World, record: Record, *, polled: bool) -> None:
    cancel = record.hidden["cancel"]
    if world.clock.reached(cancel["wait"], polled=polled):
        _end(world, record, "Canceled")
        world.store.put(record)


def _cancel(world: World, record: Record, call: Call) -> Answer:
    status = record.body["properties"]["status"]
    if status in TERMINAL:
        raise user_error(f"The job is {status} and cannot be canceled.", "BadArgument")
    if "cancel" not in record.hidden:
        wait = {"ends": world.clock.steps(CANCEL_S), "done": 0}
        record.hidden["cancel"] = {"wait": wait}
        command_runs.stop(record)
        record.body["properties"]["status"] = "CancelRequested"
        world.store.put(record)
    return Answer(200)


def _before_delete(world: World, record: Record, call: Call) -> None:
    status = record.body["properties"]["status"]
    if status not in TERMINAL:
        raise ArmError(
            409, "UserError", f"The job is {status}: cancel it first.", inner="Conflict/JobRunning"
        )


_RESOURCES: Json = {"instanceCount": 1, "instanceType": None, "properties": None}
_OF_COMMANDS: Json = {
    "componentId": None,
    "codeId": None,
    "distribution": None,
    "autologgerSettings": None,
    "limits": None,
}
"""What a command job shows that was not sent (recorded)."""


def _show_unsent(record: Record, properties: Json) -> None:
    for name, value in _OF_COMMANDS.items():
        properties.setdefault(name, value)
    properties.setdefault("parameters", {})
    sent = properties.get("resources") or {}
    properties["resources"] = {**_RESOURCES, "shmSize": "2g", "dockerArgs": None, **sent}
    for entry in (properties.get("inputs") or {}).values():
        entry.setdefault("description", None)
    for name, entry in (properties.get("outputs") or {}).items():
        entry |= {key: entry.get(key) for key in ("description", "assetName", "assetVersion")}
        folder = f"ExperimentRun/dcid.{record.name}"
        place = folder if name == "default" else f"{folder}/outputs/{name}"
        entry.setdefault("uri", f"azureml://datastores/workspaceartifactstore/{place}")


def _present(world: World, record: Record, body: Json) -> None:
    if body["properties"]["jobType"] == "Command":
        _show_unsent(record, body["properties"])
    parts = record.id.split("/")
    workspace = ml.workspace_id(record.id)
    studio = (
        f"https://ml.azure.com/runs/{record.name}?wsid=/subscriptions/{parts[2]}/resourcegroups/"
        f"{parts[4]}/workspaces/{parts[8]}"
    )
    tracking = f"azureml://sandbox.api.azureml.ms/mlflow/v1.0{workspace}?"
    body["properties"]["services"] = {
        name: {
            "jobServiceType": name,
            "port": None,
            "endpoint": endpoint,
            "status": None,
            "errorMessage": None,
            "properties": None,
            "nodes": None,
        }
        for name, endpoint in (("Tracking", tracking), ("Studio", studio))
    }


def _filtered(world: World, records: list[Record], call: Call) -> list[Record]:
    view = call.query.get("listViewType", "ActiveOnly").lower()
    kind = call.query.get("jobType", "").lower()
    tag = call.query.get("tag", "")
    return [
        record
        for record in records
        if (
            view == "all"
            or bool(record.body["properties"].get("isArchived")) == (view == "archivedonly")
        )
        and kind in ("", record.body["properties"]["jobType"].lower())
        and (not tag or tag in (record.body["properties"].get("tags") or {}))
    ]


JOBS = ResourceType(
    type=capacity.JOBS,
    names_created=True,
    bad_content=ml.bad_content,
    drops_unpublished=True,
    schema=schema_of,
    name_pattern=r"^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$",
    tracked=False,
    shows_state=False,
    can_patch=False,
    delete=Lro.LOCATION,
    delete_s=20.0,
    says_retry_after=False,
    not_found=ml.not_found("job"),
    prepare=_prepare,
    settle=_settle,
    is_moving=_is_moving,
    before_delete=_before_delete,
    present=_present,
    list_filter=_filtered,
    actions={"cancel": _cancel},
)
TYPES = (JOBS,)
