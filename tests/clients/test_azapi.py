"""Terraform's azapi over the tutorial: created, planned twice without a change, destroyed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from azure.storage.blob import BlobServiceClient

from tests.clients import azapi_tutorial as tutorial
from tests.clients.azapi import ASYNC, LOCATION, Azapi, AzapiError, Block
from tests.clients.conftest import Served

POLL_BY = [(LOCATION, ASYNC), (ASYNC, LOCATION)]
CHAT = [
    {"role": "user", "content": "What is the tallest mountain?"},
    {"role": "assistant", "content": "Mount Everest."},
]


def upload(served: Served, azapi: Azapi) -> None:
    """Put both data files where the data versions say, as `azcopy` would."""
    account = azapi.state["storage"].id
    keys = azapi.send("POST", f"{account}/listKeys", "2026-04-01").json()["keys"]
    store = f"{azapi.state['workspace'].id}/datastores/workspaceblobstore"
    container = azapi.get(store, tutorial.ML_VERSION).json()["properties"]["containerName"]
    lines = (json.dumps({"messages": CHAT}) + "\n") * 4
    url = f"{served.url}/_blob/azapistorage"
    with BlobServiceClient(url, keys[0]["value"], connection_verify=served.ca_file) as service:
        for name in ("train", "test"):
            service.get_blob_client(container, f"ultrachat/{name}.jsonl").upload_blob(lines)


def finished(azapi: Azapi, resource_id: str) -> str:
    """The status of a job when it has one that stays."""
    for _ in range(60):
        found = azapi.get(resource_id, tutorial.ML_VERSION).json()["properties"]["status"]
        if found in ("Completed", "Failed", "Canceled"):
            break
    return str(found)


def applied(served: Served, azapi: Azapi) -> list[Block]:
    """Apply the whole tutorial; returns its blocks."""
    blocks = [*tutorial.foundation(served.tenant_id), *tutorial.workspaces()]
    blocks += tutorial.training()
    azapi.apply(blocks)
    upload(served, azapi)
    blocks.append(tutorial.job())
    azapi.apply(blocks)
    assert finished(azapi, azapi.state["job"].id) == "Completed"
    blocks += tutorial.serving()
    azapi.apply(blocks)
    return blocks


def gone(azapi: Azapi, resource_id: str, block: Block) -> bool:
    """Whether a read says that it is not there; a quota is never deleted."""
    status = azapi.get(resource_id, block.version).status_code
    return status == (200 if block.label == "quota" else 404)


@pytest.mark.parametrize("poll_by", POLL_BY, ids=["location_first", "as_azcore_does"])
def test_the_tutorial_is_applied_twice_without_a_change_and_destroyed(
    served: Served, poll_by: tuple[str, str]
) -> None:
    azapi = Azapi(served, poll_by)
    blocks = applied(served, azapi)
    ids = {azapi.id_of(block): block for block in blocks}
    assert len(ids) == 22
    assert azapi.plan(blocks) == {}
    seen = azapi.outputs()
    assert azapi.apply(blocks) == []
    assert azapi.outputs() == seen
    # Without `ignore_missing_property`, what Azure never shows is all that differs.
    strictly = azapi.plan(blocks, ignore_missing=False)
    assert strictly == {"connection": ["properties.credentials"]}
    more = [with_stage(block) for block in blocks]
    assert azapi.apply(more) == [block.label for block in more if "stage" in (block.tags or {})]
    assert azapi.plan(more) == {}
    azapi.destroy(more)
    assert [one for one, block in ids.items() if not gone(azapi, one, block)] == []


def with_stage(block: Block) -> Block:
    """A block with one more tag, if it has any; a cluster's can only be given at its creation."""
    if block.tags is None or block.label == "cluster":
        return block
    return replace(block, tags={**block.tags, "stage": "try"})


def test_what_others_change_is_planned_and_put_back(served: Served) -> None:
    azapi = Azapi(served, POLL_BY[1])
    group, _, storage, *_ = tutorial.foundation(served.tenant_id)
    azapi.apply([group, storage])
    path = azapi.state["storage"].id
    body = {"tags": {}, "properties": {"allowBlobPublicAccess": True}}
    assert azapi.send("PATCH", path, storage.version, body).status_code == 200
    planned = azapi.plan([group, storage])
    assert planned == {"storage": ["properties.allowBlobPublicAccess", "tags"]}
    assert azapi.apply([group, storage]) == ["storage"]
    assert azapi.plan([group, storage]) == {}


def test_what_exists_is_not_created_over(served: Served) -> None:
    first, second = (Azapi(served, POLL_BY[0]) for _ in range(2))
    group = tutorial.foundation(served.tenant_id)[:1]
    first.apply(group)
    with pytest.raises(AzapiError, match="already exists"):
        second.apply(group)


def test_a_refused_write_names_azures_code(served: Served) -> None:
    azapi = Azapi(served, POLL_BY[1])
    group, _, storage, *_ = tutorial.foundation(served.tenant_id)
    azapi.apply([group])
    body = {**storage.body, "sku": {"name": "Standard_ZZZ"}}
    with pytest.raises(AzapiError, match=r"azapistorage: 400 .*SkuNotSupported|InvalidValue"):
        azapi.apply([replace(storage, body=body)])
    assert gone(azapi, azapi.id_of(storage), storage)


def test_a_type_in_another_casing_is_the_same_resource(served: Served) -> None:
    azapi = Azapi(served, POLL_BY[0])
    group, _, storage, *_ = tutorial.foundation(served.tenant_id)
    lower = replace(storage, type=storage.type.lower())
    azapi.apply([group, lower])
    assert azapi.state["storage"].id.endswith("/microsoft.storage/storageaccounts/azapistorage")
    assert azapi.plan([group, lower]) == {}
    listed = azapi.get(f"{azapi.state['group'].id}/resources", group.version).json()["value"]
    assert [one["type"] for one in listed] == ["Microsoft.Storage/storageAccounts"]
