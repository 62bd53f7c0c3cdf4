"""Credentials of azure-identity for a served sandbox, and requests with their tokens."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import requests

from tests.clients.conftest import SUBSCRIPTION, Served

ARM = "https://management.azure.com/.default"


GROUPS = f"/subscriptions/{SUBSCRIPTION}/resourcegroups"


def secret(served: Served, **other: Any) -> Any:
    """A ClientSecretCredential of the built-in application, changed by `other`."""
    from azure.identity import ClientSecretCredential

    values: dict[str, Any] = {
        "tenant_id": served.tenant_id,
        "client_id": served.client_id,
        "client_secret": served.client_secret,
        "disable_instance_discovery": True,
        **other,
    }
    return ClientSecretCredential(**values)


def ask(served: Served, token: str | None) -> requests.Response:
    """List resource groups with this bearer token."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    query = {"api-version": "2024-11-01"}
    return requests.get(served.url + GROUPS, params=query, headers=headers, timeout=10)


def put(served: Served, path: str, version: str, body: Any) -> dict[str, Any]:
    """Create something in the sandbox with the built-in application's rights."""
    token = secret(served).get_token(ARM).token
    answer = requests.put(
        served.url + path,
        params={"api-version": version},
        headers={"Authorization": f"Bearer {token}"},
        json=body,
        timeout=10,
    )
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def outside_token(issuer: str, subject: str, **other: Any) -> str:
    """A JWT as a Kubernetes cluster or GitHub would mount it for a workload."""
    now = int(time.time())
    body = {"iss": issuer, "sub": subject, "aud": "api://AzureADTokenExchange"}
    parts = ({"alg": "RS256", "typ": "JWT"}, {**body, "iat": now, "exp": now + 600, **other})
    words = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*words, "c2lnbmF0dXJl"])
