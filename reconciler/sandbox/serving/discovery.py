"""Where things are: the workspace's discovery document, and the public model registries."""

from __future__ import annotations

from aiohttp import web

from reconciler.sandbox.arm import catalog
from reconciler.sandbox.serving.exchange import AmlError, Json, caller
from reconciler.sandbox.world import World

REGISTRY_GROUP = "/subscriptions/{subscription}/{groups:(?i:resourceGroups)}/{group}"
REGISTRY_PATH = (
    "/{region:[^/]+}/mferp/managementfrontend"
    + REGISTRY_GROUP
    + "/providers/{namespace:(?i:Microsoft.MachineLearningServices)}/registries/{registry}"
)
REGISTRY_SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
REGION = "eastus"
CREATED = "2024-04-23T00:00:00.0000000+00:00"


class Discovery:
    """Discovery handlers."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def workspace(self, request: web.Request) -> web.StreamResponse:
        """GET of a workspace's discoveryUrl; asks for no token, as in Azure."""
        del request
        base = f"{self._world.base_url}/_aml"
        names = ("api", "history", "experimentation", "modelmanagement", "flow", "catalog")
        return web.json_response(dict.fromkeys(names, base))

    async def registry(self, request: web.Request) -> web.StreamResponse:
        """GET registrymanagement/v1.0/registries/{r}/discovery."""
        caller(self._world, request)
        name = _registry(request)
        uri = f"{self._world.base_url}/_registry-{REGION}/"
        regions = {"location": REGION, "uri": uri, "resourceProviderUri": uri}
        return web.json_response(
            {
                "registryName": name,
                "registryFqdns": {REGION: {"uri": uri, "discoveryUri": uri}},
                "subscriptionId": REGISTRY_SUBSCRIPTION,
                "resourceGroup": f"{name}-rg",
                "primaryRegion": REGION,
                "primaryRegionResourceProviderUri": uri,
                "tenantId": self._world.identity.tenant_id,
                "regionDetails": [regions],
            }
        )

    async def model_version(self, request: web.Request) -> web.StreamResponse:
        """GET one version of a registry's model."""
        caller(self._world, request)
        registry, model, version = _registry(request), *_model(request)
        return web.json_response(self._version(registry, model, version))

    async def model_versions(self, request: web.Request) -> web.StreamResponse:
        """GET all versions of a registry's model, the newest first, on one page."""
        caller(self._world, request)
        registry, model = _registry(request), _name(request)
        known = catalog.MODELS[registry][model]
        found = [self._version(registry, model, str(number)) for number in reversed(known)]
        return web.json_response({"value": found[: int(request.query.get("$top", len(found)))]})

    async def models(self, request: web.Request) -> web.StreamResponse:
        """GET all models of a registry, on one page."""
        caller(self._world, request)
        registry = _registry(request)
        found = [self._container(registry, model) for model in catalog.MODELS[registry]]
        return web.json_response({"value": found})

    async def model(self, request: web.Request) -> web.StreamResponse:
        """GET a registry's model with the number of its newest version."""
        caller(self._world, request)
        return web.json_response(self._container(_registry(request), _name(request)))

    def _container(self, registry: str, model: str) -> Json:
        latest = catalog.MODELS[registry][model][-1]
        properties = {"isArchived": False, "latestVersion": str(latest), "nextVersion": None}
        return {"id": self._id(registry, model), "name": model, "properties": properties}

    def _id(self, registry: str, model: str) -> str:
        return f"azureml://registries/{registry}/models/{model}"

    def _version(self, registry: str, model: str, version: str) -> Json:
        identity = f"{self._id(registry, model)}/versions/{version}"
        uri = f"{self._world.base_url}/_blob/{registry}models/models/{model}/{version}"
        return {
            "id": identity,
            "name": version,
            "type": "Microsoft.MachineLearningServices/registries/models/versions",
            "properties": {
                "description": f"{model}, as the sandbox's catalog knows it (no weights).",
                "tags": {"task": "chat-completion"},
                "properties": {"finetune-recommended-sku": "Standard_NC24ads_A100_v4"},
                "isArchived": False,
                "isAnonymous": False,
                "modelType": "mlflow_model",
                "modelUri": uri,
                "flavors": {"python_function": {"data": {"loader_module": "mlflow.transformers"}}},
                "jobName": None,
            },
            "systemData": {"createdAt": CREATED, "createdBy": "Microsoft"},
        }


def _registry(request: web.Request) -> str:
    asked = request.match_info["registry"]
    for name in catalog.MODELS:
        if name.lower() == asked.lower():
            return name
    raise AmlError(404, "RegistryNotFound", f"Registry {asked} could not be found.")


def _name(request: web.Request) -> str:
    model = request.match_info["model"]
    if model not in catalog.MODELS[_registry(request)]:
        raise AmlError(404, "NotFound", f"Model {model} was not found in the registry.")
    return model


def _model(request: web.Request) -> tuple[str, str]:
    model, version = _name(request), request.match_info["version"]
    known = catalog.MODELS[_registry(request)][model]
    if not version.isdecimal() or int(version) not in known:
        raise AmlError(404, "NotFound", f"Model {model} has no version {version}.")
    return model, version
