"""What the data planes accepted survives the server's sudden death; a reset forgets it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import requests
from azure.storage.blob import BlobServiceClient

from reconciler.sandbox.hub.repositories import CHATS
from reconciler.sandbox.launch import launch
from tests.support.dataplane import Account, Azure, client_of, new_account

ROW = {"messages": [{"content": "Q?", "role": "user"}, {"content": "A.", "role": "assistant"}]}


def container(azure: Azure, account: Account) -> Any:
    url = f"{azure.url}/_blob/{account.name}"
    service = BlobServiceClient(url, credential=azure.credential, connection_verify=azure.ca)
    return service.get_container_client("box")


def head(azure: Azure) -> str:
    return str(requests.get(f"{azure.url}/_hf/api/datasets/{CHATS}", verify=azure.ca).json()["sha"])


def test_blobs_and_training_data_survive_a_killed_server(tmp_path: Path) -> None:
    with launch(tmp_path, clock="instant") as server:
        azure = client_of(server)
        account = new_account(azure)
        container(azure, account).create_container()
        container(azure, account).upload_blob("a", b"kept")
        first = head(azure)
        put = azure.control("PUT", f"hub?repo={CHATS}&split=test", data=json.dumps(ROW).encode())
        changed = put.json()["sha"]
        os.kill(server.pid, signal.SIGKILL)
    with launch(tmp_path, clock="instant") as server:
        azure = client_of(server)
        assert container(azure, account).download_blob("a").readall() == b"kept"
        assert head(azure) == changed != first
        azure.control("POST", "reset")
        assert head(azure) == first
        client_of(server)
        answer = requests.get(f"{azure.url}/_blob/{account.name}/box/a", verify=azure.ca)
        assert answer.headers["x-ms-error-code"] == "AccountNotFound"
