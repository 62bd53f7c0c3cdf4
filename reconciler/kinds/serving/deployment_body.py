"""The body of a managed online deployment: what a spec says of it, in Azure's words.

Times are ISO 8601 durations there. What a spec leaves out is left out, where Azure fills it in by
what it finds (the environment of an MLflow model).
"""

from __future__ import annotations

from typing import Any

from reconciler.engine.types import JsonObject
from reconciler.kinds.asset_references import CODE, ENVIRONMENT, MODEL, id_of
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.serving.data_collector import collector_body
from reconciler.kinds.serving.deployment_settings import Deployment, Probe
from reconciler.kinds.serving.endpoint import SWITCH
from reconciler.spec.document import Keys


def deployment_body(
    settings: Deployment, resource_id: str, expansion: Expansion, path: Keys
) -> JsonObject:
    """Return what Azure is to hold of a deployment."""
    workspace = resource_id.partition("/onlineEndpoints/")[0]
    properties: JsonObject = {
        "endpointComputeType": "Managed",
        **_assets(settings, workspace, expansion, path),
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


def _assets(
    settings: Deployment, workspace: str, expansion: Expansion, path: Keys
) -> dict[str, Any]:
    """Return what it is made of: model, environment and code."""
    found: dict[str, Any] = {}
    if settings.model:
        found["model"] = id_of(
            settings.model, MODEL, workspace, expansion, (*path, "model"), "model"
        )
    if settings.environment:
        place = (*path, "environment")
        found["environmentId"] = id_of(
            settings.environment, ENVIRONMENT, workspace, expansion, place, "environment"
        )
    code = settings.code_configuration
    if code:
        place = (*path, "code_configuration", "code")
        found["codeConfiguration"] = {
            "codeId": id_of(code.code, CODE, workspace, expansion, place),
            "scoringScript": code.scoring_script,
        }
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
