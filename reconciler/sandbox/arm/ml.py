"""What the Azure ML types share: api-versions, names of types, 404 shape, data references.

Sources: recorded azure-ai-ml traffic (the `UserError` shape, expanded URIs); azure-facts 10 to 18.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, ContentError, invalid_request, user_error
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
NAMESPACE = "Microsoft.MachineLearningServices"
WORKSPACE = f"{NAMESPACE}/workspaces"
VERSIONS = api_versions(WORKSPACE)
ASSET_NAME = r"^[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}$"
_SHORT = re.compile(r"azureml://datastores/([^/]+)/paths/(.*)")
_LONG = re.compile(
    r"azureml://subscriptions/[^/]+/resourcegroups/[^/]+/(?:providers/[^/]+/)?workspaces/[^/]+"
    r"/datastores/([^/]+)/paths/(.*)",
    re.IGNORECASE,
)


def bad_content(error: ContentError, body: Any) -> Exception:
    """Return the front end's answer to a body it cannot read; the detail's code is UNVERIFIED."""
    return invalid_request("InvalidRequestContent", error.text)


def not_found(kind: str) -> Any:
    """Return a 404 factory in Azure ML's own shape (recorded for datastores)."""

    def make(name: str, resource_id: str) -> ArmError:
        return user_error(f"Could not find {kind}: {name}.", "NotFoundError", 404)

    return make


def asset_not_found(kind: str) -> Any:
    """Return a 404 factory for asset versions and containers."""

    def make(name: str, resource_id: str) -> ArmError:
        if "/versions/" in resource_id:
            owner = resource_id.split("/versions/")[0].rsplit("/", 1)[-1]
            text = f"{kind} asset with name {owner} and version {name} was not found."
        else:
            text = f"{kind} container with name {name} was not found."
        return user_error(text, "NotFound", 404)

    return make


def workspace_id(resource_id: str) -> str:
    """Return the workspace part of an id below a workspace."""
    return "/".join(resource_id.split("/")[:9])


def workspace_of(world: World, resource_id: str) -> Record:
    """Return the workspace record a resource lies in."""
    record = world.store.get(workspace_id(resource_id))
    if record is None:
        raise user_error(f"Could not find workspace of {resource_id}.", "NotFoundError", 404)
    return record


def long_uri(workspace: str, uri: str) -> str:
    """Expand `azureml://datastores/x/paths/y` as the service does; other URIs stay."""
    found = _SHORT.fullmatch(uri)
    if found is None:
        return uri
    parts = workspace.split("/")
    return (
        f"azureml://subscriptions/{parts[2]}/resourcegroups/{parts[4]}/workspaces/{parts[8]}"
        f"/datastores/{found[1]}/paths/{found[2]}"
    )


def datastore_path(uri: str) -> tuple[str, str] | None:
    """Return (datastore, path) of a short or long datastore URI."""
    found = _SHORT.fullmatch(uri) or _LONG.fullmatch(uri)
    return (found[1], found[2].strip("/")) if found else None


def locate(world: World, workspace: str, uri: str) -> tuple[str, str, str] | None:
    """Return (account, container, path) of a datastore URI; None if it leads to no container.

    A file system of Data Lake Gen2 is a container.
    """
    return _place(world, workspace, uri, ("containerName", "filesystem"))


def locate_file(world: World, workspace: str, uri: str) -> tuple[str, str, str] | None:
    """Return (account, share, path) of a datastore URI; None if it leads to no file share."""
    return _place(world, workspace, uri, ("fileShareName",))


def _place(
    world: World, workspace: str, uri: str, names: tuple[str, ...]
) -> tuple[str, str, str] | None:
    split = datastore_path(uri)
    if split is None:
        return None
    datastore = world.store.get(f"{workspace}/datastores/{split[0]}")
    if datastore is None:
        return None
    properties = datastore.body["properties"]
    root = next((str(properties[name]) for name in names if properties.get(name)), "")
    account = str(properties.get("accountName") or "")
    return (account, root, split[1]) if root and account else None


def asset_id(workspace: str, text: str, kind: str) -> str:
    """Return the ARM id a reference means: an ARM id, or `azureml:name:version`."""
    bare = text.removeprefix("azureml:")
    if bare.startswith("/subscriptions/"):
        return bare
    name, _, version = bare.partition(":")
    return f"{workspace}/{kind}/{name}/versions/{version}"
