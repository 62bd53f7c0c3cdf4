"""The flow.dag.yaml that a flow is made from: found in the file share, read, and checked."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.serving.exchange import AmlError, Json
from reconciler.sandbox.world import World

DATASTORE = "workspaceworkingdirectory"


async def check_flow_file(world: World, workspace: Json, path: str) -> None:
    """Raise AmlError unless `path` in the working directory share is a flow definition.

    Checked: the file exists, is YAML, has nodes with unique names and known types, and every
    source file a node names lies beside it.
    """
    account, share = share_of(world, workspace)
    content = world.files.get(account, share, path)
    if content is None:
        raise AmlError(400, "FlowDefinitionNotFound", f"The file {path} is not in share {share}.")
    definition = _parse(content, path)
    nodes = definition.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        raise AmlError(400, "InvalidFlow", f"{path}: `nodes` must be a list that is not empty.")
    names: set[str] = set()
    for stated in nodes:
        node = _of_variant(stated, definition)
        _check_node(node, names, path)
        source = node.get("source") or {}
        relative = source.get("path") if isinstance(source, dict) else None
        folder = path.rpartition("/")[0]
        if relative and world.files.get(account, share, f"{folder}/{relative}") is None:
            text = f"{path}: node {node['name']!r} needs {relative}, which is not in the folder."
            raise AmlError(400, "InvalidFlow", text)


def _of_variant(node: Any, definition: dict[str, Any]) -> Any:
    """Return the default variant of a node that has variants, under the node's name."""
    if not isinstance(node, dict) or node.get("use_variants") is not True:
        return node
    own = (definition.get("node_variants") or {}).get(node.get("name")) or {}
    default = (own.get("variants") or {}).get(own.get("default_variant_id")) or {}
    return {**(default.get("node") or {}), "name": node.get("name")}


def share_of(world: World, workspace: Json) -> tuple[str, str]:
    """Storage account and share behind the workspace's working directory datastore."""
    datastore = world.resource(f"{workspace['id']}/datastores/{DATASTORE}")
    if datastore is None:
        raise AmlError(400, "UserError", f"The workspace has no datastore {DATASTORE}.")
    properties = datastore["properties"]
    return properties["accountName"], properties["fileShareName"]


def _parse(content: bytes, path: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        definition = YAML(typ="safe", pure=True).load(content)
    except (YAMLError, UnicodeDecodeError) as error:
        raise AmlError(400, "InvalidFlow", f"{path} is not YAML: {error}") from error
    if not isinstance(definition, dict):
        raise AmlError(400, "InvalidFlow", f"{path} must hold a YAML mapping.")
    return definition


def _check_node(node: Any, names: set[str], path: str) -> None:
    if not isinstance(node, dict) or not isinstance(node.get("name"), str):
        raise AmlError(400, "InvalidFlow", f"{path}: every node needs a `name`.")
    if node["name"] in names:
        raise AmlError(400, "InvalidFlow", f"{path}: two nodes are named {node['name']!r}.")
    names.add(node["name"])
    if node.get("type") not in {"python", "llm", "prompt", "custom_llm"}:
        raise AmlError(400, "InvalidFlow", f"{path}: node {node['name']!r} has no known `type`.")
