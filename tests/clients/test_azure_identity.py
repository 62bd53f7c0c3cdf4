"""azure-identity, as Microsoft documents each credential, against the sandbox's Entra ID.

Source: learn.microsoft.com/python/api/overview/azure/identity-readme.
"""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from tests.clients.conftest import Served
from tests.clients.entra import ARM, GROUPS, outside_token, put, secret

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
IDENTITY = f"{GROUPS}/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot"


pytestmark = pytest.mark.usefixtures("entra")


def arm_status(served: Served, credential: Any) -> int:
    """The status of a list of resource groups, asked with azure-mgmt-core."""
    policy = ARMChallengeAuthenticationPolicy(credential, ARM)
    client: Any = ARMPipelineClient(base_url=served.url, policies=[policy])
    with client:
        query = {"api-version": "2024-11-01"}
        found = client.send_request(HttpRequest("GET", served.url + GROUPS, params=query))
        return int(found.status_code)


@pytest.fixture
def robot(served: Served) -> dict[str, Any]:
    """A user-assigned managed identity."""
    put(served, f"{GROUPS}/rg", "2024-11-01", {"location": "eastus"})
    found: dict[str, Any] = put(served, IDENTITY, "2023-01-31", {"location": "eastus"})
    return found["properties"] | {"id": found["id"]}


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return found


def test_a_client_secret_signs_in_and_reads(served: Served) -> None:
    assert arm_status(served, secret(served)) == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"client_secret": "nonsense"}, "AADSTS7000215"),
        ({"client_secret": "gälte nie"}, "AADSTS7000215"),
        ({"client_id": str(uuid.UUID(int=7))}, "AADSTS700016"),
        ({"tenant_id": str(uuid.UUID(int=7))}, "AADSTS90002"),
    ],
)
def test_wrong_credentials_are_refused_with_entras_code(
    served: Served, wrong: dict[str, str], code: str
) -> None:
    with pytest.raises(ClientAuthenticationError) as refusal:
        secret(served, **wrong).get_token(ARM)
    if "tenant_id" in wrong:  # MSAL reports the failed discovery and not the code in its body
        assert "tenant" in str(refusal.value).lower()
    else:
        assert code in str(refusal.value)


def test_the_refusal_has_the_fields_of_entras_error_body(served: Served) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": served.client_id,
        "client_secret": "nonsense",
        "scope": ARM,
    }
    url = f"{served.url}/{served.tenant_id}/oauth2/v2.0/token"
    answer = requests.post(url, form, headers={"client-request-id": "mine"}, timeout=10)
    body = answer.json()
    assert (answer.status_code, body["error"]) == (401, "invalid_client")
    assert (body["error_codes"], body["correlation_id"]) == ([7000215], "mine")
    assert body["error_uri"].endswith("code=7000215")


