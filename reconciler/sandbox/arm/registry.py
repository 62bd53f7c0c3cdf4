"""All resource types and routes, from the namespaces' modules."""

from __future__ import annotations

from reconciler.sandbox.arm import (
    containerregistry,
    insights,
    keyvault,
    managedidentity,
    ml_datastores,
    ml_workspaces,
    operationalinsights,
    resources,
    storage,
)
from reconciler.sandbox.arm.types import ResourceType, Route

TYPES: tuple[ResourceType, ...] = (
    *resources.TYPES,
    *storage.TYPES,
    *keyvault.TYPES,
    *operationalinsights.TYPES,
    *insights.TYPES,
    *containerregistry.TYPES,
    *managedidentity.TYPES,
    *ml_workspaces.TYPES,
    *ml_datastores.TYPES,
)
ROUTES: tuple[Route, ...] = (
    *resources.ROUTES,
    *storage.ROUTES,
    *keyvault.ROUTES,
    *containerregistry.ROUTES,
    *ml_workspaces.ROUTES,
)
