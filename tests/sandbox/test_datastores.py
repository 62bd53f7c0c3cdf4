"""Datastores of a workspace, with the real azure-ai-ml: kinds, credentials, lists, the default."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.fileshare import ShareServiceClient

from tests.sandbox.test_ml_journey import READER, Ground, finish, grant, submit
from tests.support.sandbox import GROUP, Sandbox
from tests.support.scenario import CHAT, ML, chat_lines, workspace

STORES = f"{GROUP}/providers/{ML}/ws1/datastores"
VERSION = "2026-05-01"
TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
SAS = "sv=2024-01-01&sig=c2lnbmF0dXJl"
BLOB = {"datastoreType": "AzureBlob", "accountName": "acct1", "containerName": "raw"}
NONE = {"credentialsType": "None"}
KEY = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "c2VjcmV0"}}


@pytest.fixture
def ground(sandbox: Sandbox, put: Any, ml: Any) -> Any:
    workspace(put, sandbox.server.tenant_id)
    return ml


def put_store(sandbox: Sandbox, name: str = "raw", **properties: Any) -> tuple[int, Any]:
    body = {"properties": properties}
    return sandbox.send("PUT", f"{STORES}/{name}", body, api_version=VERSION)[:2]


def secrets_of(sandbox: Sandbox, name: str = "raw") -> tuple[int, Any]:
    return sandbox.send("POST", f"{STORES}/{name}/listSecrets", api_version=VERSION)[:2]


CREDENTIALS: dict[str, tuple[str, dict[str, str]] | None] = {
    "identity": None,
    "key": ("AccountKeyConfiguration", {"account_key": "c2VjcmV0"}),
    "sas": ("SasTokenConfiguration", {"sas_token": SAS}),
    "principal": (
        "ServicePrincipalConfiguration",
        {
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "client_secret": "hush",
            "authority_url": "https://login.sandbox.test",
            "resource_url": "https://storage.sandbox.test",
        },
    ),
}
KINDS = {
    "AzureBlobDatastore": "container_name",
    "AzureFileDatastore": "file_share_name",
    "AzureDataLakeGen2Datastore": "filesystem",
}


@pytest.mark.parametrize("credentials", CREDENTIALS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_every_credential_and_never_shows_a_secret(
    ground: Any, sandbox: Sandbox, kind: str, credentials: str
) -> None:
    from azure.ai.ml import entities

    stated = CREDENTIALS[credentials]
    signs = getattr(entities, stated[0])(**stated[1]) if stated else None
    place = {KINDS[kind]: "raw"}
    wanted = getattr(entities, kind)(name="raw", account_name="acct1", credentials=signs, **place)
    ground.datastores.create_or_update(wanted)
    shown = sandbox.send("GET", f"{STORES}/raw", api_version=VERSION)[1]["properties"]
    assert "secrets" not in shown["credentials"]
    assert not {"c2VjcmV0", SAS, "hush"} & set(json.dumps(shown).split('"'))
    assert shown["isDefault"] is False
    found = ground.datastores.get("raw", include_secrets=True)
    assert type(found) is type(wanted)
    assert found.credentials == wanted.credentials


def test_a_put_replaces_everything_and_forgets_the_old_secret(
    ground: Any, sandbox: Sandbox
) -> None:
    tagged = {"tags": {"team": "x"}, "description": "of others"}
    assert put_store(sandbox, **BLOB, **tagged, credentials=KEY)[0] == 201
    assert secrets_of(sandbox)[1] == {"secretsType": "AccountKey", "key": "c2VjcmV0"}
    status, after = put_store(sandbox, **BLOB, credentials=NONE)
    assert (status, after["properties"]["tags"], after["properties"]["description"]) == (
        200,
        None,
        None,
    )
    assert secrets_of(sandbox)[0] == 400


def test_the_default_one_is_found_by_the_list_and_stays(ground: Any, sandbox: Sandbox) -> None:
    put_store(sandbox, "a_first", **BLOB, credentials=NONE)
    assert ground.datastores.get_default().name == "workspaceblobstore"
    with pytest.raises(HttpResponseError, match="default datastore workspaceblobstore"):
        ground.datastores.delete("workspaceblobstore")
    ground.datastores.delete("a_first")
    with pytest.raises(ResourceNotFoundError):
        ground.datastores.get("a_first")
    assert sandbox.send("DELETE", f"{STORES}/a_first", api_version=VERSION)[0] == 204


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"isDefault": "true"}, {"workspaceblobstore"}),
        ({"names": "raw,workspacefilestore"}, {"raw", "workspacefilestore"}),
        ({"searchText": "WORKING"}, {"workspaceworkingdirectory"}),
    ],
)
def test_a_list_is_of_what_was_asked_for(
    ground: Any, sandbox: Sandbox, query: dict[str, str], names: set[str]
) -> None:
    put_store(sandbox, **BLOB, credentials=NONE)
    found = sandbox.send("GET", STORES, api_version=VERSION, **query)[1]["value"]
    assert {one["name"] for one in found} == names


def test_a_list_comes_in_pages_of_the_size_asked_for(ground: Any, sandbox: Sandbox) -> None:
    first = sandbox.send("GET", STORES, api_version=VERSION, count="3")[1]
    assert len(first["value"]) == 3
    assert "nextLink" in first


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({**BLOB}, "credentials"),
        ({**BLOB, "credentials": {"credentialsType": "AccountKey"}}, "secrets"),
        ({**BLOB, "credentials": {**KEY, "credentialsType": "Sas"}}, "secretsType|AccountKey"),
        ({"datastoreType": "AzureFile", "accountName": "a", "credentials": NONE}, "fileShareName"),
        (
            {
                "datastoreType": "AzureDataLakeGen2",
                "accountName": "",
                "filesystem": "f",
                "credentials": NONE,
            },
            "accountName",
        ),
        (
            {
                **BLOB,
                "credentials": {
                    "credentialsType": "ServicePrincipal",
                    "clientId": "me",
                    "tenantId": TENANT,
                    "secrets": {"secretsType": "ServicePrincipal", "clientSecret": "hush"},
                },
            },
            "clientId",
        ),
    ],
)
def test_what_the_published_types_do_not_allow_is_refused(
    ground: Any, sandbox: Sandbox, properties: dict[str, Any], told: str
) -> None:
    status, answer = put_store(sandbox, **properties)
    assert status == 400
    assert any(word in json.dumps(answer) for word in told.split("|"))
    assert "hush" not in json.dumps(answer)


@pytest.mark.parametrize("kind", ["AzureDataLakeGen2", "AzureFile"])
def test_a_job_trains_on_data_in_a_registered_store(
    sandbox: Sandbox, put: Any, ml: Any, kind: str
) -> None:
    from azure.ai.ml.entities import Data

    ground = Ground(sandbox, put, b"")
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct1"
    keys = sandbox.send("POST", f"{account}/listKeys", api_version="2023-05-01")[1]["keys"]
    signs = {"account_name": "acct1", "account_key": keys[0]["value"]}
    if kind == "AzureFile":
        client = ShareServiceClient(
            f"{sandbox.url}/_file/acct1", credential=signs, connection_verify=sandbox.ca_file
        )
        share = client.create_share("raw")
        share.create_directory("ft").upload_file("train.jsonl", chat_lines(CHAT))
        put_store(sandbox, datastoreType=kind, accountName="acct1", fileShareName="raw",
                  credentials=NONE)  # fmt: skip
    else:
        blobs = BlobServiceClient(
            f"{sandbox.url}/_blob/acct1", credential=signs, connection_verify=sandbox.ca_file
        )
        blobs.create_container("raw").upload_blob("ft/train.jsonl", chat_lines(CHAT))
        put_store(sandbox, datastoreType=kind, accountName="acct1", filesystem="raw",
                  credentials=NONE)  # fmt: skip
        grant(sandbox, ground.principal, account, READER)
    path = "azureml://datastores/raw/paths/ft/train.jsonl"
    ml.data.create_or_update(Data(name="train", version="1", type="uri_file", path=path))
    submit(ml, "ft-1")
    assert finish(sandbox, ground.workspace["id"], "ft-1")[0][-1] == "Completed"
