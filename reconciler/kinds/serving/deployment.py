"""Managed online deployment: a model on machines, behind an endpoint.

Count changes in place by PATCH, model and probes by a rolling PUT; another machine size
means another deployment. Traffic is drained before a delete.
Source: learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.engine.contained import Announced
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded, same_id
from reconciler.engine.types import Address, JsonObject, Observed, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.code import Code, register_code, remove_code
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.extensions import own_fields
from reconciler.kinds.machines import Machines, deployment_machines
from reconciler.kinds.quota.needs import quota_address
from reconciler.kinds.retirements import report_model, report_size
from reconciler.kinds.serving.data_collector import same_collections
from reconciler.kinds.serving.deployment_body import (
    check_format,
    deployment_body,
    local_code,
)
from reconciler.kinds.serving.endpoint import serving_name
from reconciler.kinds.serving.endpoint_writes import API_VERSION, SHARES, drain, give_back
from reconciler.kinds.serving.memory import registry_model
from reconciler.kinds.within import Within
from reconciler.secrets import last_part
from reconciler.spec.document import Keys
from reconciler.spec.problems import did_you_mean, nearest

if TYPE_CHECKING:
    from reconciler.kinds import Spec

LOG_LINES = 40
LOG_CHARACTERS = 2000


@dataclass(frozen=True)
class Wanted:
    """What handling a deployment takes beyond its body: the code to upload, if any."""

    code: Code | None = None


class DeploymentHandler(ArmHandler):
    """Knows managed online deployments."""

    kind = "online deployment"
    section = "deployments"
    type = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
    api_version = API_VERSION
    lists = True
    costs_money = True
    serves_traffic = True
    within = (Within("online endpoint", "deployments"),)
    needs_grants = True
    read_only = frozenset({"properties.provisioningState", "properties.properties", "sku.tier"})
    policy: ClassVar[Policy] = Policy(
        Rules(
            sensitive=frozenset({"properties.environmentVariables"}),
            immutable=frozenset(
                {
                    "location",
                    "properties.instanceType",
                    "properties.egressPublicNetworkAccess",
                    "properties.endpointComputeType",
                }
            ),
            same={
                "properties.model": same_id,
                "properties.environmentId": same_id,
                "properties.codeConfiguration.codeId": same_id,
                "properties.dataCollector.rollingRate": same_folded,
                "properties.dataCollector.collections": same_collections,
                "properties.instanceType": same_folded,
                "properties.egressPublicNetworkAccess": same_folded,
                "properties.endpointComputeType": same_folded,
                "properties.scaleSettings.scaleType": same_folded,
                "sku.name": same_folded,
            },
            labels={
                "properties.model": "model",
                "properties.environmentId": "environment",
                "properties.codeConfiguration.codeId": "code_configuration.code",
                "properties.codeConfiguration.scoringScript": "code_configuration.scoring_script",
                "properties.modelMountPath": "model_mount_path",
                "properties.dataCollector": "data_collector",
                "properties.dataCollector.rollingRate": "data_collector.rolling_rate",
                "properties.description": "description",
                "properties.instanceType": "instance_type",
                "sku.capacity": "instance_count",
                "properties.egressPublicNetworkAccess": "egress_public_network_access",
                "properties.appInsightsEnabled": "app_insights_enabled",
                "properties.environmentVariables": "environment_variables",
                "properties.requestSettings.requestTimeout": "request_settings.request_timeout_ms",
                "properties.requestSettings.maxConcurrentRequestsPerInstance": (
                    "request_settings.max_concurrent_requests_per_instance"
                ),
                **{
                    f"properties.{body}.{theirs}": f"{ours}.{field}"
                    for body, ours in (
                        ("livenessProbe", "liveness_probe"),
                        ("readinessProbe", "readiness_probe"),
                    )
                    for theirs, field in (
                        ("initialDelay", "initial_delay"),
                        ("period", "period"),
                        ("timeout", "timeout"),
                        ("successThreshold", "success_threshold"),
                        ("failureThreshold", "failure_threshold"),
                    )
                },
            },
        ),
        replaces_failed=True,
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each deployment under its endpoint."""
        for key, settings in spec.deployments.items():
            path: Keys = ("deployments", key)
            workspace = expansion.workspace_id(path)
            if not workspace:
                continue
            endpoint, needs = _endpoint(settings.endpoint_name, workspace, spec, expansion, path)
            name = serving_name(key, settings.name, expansion, path)
            resource_id = f"{endpoint}/deployments/{name}"
            report_size(settings.instance_type, expansion, (*path, "instance_type"))
            if isinstance(settings.model, str):
                report_model(settings.model, expansion, (*path, "model"))
            family = quota_address(settings.instance_type, expansion)
            code = local_code(settings, workspace, expansion, path)
            body = deployment_body(settings, resource_id, expansion, path, code)
            check_format(settings, body, expansion, path)
            ours = _made_here(body["properties"], expansion)
            expansion.add(
                Resource(
                    f"deployments.{key}",
                    self.kind,
                    resource_id,
                    body,
                    settings=Wanted(code),
                    position=expansion.document.position(path, of_key=True),
                    depends_on=frozenset({"workspace", *needs, *family, *ours}),
                    known={"name": name},
                )
            )

    def machines(self, body: JsonObject) -> Machines | None:
        """Return its instances."""
        return deployment_machines(body)

    def serves_model(self, resource: Resource, resources: Mapping[Address, Resource]) -> str:
        """Return the model of a registry that it serves, or that what it serves was made of."""
        return registry_model(resource.desired, resources)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Create it and wait; a failure carries the end of the container's log.

        One that this run took away to make it again gets its share of the traffic back, unless the
        spec states the shares: those are set after it.
        """
        _put_code(context, resource)
        try:
            super().create(context, resource, desired)
        except ApiError as error:
            raise _with_log(context, resource, error) from error
        endpoint, _, name = resource.resource_id.partition("/deployments/")
        if not _states_shares(context, endpoint):
            give_back(context, endpoint, name)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PATCH count and tags; roll anything else out with a PUT."""
        arm, resource = context.run.arm, change.resource
        paths = {item.path for item in change.fields}
        if paths and all(p == "sku.capacity" or p.startswith("tags.") for p in paths):
            arm.patch(resource.resource_id, API_VERSION, self.patch_body(change, desired))
            return
        _put_code(context, resource)
        observed = change.observed.body if change.observed else {}
        arm.put(resource.resource_id, API_VERSION, self.put_body(observed, desired))

    def written(self, change: Change) -> Mapping[str, Announced]:
        """Return its fields; where it goes its endpoint hands its share to the others."""
        own = own_fields(change)
        endpoint = change.resource.resource_id.partition("/deployments/")[0]
        return {**own, endpoint: {SHARES: {}}} if change.action.is_destructive else own

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Hand its share of the traffic to the others, then delete it.

        Where Azure refuses the delete (a lock) it gets its share back before that is raised, also
        one that this run took by the traffic of the whole endpoint.
        """
        endpoint, _, name = resource.resource_id.partition("/deployments/")
        drain(context, endpoint, name)
        try:
            context.run.arm.delete(resource.resource_id, API_VERSION)
        except ApiError:
            give_back(context, endpoint, name)
            raise
        if isinstance(resource.settings, Wanted) and resource.settings.code:
            remove_code(context, resource.settings.code)


def _put_code(context: HandlerContext, resource: Resource) -> None:
    if isinstance(resource.settings, Wanted) and resource.settings.code:
        register_code(context, resource.address, resource.settings.code)


def _states_shares(context: HandlerContext, endpoint: str) -> bool:
    """Return whether the spec says who is to answer on an endpoint."""
    place = f"{endpoint}/traffic".casefold()
    return any(r.resource_id.casefold() == place for r in context.resources.values())


def _endpoint(
    name: str, workspace: str, spec: Spec, expansion: Expansion, path: Keys
) -> tuple[str, frozenset[Address]]:
    """Return the id of the endpoint, and what must be there before its deployments."""
    for key, settings in spec.endpoints.items():
        endpoint = expansion.resources.get(f"endpoints.{key}")
        if endpoint and name in (key, settings.name):
            grants = {a for a in endpoint.depends_on if expansion.kinds.get(a) == "role assignment"}
            return endpoint.resource_id, frozenset({endpoint.address, *grants})
    is_complete = not any(b.startswith("endpoints") for b in expansion.broken)
    if is_complete and nearest(name, spec.endpoints):
        hint = did_you_mean(name, spec.endpoints)
        expansion.problem(f"there is no endpoint `{name}`", (*path, "endpoint_name"), hint=hint)
    endpoint_id = f"{workspace}/onlineEndpoints/{name}"
    expansion.names_existing("online endpoint", endpoint_id, (*path, "endpoint_name"))
    return endpoint_id, frozenset()


def _made_here(properties: JsonObject, expansion: Expansion) -> set[Address]:
    """Return what the spec makes and a body names by its id, whose version Azure may yet assign."""
    named = (properties.get("model"), properties.get("environmentId"))
    names = {_without_version(text) for text in named if isinstance(text, str)}
    made = expansion.resources.items()
    return {
        a
        for a, r in made
        if "/versions/" in r.resource_id and _without_version(r.resource_id) in names
    }


def _without_version(asset: str) -> str:
    return asset.partition("/versions/")[0].casefold()


def _with_log(context: HandlerContext, resource: Resource, error: ApiError) -> ApiError:
    """Return the error with the last lines that the container wrote, where there are any."""
    body = {"containerType": "InferenceServer", "tail": LOG_LINES}
    try:
        reply = context.run.arm.post(f"{resource.resource_id}/getLogs", API_VERSION, body)
    except ApiError as unavailable:
        if unavailable.status == 404:
            return error
        log = f"its log cannot be read: {unavailable.diagnostics[0].summary}"
    else:
        log = last_part(reply.get("content") or "", LOG_CHARACTERS)
    first = error.diagnostics[0]
    detail = "\n".join(part for part in (first.detail, log) if part)
    told = Diagnostic(first.summary, first.position or resource.position, detail, first.hint)
    return ApiError(error.status, error.code, told)
