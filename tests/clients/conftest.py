"""A sandbox started as a user starts it, for clients that know nothing of it but its address."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.survey import keep

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Served:
    """What `reconcile sandbox serve` printed, and its controls."""

    url: str
    ca_file: str
    control_token: str
    tenant_id: str
    client_id: str
    client_secret: str
    identity_header: str

    def control(self, method: str, path: str, body: Any = None) -> bytes:
        """Send a control request and return the answer's bytes."""
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", method=method)
        request.add_header("x-sandbox-token", self.control_token)
        request.add_header("content-type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        tls = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(request, data, context=tls) as answer:
            found: bytes = answer.read()
            return found


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("served")
    command = [str(Path(sys.executable).with_name("reconcile")), "sandbox", "serve"]
    server = subprocess.Popen(
        [*command, "--state", str(state), "--clock", "instant"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        yield Served(**{name: ready[name] for name in Served.__dataclass_fields__})
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def served(_served: Served) -> Served:
    """The running sandbox, empty, in instant time."""
    keep(_served.control("GET", "journal"))
    _served.control("POST", "reset", {})
    _served.control("POST", "clock", {"mode": "instant"})
    return _served


@pytest.fixture
def azure_ml(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The environment that azure-ai-ml needs, and plain ARM to look at what it did."""
    from tests.clients.azure_ml import Arm, StorageNames

    names = StorageNames(urlsplit(served.url).port or 0)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", served.ca_file)
    monkeypatch.setenv("HTTPS_PROXY", names.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "")  # MLClient sets it for the whole process
    monkeypatch.delenv("AZUREML_CURRENT_CLOUD")
    with closing(names), closing(Arm(served)) as arm:
        yield arm


@pytest.fixture
def entra(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the documentation, and no other Azure variable of this machine."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", served.ca_file)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", served.url)
