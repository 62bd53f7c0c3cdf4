"""Tokens that ARM does not take: of the real Azure, for another service, expired."""

from __future__ import annotations

import pytest
import requests

from tests.clients.conftest import Served
from tests.clients.entra import ARM, ask, outside_token, secret

pytestmark = pytest.mark.usefixtures("entra")


def test_a_token_of_the_real_azure_is_refused_with_a_challenge(served: Served) -> None:
    real = outside_token("https://sts.windows.net/x/", "me", aud="https://management.azure.com/")
    for token in (real, "nonsense"):
        answer = ask(served, token)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")
    assert ask(served, "ä.ö.ü".encode().decode("latin-1")).status_code == 400  # no header at all
    missing = ask(served, None)
    assert (missing.status_code, missing.json()["error"]["code"]) == (401, "AuthenticationFailed")


def test_a_token_for_another_service_is_refused_by_arm(served: Served) -> None:
    token = secret(served).get_token("https://storage.azure.com/.default").token
    answer = ask(served, token)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationTokenAudience"
    assert "'https://management.azure.com/'" in answer.json()["error"]["message"]


def test_an_expired_token_is_refused_as_such(served: Served) -> None:
    served.control("POST", "settings", {"token_lifetime_s": -1})
    answer = ask(served, token_of(served))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "ExpiredAuthenticationToken"
    served.control("POST", "settings", {"token_lifetime_s": 3600})
    assert ask(served, token_of(served)).status_code == 200


def token_of(served: Served) -> str:
    """A token straight from the token endpoint: a credential would not use an expired one."""
    form = {
        "grant_type": "client_credentials",
        "client_id": served.client_id,
        "client_secret": served.client_secret,
        "scope": ARM,
    }
    url = f"{served.url}/{served.tenant_id}/oauth2/v2.0/token"
    return str(requests.post(url, form, timeout=10).json()["access_token"])
