"""The body of a managed online deployment: what a spec says of it, in Azure's words.

Times are ISO 8601 durations there. What a spec leaves out is left out, where Azure fills it in by
what it finds (the environment of an MLflow model).
"""

from __future__ import annotations

from typing import Any

from reconciler.engine.types import JsonObject, Reference
from reconciler.kinds.asset_references import CODE, ENVIRONMENT, MODEL, id_of
from reconciler.kinds.code import Code, code_of
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.serving.data_collector import collector_body
from reconciler.kinds.serving.deployment_settings import Deployment, Probe
from reconciler.kinds.serving.endpoint import SWITCH
from reconciler.spec.document import Keys
from reconciler.spec.problems import did_you_mean


def deployment_body(
    settings: Deployment, resource_id: str, expansion: Expansion, path: Keys, code: Code | None
) -> JsonObject:
    """Return what Azure is to hold of a deployment."""
    workspace = resource_id.partition("/onlineEndpoints/")[0]
    properties: JsonObject = {
        "endpointComputeType": "Managed",
        **_assets(settings, workspace, expansion, path, code),
        "instanceType": settings.instance_type,
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": _requests(settings),
        "livenessProbe": _probe(settings.liveness_probe),
        "readinessProbe": _probe(settings.readiness_probe),
        "egressPublicNetworkAccess": SWITCH[settings.egress_public_network_access],
        "appInsightsEnabled": settings.app_insights_enabled,
        **_stated(settings),
    }
    if settings.data_collector:
        properties["dataCollector"] = collector_body(
            settings.data_collector, workspace, expansion, (*path, "data_collector")
        )
    return {
        "location": expansion.location,
        "tags": expansion.tracked_tags(resource_id, settings.tags),
        "sku": {"name": "Default", "capacity": settings.instance_count},
        "properties": properties,
    }


def check_format(settings: Deployment, body: JsonObject, expansion: Expansion, path: Keys) -> None:
    """Note a custom model of the spec without an image: only an MLflow or Triton model brings one.

    Azure says so after it has made the machines. Source: learn.microsoft.com/azure/machine-learning/
    how-to-deploy-online-endpoints (what a deployment needs).
    """
    model = body["properties"].get("model")
    made = expansion.resources.get(model.address) if isinstance(model, Reference) else None
    if made is None or settings.environment:
        return
    if made.desired["properties"]["modelType"] == "custom_model":
        expansion.problem(
            f"`{made.address}` is a custom model: it needs an `environment` to be served in",
            (*path, "model"),
            hint="add `environment`, and `code_configuration` unless its image brings a server; or "
            "say `type: mlflow_model` where it is one",
        )


def local_code(
    settings: Deployment, workspace: str, expansion: Expansion, path: Keys
) -> Code | None:
    """Return the version that a folder of code is; None for code that is registered, and for none."""
    stated = settings.code_configuration
    if stated is None or not stated.is_local:
        return None
    place = (*path, "code_configuration", "code")
    name = f"{expansion.owner}-deployment-{path[1]}"
    code = code_of(stated.code, name, workspace, expansion, place)
    if code.files and stated.scoring_script not in code.files:
        expansion.problem(
            f"there is no file {stated.scoring_script} in {stated.code}",
            (*path, "code_configuration", "scoring_script"),
            hint=did_you_mean(stated.scoring_script, code.files) or "give its path in the folder",
        )
    return code


def _assets(
    settings: Deployment, workspace: str, expansion: Expansion, path: Keys, code: Code | None
) -> dict[str, Any]:
    """Return what it is made of: model, environment and code."""
    found: dict[str, Any] = {}
    assets = (
        ("model", "model", settings.model, MODEL),
        ("environment", "environmentId", settings.environment, ENVIRONMENT),
    )
    for word, name, stated, asset in assets:
        place = (*path, word)
        if isinstance(stated, str):
            found[name] = id_of(stated, asset, workspace, expansion, place, word)
        elif stated is not None:
            where = expansion.document.position(place)
            found[name] = Reference(".".join(map(str, place)), "id", position=where)
    if settings.code_configuration:
        script, text = settings.code_configuration.scoring_script, settings.code_configuration.code
        place = (*path, "code_configuration", "code")
        codes = code.id if code else id_of(text, CODE, workspace, expansion, place)
        found["codeConfiguration"] = {"codeId": codes, "scoringScript": script}
    return found


def _stated(settings: Deployment) -> dict[str, Any]:
    """Return the fields that have no default: none where the spec says nothing."""
    found = {
        "description": settings.description,
        "properties": dict(settings.properties),
        "environmentVariables": dict(settings.environment_variables),
        "modelMountPath": settings.model_mount_path,
    }
    return {name: value for name, value in found.items() if value}


def _requests(settings: Deployment) -> JsonObject:
    stated = settings.request_settings
    body: JsonObject = {
        "requestTimeout": _milliseconds(stated.request_timeout_ms),
        "maxConcurrentRequestsPerInstance": stated.max_concurrent_requests_per_instance,
    }
    if stated.max_queue_wait_ms is not None:
        body["maxQueueWait"] = _milliseconds(stated.max_queue_wait_ms)
    return body


def _milliseconds(count: int) -> str:
    """Return an ISO 8601 duration: `PT90S`, `PT0.5S`."""
    return f"PT{count / 1000:g}S" if count % 1000 else f"PT{count // 1000}S"


def _probe(probe: Probe) -> JsonObject:
    return {
        "initialDelay": f"PT{probe.initial_delay}S",
        "period": f"PT{probe.period}S",
        "timeout": f"PT{probe.timeout}S",
        "successThreshold": probe.success_threshold,
        "failureThreshold": probe.failure_threshold,
    }
