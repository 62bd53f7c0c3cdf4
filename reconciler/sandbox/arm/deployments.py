"""Microsoft.Resources/deployments in a resource group: ARM templates.

A deployment answers 201 Accepted with `Azure-AsyncOperation` once its template is valid, and is
carried on at every look (`deployments_steps`). Sources: azure-rest-api-specs Microsoft.Resources
2024-07-01 deployments.json with its examples (statuses, bodies); Microsoft Learn, "Troubleshoot
common Azure deployment errors" (error codes and texts). Not emulated: templates by link, deployment
scopes above the resource group, mode Complete.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import deployments_whatif, later, not_emulated
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.deployments_shown import duration, operations, provisioned
from reconciler.sandbox.arm.deployments_steps import NotYetError, Steps, new_step
from reconciler.sandbox.arm.errors import ArmError, ContentError, group_not_found
from reconciler.sandbox.arm.expressions import Function, Thunk
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.templates import Template
from reconciler.sandbox.arm.templates_parameters import resolve, shown
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType, Route, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
TYPE = "Microsoft.Resources/deployments"
VERSIONS = api_versions("Microsoft.Resources/deployments")
ACTIVE = ("Accepted", "Running")
RETRY_AFTER_S, WHAT_IF_S = 5, 10.0
_FAILED = (
    "At least one resource deployment operation failed. Please list deployment operations for "
    "details. Please see https://aka.ms/arm-deployment-operations for usage details."
)


def _put(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = _group(world, path)
    id_ = _id(group, path)
    old = world.store.get(id_)
    if old is not None:
        old = world.arm.lifecycle.settle(old)
    if old is not None and old.body["properties"]["provisioningState"] in ACTIVE:
        raise _active(old)
    record = _new(world, call, group, id_)
    operation = world.arm.lifecycle.open(record, "Running", RETRY_AFTER_S)
    record.hidden["operation"] = operation
    world.store.put(record)
    accepted = world.arm.present(record, call.version)
    _advance(world, record, polled=False)
    headers = world.clock.retry_headers(RETRY_AFTER_S)
    headers["Azure-AsyncOperation"] = (
        f"{world.base_url}{id_}/operationStatuses/{operation}?api-version={call.version}"
    )
    return Answer(201 if old is None else 200, accepted, headers)


def _new(world: World, call: Call, group: Json, id_: str) -> Record:
    """Return the deployment that a request asks for, not begun. Raises ArmError."""
    sent = _sent(call)
    values: Json = {}
    template = Template(world, group, sent["template"], values, id_.rsplit("/", 1)[-1])
    resolve(sent["template"], sent.get("parameters") or {}, template.functions(), values)
    template.check()
    steps = [new_step(step) for step in template.resources()]
    for step in steps:
        _try(template, step)
    text = json.dumps(sent["template"], sort_keys=True)
    properties = {
        "templateHash": str(int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)),
        "parameters": shown(sent["template"], values),
        "mode": "Incremental",
        "provisioningState": "Accepted",
        "timestamp": world.clock.iso(),
        "duration": "PT0S",
        "correlationId": str(uuid.uuid4()),
        **provisioned(steps),
    }
    body = {"properties": properties} | {k: call.body[k] for k in ("tags",) if call.body.get(k)}
    hidden = {
        "group": group,
        "template": sent["template"],
        "values": values,
        "steps": steps,
        "caller": {"principal": call.principal_id, "application": call.app_id},
        "etag": f'"{uuid.uuid4()}"',
    }
    return Record(id_, TYPE, body, hidden, world.clock.now())


def _sent(call: Call) -> Json:
    """Return the properties of a request with its template. Raises ArmError."""
    sent = (call.body or {}).get("properties") if isinstance(call.body, dict) else None
    if not isinstance(sent, dict):
        raise ContentError(
            "Required property 'properties' not found in JSON. Path '', line 1, position 1."
        )
    link = sent.get("templateLink")
    if link:
        raise ArmError(
            400,
            "InvalidContentLink",
            f"Unable to download deployment content from '{link.get('uri') or link.get('id')}'. "
            "Please see https://aka.ms/arm-deployment for usage details.",
        )
    is_asking = call.path.lower().endswith("/whatif")
    if str(sent.get("mode", "")).lower() != "incremental" and not is_asking:
        raise ArmError(
            400, "InvalidDeployment", f"The deployment mode '{sent.get('mode')}' is not emulated."
        )
    template = sent.get("template")
    if not isinstance(template, dict) or "resources" not in template:
        raise ArmError(
            400, "InvalidRequestContent", "The request content was invalid: no template is given."
        )
    return sent


def _try(template: Template, step: Json) -> Json | None:
    """Evaluate a step for its errors; None for one that reads other resources: it cannot be, yet."""

    def later(given: list[Thunk]) -> Any:
        raise NotYetError

    names = ("reference", "listkeys", "listsecrets", "listcredentials")
    runtime: dict[str, Function] = dict.fromkeys(names, later)
    try:
        return template.body(step, **runtime)
    except NotYetError:
        return None


def _steps(world: World, record: Record) -> tuple[Template, Steps]:
    hidden = record.hidden
    template = Template(world, hidden["group"], hidden["template"], hidden["values"], record.name)
    return template, Steps(world, template, hidden["steps"], hidden["caller"])


def _advance(world: World, record: Record, *, polled: bool) -> None:
    properties = record.body["properties"]
    if properties["provisioningState"] not in ACTIVE:
        return
    template, steps = _steps(world, record)
    properties["provisioningState"] = "Running"
    is_over = steps.advance(polled=polled)
    properties["timestamp"] = world.clock.iso()
    properties["duration"] = duration(world.clock.now() - record.created)
    if is_over:
        _finish(world, record, template, steps)
    world.store.put(record)


def _finish(world: World, record: Record, template: Template, steps: Steps) -> None:
    properties = record.body["properties"]
    error: Json | None
    details = steps.failures()
    if details:
        error = {"code": "DeploymentFailed", "target": record.id, "message": _FAILED}
        error["details"] = details
    else:
        properties["outputResources"] = [{"id": step["id"]} for step in record.hidden["steps"]]
        error = _outputs(properties, template, steps)
    properties["provisioningState"] = "Failed" if error else "Succeeded"
    if error:
        properties["error"] = error
    world.arm.lifecycle.close(record.hidden["operation"], error)


def _outputs(properties: Json, template: Template, steps: Steps) -> Json | None:
    """Fill in the outputs; returns the error that their evaluation ended with."""
    try:
        properties["outputs"] = template.outputs(**steps.runtime())
    except (ArmError, NotYetError) as error:
        return {
            "code": "DeploymentOutputEvaluationFailed",
            "message": f"Unable to evaluate template outputs: '{error}'. Please see error details "
            "and deployment operations. Please see https://aka.ms/arm-common-errors for usage "
            "details.",
        }
    return None


def _validate(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = _group(world, path)
    record = _new(world, call, group, _id(group, path))
    body = world.arm.present(record, call.version)
    body["properties"] |= {
        "provisioningState": "Succeeded",
        "validatedResources": [{"id": step["id"]} for step in record.hidden["steps"]],
    }
    return Answer(200, body)


def _what_if(world: World, call: Call, path: dict[str, str]) -> Answer:
    """Answer what a deployment would change: found at its Location a moment later."""
    group = _group(world, path)
    record = _new(world, call, group, _id(group, path))
    template, _ = _steps(world, record)
    wanted = [(step, _try(template, step)) for step in record.hidden["steps"]]
    changes = deployments_whatif.changes(world, group["id"], wanted, _sent(call))
    told = {
        "status": "Succeeded",
        "properties": {"correlationId": str(uuid.uuid4()), "changes": changes},
    }
    operation = later.begin(world, call, WHAT_IF_S, told, says_retry_after=True)
    return later.accepted(world, call, operation)


def _above_groups(world: World, call: Call, path: dict[str, str]) -> Answer:
    raise not_emulated.refusal("deployments above a resource group")


def _operations(world: World, call: Call, path: dict[str, str]) -> Answer:
    record = _found(world, path)
    return Answer(200, page(world, call, operations(world.clock, record)))


def _export(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, {"template": _found(world, path).hidden["template"]})


def _group(world: World, path: dict[str, str]) -> Json:
    group = world.resource(f"/subscriptions/{path['sub']}/resourceGroups/{path['group']}")
    if group is None:
        raise group_not_found(path["group"])
    return group


def _id(group: Json, path: dict[str, str]) -> str:
    return f"{group['id']}/providers/{TYPE}/{path['name']}"


def _found(world: World, path: dict[str, str]) -> Record:
    record = world.store.get(_id(_group(world, path), path))
    if record is not None:
        record = world.arm.lifecycle.settle(record, polled=True)
    if record is None:
        raise _missing(path["name"], "")
    return record


def _missing(name: str, id_: str) -> ArmError:
    return ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def _active(record: Record) -> ArmError:
    return ArmError(
        409,
        "DeploymentActive",
        f"Unable to edit or replace deployment '{record.name}': previous deployment from "
        f"'{record.body['properties']['timestamp']}' is still active. "
        "Please see https://aka.ms/arm-deploy for usage details.",
    )


def _is_moving(record: Record) -> bool:
    return "pending" in record.hidden or record.body["properties"]["provisioningState"] in ACTIVE


_BASE = "/subscriptions/{sub}/resourceGroups/{group}"
_ONE = _BASE + "/providers/Microsoft.Resources/deployments/{name}"
DEPLOYMENTS = ResourceType(
    type=TYPE,
    schema=schema("properties!: any", "tags: map"),
    name_pattern=r"^[-\w.()]{1,64}$",
    tracked=False,
    delete=Lro.LOCATION,
    delete_s=5.0,
    system_data=False,
    missing_delete_status=204,
    not_found=_missing,
    settle=_advance,
    is_moving=_is_moving,
)
TYPES = (DEPLOYMENTS,)
_ABOVE = "/subscriptions/{sub}/providers/Microsoft.Resources/deployments/{name}"
ROUTES = (
    Route("PUT", _ABOVE, VERSIONS, _above_groups),
    Route("POST", _ABOVE + "/validate", VERSIONS, _above_groups),
    Route("POST", _ABOVE + "/whatIf", VERSIONS, _above_groups),
    Route("POST", _ONE + "/whatIf", VERSIONS, _what_if),
    Route("PUT", _ONE, VERSIONS, _put),
    Route("POST", _ONE + "/validate", VERSIONS, _validate),
    Route("POST", _ONE + "/exportTemplate", VERSIONS, _export),
    Route("GET", _ONE + "/operations", VERSIONS, _operations),
    Route("GET", _BASE + "/deployments/{name}/operations", VERSIONS, _operations),
)
