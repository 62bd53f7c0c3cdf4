"""The whole scenario through the command line, and every secret that was in play."""

import json
import os
import subprocess
import sys

import pytest

from reconciler.operations.load import load
from reconciler.sandbox.launch import launch
from tests.support.azure import ROOT, Azure

SPEC = "specs/phi3-ultrachat.yaml"
ENDPOINT = "endpoints.phi3-ultrachat-ep"
CANARIES = {
    "AZURE_CLIENT_SECRET": "env~Canary/9+client=secret",
    "AZURE_PASSWORD": "env~Canary/9+pass word",
    "HF_TOKEN": "hf_CanaryCanaryCanary0123456789",
}
"""Secrets of the environment that no command here has any reason to show or send."""
ML = "2026-05-01"


class Scenario:
    """One sandbox with the spec applied; runs commands and knows what must not be seen."""

    def __init__(self, azure, state):
        self.azure = azure
        self.state = state

    def run(self, *words, stdin=""):
        """Run one command in a process of its own; return it with all that it printed."""
        return subprocess.run(
            [sys.executable, "-m", "reconciler", *words, "--sandbox", self.azure.server.url],
            cwd=ROOT,
            capture_output=True,
            input=stdin.encode(),
            check=False,
            timeout=100,
            env={**os.environ, **CANARIES, "RECONCILE_SANDBOX_STATE": str(self.state)},
        )

    def secrets(self):
        """Return every secret that exists in this scenario now, by where it comes from."""
        loaded = load(str(ROOT / SPEC))
        arm = self.azure.connection(loaded).arm
        ids = {a: r.resource_id for a, r in loaded.resources.items()}
        keys = arm.post(f"{ids[ENDPOINT]}/listKeys", ML)
        held = arm.post(f"{ids['connections.phi3-connection']}/listsecrets", ML)
        found = {f"endpoint {name}": value for name, value in keys.items()}
        found["connection key"] = held["properties"]["credentials"]["keys"]["key"]
        for store in ("workspaceblobstore", "workspaceworkingdirectory"):
            where = f"{ids['project']}/datastores/{store}/listSecrets"
            found[f"key of {store}"] = arm.post(where, ML).get("key")
        account = ids["workspace.storage_account"]
        for item in arm.post(f"{account}/listKeys", "2024-01-01")["keys"]:
            found[f"storage {item['keyName']}"] = item["value"]
        found["client secret"] = self.azure.server.client_secret
        found["token"] = self.azure.connection(loaded).tokens.get_token("x/.default").token
        found["control token"] = self.azure.server.control_token
        return {**{k: v for k, v in found.items() if v}, **CANARIES}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture(scope="module")
def scenario(state):
    with launch(state, clock="instant") as running:
        yield Scenario(Azure(running), state)


def journal(azure):
    return [json.loads(line) for line in azure.control("GET", "journal").splitlines()]
