"""All resource types and routes, from the namespaces' modules."""

from __future__ import annotations

from reconciler.sandbox.arm import resources, storage
from reconciler.sandbox.arm.types import ResourceType, Route

_MODULES = (resources, storage)
TYPES: tuple[ResourceType, ...] = tuple(type_ for module in _MODULES for type_ in module.TYPES)
ROUTES: tuple[Route, ...] = tuple(route for module in _MODULES for route in module.ROUTES)
