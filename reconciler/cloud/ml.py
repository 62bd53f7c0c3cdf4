"""The one place that imports azure-ai-ml: two seconds, only where a write needs it.

Source of the cloud recipe: `MLClient(base_url=...)` is silently ignored by azure-ai-ml
1.35; `cloud=` with `cloud_metadata=` is what it obeys, and the table of clouds is global
to the process and first-write-wins, so the name carries the port.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.cloud.logging import fence_new_loggers

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from reconciler.cloud.run_limits import RunLimits

CLOUD_VARIABLES = ("AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL")
_ENVIRONMENT = Lock()


def client(run: RunLimits, resource_group: str, workspace: str) -> MLClient:
    """Return a client for one workspace, without telemetry, progress bars or chatter.

    Every client inside of it sends through our transport, which brings the pool and the
    certificate authority along.
    """
    from reconciler.cloud.transport import arm_options

    with _own_cloud():
        from azure.ai.ml import MLClient

        made = MLClient(
            run.tokens,
            run.subscription_id,
            resource_group,
            workspace,
            show_progress=False,
            enable_telemetry=False,
            **arm_options(run),
            **_cloud(run),
        )
    fence_new_loggers()
    return made


@contextmanager
def _own_cloud() -> Iterator[None]:
    """Hide the cloud of another client from azure-ai-ml, and keep it from leaving ours behind.

    While it is imported and a client is made, no longer: it reads the name of its cloud from the
    environment, writes it there for its children, and asks management.azure.com, even when it
    is only imported, about a name that it does not know (1.35, `_azure_environments._get_cloud`).
    There is no other way to tell it; what was there before is there again afterwards.
    """
    with _ENVIRONMENT:
        before = {name: os.environ.pop(name, None) for name in CLOUD_VARIABLES}
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def _cloud(run: RunLimits) -> dict[str, Any]:
    access = run.cloud.sandbox
    if access is None:
        return {}
    return {
        "cloud": f"Sandbox-{urlsplit(access.url).port}",
        "cloud_metadata": {
            "azure_portal": f"{access.url}/portal",
            "resource_manager": f"{access.url}/",
            "active_directory": f"{access.url}/",
            "aml_resource_id": f"{access.url}/aml",
            "storage_endpoint": "core.sandbox.test",
            "registry_discovery_endpoint": f"{access.url}/",
        },
    }
