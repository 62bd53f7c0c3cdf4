"""All resource types and routes, from the namespaces' modules."""

from __future__ import annotations

from reconciler.sandbox.arm import (
    authorization,
    containerregistry,
    deployments,
    insights,
    keyvault,
    managedidentity,
    ml_assets,
    ml_computes,
    ml_connections,
    ml_datastores,
    ml_deployments,
    ml_endpoints,
    ml_jobs,
    ml_locations,
    ml_uploads,
    ml_workspaces,
    operationalinsights,
    quota,
    resources,
    storage,
    tags,
)
from reconciler.sandbox.arm.types import ResourceType, Route

TYPES: tuple[ResourceType, ...] = (
    *resources.TYPES,
    *deployments.TYPES,
    *storage.TYPES,
    *keyvault.TYPES,
    *operationalinsights.TYPES,
    *insights.TYPES,
    *containerregistry.TYPES,
    *managedidentity.TYPES,
    *authorization.TYPES,
    *ml_workspaces.TYPES,
    *ml_datastores.TYPES,
    *ml_computes.TYPES,
    *ml_assets.TYPES,
    *ml_jobs.TYPES,
    *ml_endpoints.TYPES,
    *ml_deployments.TYPES,
    *ml_connections.TYPES,
)
ROUTES: tuple[Route, ...] = (
    *resources.ROUTES,
    *tags.ROUTES,
    *deployments.ROUTES,
    *storage.ROUTES,
    *keyvault.ROUTES,
    *containerregistry.ROUTES,
    *authorization.ROUTES,
    *quota.ROUTES,
    *ml_workspaces.ROUTES,
    *ml_locations.ROUTES,
    *ml_uploads.ROUTES,
    *ml_deployments.ROUTES,
    *ml_connections.ROUTES,
)
