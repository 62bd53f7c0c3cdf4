"""Every route of the Azure ML data planes."""

from __future__ import annotations

from aiohttp import web

from reconciler.sandbox.serving.discovery import REGISTRY_PATH, Discovery
from reconciler.sandbox.serving.exchange import WORKSPACE_PATH, AmlError, guarded
from reconciler.sandbox.serving.flows import Flows
from reconciler.sandbox.serving.history import History
from reconciler.sandbox.serving.scoring import Scoring
from reconciler.sandbox.world import World

HISTORY = f"/_aml/history/v1.0{WORKSPACE_PATH}/runs/{{run}}"
BY_EXPERIMENT = f"/_aml/history/v1.0{WORKSPACE_PATH}/experiments/{{experiment}}/runs/{{run}}"
BY_COMPUTE = f"/_aml/history/v1.0{WORKSPACE_PATH}/computes/{{compute}}/runs"
MLFLOW = f"/_aml/mlflow/{{version}}{WORKSPACE_PATH}/api/2.0/mlflow"
FLOWS = f"/_aml/flow/api{WORKSPACE_PATH}/{{kind:(?:PromptFlows|Flows)}}"
ROOTS = ("aml", "inference", "registry-[^/]+")
SCORING = "/_inference/{region}/{endpoint}"


def routes(world: World) -> list[web.RouteDef]:
    """The routes, all answering errors in the shape of their service."""
    found = [*_discovery(world), *_history(world), *_flows(world), *_scoring(world)]
    unknown = guarded(world, "sandbox", _nothing)
    return [*found, *(web.route("*", f"/{{root:_{name}}}/{{rest:.*}}", unknown) for name in ROOTS)]


async def _nothing(request: web.Request) -> web.StreamResponse:
    raise AmlError(404, "NotFound", f"{request.method} {request.path} is not served here.")


def _discovery(world: World) -> list[web.RouteDef]:
    handlers = Discovery(world)
    models = REGISTRY_PATH + "/models/{model}"
    all_models = REGISTRY_PATH + "/models"
    found = {
        "/_aml/discovery": handlers.workspace,
        "/registrymanagement/v1.0/registries/{registry}/discovery": handlers.registry,
        all_models: handlers.models,
        models: handlers.model,
        models + "/versions": handlers.model_versions,
        models + "/versions/{version}": handlers.model_version,
    }
    return [web.get(path, guarded(world, "discovery", found[path])) for path in found]


def _history(world: World) -> list[web.RouteDef]:
    handlers = History(world)
    found = {
        HISTORY: handlers.run,
        HISTORY + "/details": handlers.details,
        BY_COMPUTE: handlers.runs_of_compute,
        "/_aml/logs/{run}/user_logs/std_log.txt": handlers.log,
        MLFLOW + "/runs/get": handlers.mlflow_run,
        MLFLOW + "/metrics/get-history": handlers.mlflow_metric,
    }
    shown = [web.get(path, guarded(world, "run-history", found[path])) for path in found]
    return [*shown, web.patch(BY_EXPERIMENT, guarded(world, "run-history", handlers.modify))]


def _flows(world: World) -> list[web.RouteDef]:
    handlers = Flows(world)
    one = FLOWS + "/{flow}"
    found = [
        ("POST", FLOWS, handlers.create),
        ("GET", FLOWS, handlers.listing),
        ("GET", one, handlers.get),
        ("PUT", one, handlers.update),
        ("PATCH", one, handlers.patch),
        ("DELETE", one, handlers.delete),
    ]
    return [web.route(method, path, guarded(world, "flow", call)) for method, path, call in found]


def _scoring(world: World) -> list[web.RouteDef]:
    handlers = Scoring(world)
    found = [
        ("GET", SCORING + "/", handlers.ready),
        ("POST", SCORING + "/score", handlers.score),
        ("POST", SCORING + "/v1/chat/completions", handlers.complete),
        ("POST", SCORING + "/{route:.+}", handlers.other),
    ]
    return [web.route(m, path, guarded(world, "inference", call)) for m, path, call in found]
