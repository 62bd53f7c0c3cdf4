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

from reconciler.cloud.logging import LoggerState, fence_new_loggers

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from reconciler.cloud.run_limits import RunLimits

LOGGER = "azure.ai.ml"
CLOUD_VARIABLES = ("AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL")


def client(run: RunLimits, resource_group: str, workspace: str) -> MLClient:
    """Return a client for one workspace, without telemetry, progress bars or chatter.

    Every client inside of it sends through our transport, which brings the pool and the
    certificate authority along.
    """
    from reconciler.cloud.transport import arm_options

    with own_cloud():
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
        _process.put_logger_back()
    fence_new_loggers()
    return made


@contextmanager
def own_cloud() -> Iterator[None]:
    """Hide the cloud of another client from azure-ai-ml, and keep it from leaving ours behind.

    Around every use of it, its import included, and no longer. It reads the name of its cloud
    from the environment, writes it there for its children, and asks management.azure.com, past
    every transport, about a name that it does not know (1.35, `_azure_environments._get_cloud`);
    there is no other way to tell it. What was there before is there again when the last thread
    has left. So is what its import does to its logger, a handler that writes to standard error.
    """
    _process.enter()
    try:
        yield
    finally:
        _process.leave()


class _Process:
    """What azure-ai-ml reads and changes of the process, while anybody is inside."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._variables: dict[str, str | None] = {}
        self._logger = LoggerState.of(LOGGER)

    def enter(self) -> None:
        """Come in; the first one takes the variables out."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._variables = {name: os.environ.pop(name, None) for name in CLOUD_VARIABLES}
                self._logger = LoggerState.of(LOGGER)

    def leave(self) -> None:
        """Go out; the last one puts the variables back."""
        with self._lock:
            self._inside -= 1
            for name, value in self._variables.items() if self._inside == 0 else ():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def put_logger_back(self) -> None:
        """Give the logger what it had when the first one came in."""
        with self._lock:
            self._logger.restore()


_process = _Process()


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
