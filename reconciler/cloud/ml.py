"""The one place that imports azure-ai-ml: two seconds, only where a write needs it.

Source of the cloud recipe: `MLClient(base_url=...)` is silently ignored by azure-ai-ml
1.35; `cloud=` with `cloud_metadata=` is what it obeys, and the table of clouds is global
to the process and first-write-wins, so the name carries the port.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.cloud.logging import fence_loggers

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from reconciler.cloud.connection import Connection


def client(connection: Connection, resource_group: str, workspace: str) -> MLClient:
    """Return a client for one workspace, without telemetry, progress bars or chatter."""
    from azure.ai.ml import MLClient

    from reconciler.cloud.transport import arm_options

    made = MLClient(
        connection.tokens,
        connection.subscription_id,
        resource_group,
        workspace,
        show_progress=False,
        enable_telemetry=False,
        **arm_options(connection),
        **_cloud(connection),
    )
    fence_loggers()
    return made


def forget_clouds() -> None:
    """Take the cloud of another client out of the environment, which azure-ai-ml inherits.

    Before anything of it is imported. It leaves the name there for its children, and asks
    management.azure.com, even when it is only imported, about a name that it does not know (1.35,
    `_azure_environments._get_cloud`).
    """
    for name in ("AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL"):
        os.environ.pop(name, None)


def _cloud(connection: Connection) -> dict[str, Any]:
    access = connection.cloud.sandbox
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