def test_the_environment_credential_reads_the_documented_variables(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import DefaultAzureCredential, EnvironmentCredential

    monkeypatch.setenv("AZURE_TENANT_ID", served.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", served.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", served.client_secret)
    assert arm_status(served, EnvironmentCredential(disable_instance_discovery=True)) == 200
    assert arm_status(served, DefaultAzureCredential(disable_instance_discovery=True)) == 200


def test_a_workload_identity_signs_in_as_the_identity_that_trusts_it(
    served: Served, robot: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import WorkloadIdentityCredential

    issuer, subject = "https://oidc.example/cluster", "system:serviceaccount:ns:robot"
    federated = {"issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
    path = f"{IDENTITY}/federatedIdentityCredentials/cluster"
    put(served, path, "2023-01-31", {"properties": federated})
    file = tmp_path / "token"
    file.write_text(outside_token(issuer, subject))
    monkeypatch.setenv("AZURE_TENANT_ID", served.tenant_id)
    monkeypatch.setenv("AZURE_CLIENT_ID", robot["clientId"])
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    token = WorkloadIdentityCredential(disable_instance_discovery=True).get_token(ARM)
    assert claims(token.token)["oid"] == robot["principalId"]


@pytest.mark.parametrize(
    ("claim", "value", "code"),
    [
        ("iss", "https://evil.example", "AADSTS700211"),
        ("aud", "https://somewhere.else", "AADSTS700212"),
        ("sub", "system:serviceaccount:ns:other", "AADSTS700213"),
        ("exp", 1_000_000_000, "AADSTS700024"),
    ],
)
def test_a_federated_token_that_fits_no_credential_is_refused(
    served: Served, robot: dict[str, Any], claim: str, value: Any, code: str
) -> None:
    from azure.identity import ClientAssertionCredential

    issuer, subject = "https://oidc.example/cluster", "system:serviceaccount:ns:robot"
    federated = {"issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
    path = f"{IDENTITY}/federatedIdentityCredentials/cluster"
    put(served, path, "2023-01-31", {"properties": federated})
    credential = ClientAssertionCredential(
        served.tenant_id,
        robot["clientId"],
        lambda: outside_token(issuer, subject, **{claim: value}),
        disable_instance_discovery=True,
    )
    with pytest.raises(ClientAuthenticationError, match=code):
        credential.get_token(ARM)


def test_an_assertion_that_is_no_jwt_is_refused(served: Served) -> None:
    from azure.identity import ClientAssertionCredential

    credential = ClientAssertionCredential(
        served.tenant_id, served.client_id, lambda: "a.b.c", disable_instance_discovery=True
    )
    with pytest.raises(ClientAuthenticationError, match="AADSTS50027"):
        credential.get_token(ARM)


def test_app_service_gives_the_managed_identity_it_is_asked_for(
    served: Served, robot: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import ManagedIdentityCredential

    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served.url}/_identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", served.identity_header)
    assert arm_status(served, ManagedIdentityCredential()) == 200
    by_client = ManagedIdentityCredential(client_id=robot["clientId"]).get_token(ARM)
    assert claims(by_client.token)["oid"] == robot["principalId"]
    by_id = ManagedIdentityCredential(identity_config={"resource_id": robot["id"]}).get_token(ARM)
    assert claims(by_id.token)["oid"] == robot["principalId"]
    unknown = ManagedIdentityCredential(client_id=str(uuid.UUID(int=7)))
    with pytest.raises(ClientAuthenticationError):
        unknown.get_token(ARM)


def test_app_service_refuses_a_wrong_identity_header(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import ManagedIdentityCredential

    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{served.url}/_identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", "guessed")
    with pytest.raises(ClientAuthenticationError):
        ManagedIdentityCredential().get_token(ARM)


def test_imds_gives_a_managed_identity_where_its_host_can_be_named(
    served: Served, robot: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import ManagedIdentityCredential

    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", served.url)
    token = ManagedIdentityCredential(client_id=robot["clientId"]).get_token(ARM)
    assert claims(token.token)["oid"] == robot["principalId"]
    assert arm_status(served, ManagedIdentityCredential()) == 200


def test_an_identity_may_do_what_its_roles_allow_and_no_more(
    served: Served, robot: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.identity import ManagedIdentityCredential

    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", served.url)
    token = ManagedIdentityCredential(client_id=robot["clientId"]).get_token(ARM).token
    headers = {"Authorization": f"Bearer {token}"}

    def send(method: str, path: str, version: str, body: Any = None) -> tuple[int, Any]:
        url = f"{served.url}{path}?api-version={version}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        return answer.status_code, answer.json()

    status, body = send("GET", IDENTITY, "2023-01-31")
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    action = "Microsoft.ManagedIdentity/userAssignedIdentities/read"
    assert f"perform action '{action}' over scope '{IDENTITY}'" in body["error"]["message"]
    assert send("GET", f"{GROUPS}/rg/resources", "2024-11-01")[0] == 403
    assign(served, robot, READER)
    assert send("GET", IDENTITY, "2023-01-31")[0] == 200
    assert send("GET", f"{GROUPS}/rg/resources", "2024-11-01")[0] == 200
    assert send("PUT", IDENTITY, "2023-01-31", {"location": "eastus"})[0] == 403
    assign(served, robot, CONTRIBUTOR)
    assert send("PUT", IDENTITY, "2023-01-31", {"location": "eastus"})[0] == 200
    role = f"{GROUPS}/rg/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    content = {"properties": {"roleDefinitionId": READER, "principalId": robot["principalId"]}}
    assert send("PUT", role, "2022-04-01", content)[0] == 403
    assert send("GET", GROUPS.rsplit("/", 1)[0] + "/resources", "2024-11-01")[0] == 403


def assign(served: Served, robot: dict[str, Any], role: str) -> None:
    """Give a built-in role (by its GUID) over the resource group."""
    path = f"{GROUPS}/rg/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    properties = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": robot["principalId"],
        "principalType": "ServicePrincipal",
    }
    put(served, path, "2022-04-01", {"properties": properties})
