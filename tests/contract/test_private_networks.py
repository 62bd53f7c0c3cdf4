"""Who may not reach what because of a closed network is told by the plan, as far as it can be."""

import pytest

from reconciler.engine.findings import Level
from tests.support.azure import edited
from tests.support.checked import smallest

ENDPOINT = "endpoints.chat-of-the-team"
CLOSED = ("name: smallest-ws\n", "name: smallest-ws\n  public_network_access: disabled\n")


def called(access):
    """Add an endpoint that is called from any network, or from private ones."""
    own = f"{{auth_mode: key, public_network_access: {access}}}"
    return ("compute:\n", f"endpoints:\n  chat-of-the-team: {own}\ncompute:\n")


def told(azure, loaded):
    made = azure.plan(loaded)
    assert azure.writes() == []
    return {f.address: f for f in made.findings if f.id == "private-network"}


@pytest.mark.parametrize(
    ("access", "closed", "words"),
    [
        ("enabled", (), ""),
        ("enabled", (CLOSED,), "accepts requests from any network, and `workspace` does not"),
        ("disabled", (), "through a private endpoint of `workspace`, and that has none"),
        ("disabled", (CLOSED,), "through a private endpoint of `workspace`, and that has none"),
    ],
)
def test_an_endpoint_fits_its_workspaces_network_or_is_told(azure, tmp_path, access, closed, words):
    found = told(azure, smallest(tmp_path, *closed, called(access)))
    assert set(found) == ({ENDPOINT} if words else set())
    if words:
        finding = found[ENDPOINT]
        assert words in finding.summary and finding.level is Level.WARNING
        assert finding.position.line and "public_network_access" in finding.hint
        assert finding.checked_by


def test_a_private_endpoint_of_a_workspace_that_is_there_counts(azure, tmp_path, applied):
    loaded = smallest(tmp_path, called("disabled"))
    assert set(told(azure, loaded)) == {ENDPOINT}
    state = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    held = {"privateEndpointConnections": [{"properties": state}]}
    body = {"properties": held}
    workspace = applied.resources["workspace"].resource_id
    azure.control("POST", "drift", {"op": "patch", "id": workspace, "body": body})
    assert told(azure, loaded) == {}


STORAGE = ("{name: owndatawsstorage}", "{name: owndatawsstorage, public_network_access: disabled}")
DATASET = "datasets.support"


def test_what_is_uploaded_into_a_closed_account_is_told_and_azure_refuses_it(azure, tmp_path):
    loaded = edited(tmp_path, "examples/bring-your-own-data.yaml", STORAGE)
    finding = told(azure, loaded)[DATASET]
    assert "uploaded to `workspace.storage_account`" in finding.summary
    assert "within its network" in finding.hint and finding.position.line
    _, problems = azure.apply(loaded)
    refused = str(dict(problems)[DATASET])
    assert "AuthorizationFailure" in refused and "a network that it allows" in refused


def test_what_is_registered_where_it_is_is_uploaded_nowhere(azure, tmp_path):
    closed = ("{name: datawsstorage}", "{name: datawsstorage, public_network_access: disabled}")
    found = told(azure, edited(tmp_path, "examples/data.yaml", closed))
    assert "datasets.handbook" in found
    assert "datasets.last-year" not in found


def test_an_open_account_is_not_told(azure, tmp_path):
    assert told(azure, edited(tmp_path, "examples/bring-your-own-data.yaml")) == {}
