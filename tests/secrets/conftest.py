"""The whole scenario through the command line, and every secret that was in play."""

import pytest

from reconciler.operations.load import load
from tests.support.azure import ROOT, Azure
from tests.support.commands import in_process, process
from tests.support.controls import state_of

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

    def __init__(self, azure):
        self.azure = azure

    def run(self, *words):
        """Run one command, which knows no secret before; return it with all that it printed."""
        return in_process(ROOT, *self._placed(words), **self._environment())

    def run_alone(self, *words):
        """The same in a process of its own: whatever a library prints is printed there."""
        return process(ROOT, *self._placed(words), **self._environment())

    def _placed(self, words):
        return (*words, "--sandbox", self.azure.server.url)

    def _environment(self):
        state = state_of(self.azure.server)
        home = str(state / "home")
        return {**CANARIES, "RECONCILE_SANDBOX_STATE": str(state), "XDG_STATE_HOME": home}

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
def scenario(pool):
    with pool.lent() as server:
        yield Scenario(Azure(server))
