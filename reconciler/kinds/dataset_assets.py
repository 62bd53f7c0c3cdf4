"""The writes of a dataset: files to the workspace's default datastore, then the two assets."""

from __future__ import annotations

from typing import Any

API_VERSION = "2026-05-01"


def same_uri(observed: Any, desired: Any) -> bool:
    """Compare two datastore paths: Azure returns the long form of the short one we send.

    Source: recorded data_create_uri_file of azure-ai-ml.
    """
    return _short(observed) == _short(desired)


def _short(uri: Any) -> str:
    head, found, rest = str(uri or "").partition("/datastores/")
    return f"azureml://datastores/{rest}" if found else head


def workspace_client(world: Any, workspace: str) -> Any:
    """Return an azure-ai-ml client for a workspace by its ARM id, ours or an external one."""
    parts = workspace.split("/")
    return world.connection.ml(parts[4], parts[8])
