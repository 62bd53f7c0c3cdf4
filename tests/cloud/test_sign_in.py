"""Signing in with azure-identity: its waits end with the run, and its logs are fenced."""

from __future__ import annotations

import pytest

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import DeniedError, InterruptedRun
from tests.cloud.conftest import SUBSCRIPTION, Reply, Waits, arm_error

BUSY = Reply(503, {"Retry-After": "86400"}, arm_error("temporarily_unavailable"))


@pytest.fixture
def connection(azure, authority, monkeypatch):
    """A connection to public Azure from an app whose managed identity `azure` serves."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority[1])
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret-header")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    made = RunScope(Azure(Cloud()), SUBSCRIPTION)
    made.stop = Waits()
    return made


def test_a_sign_in_waits_no_day_because_it_is_told_to(azure, connection):
    azure.answers(BUSY)
    with pytest.raises(DeniedError, match="cannot sign in"):
        connection.tokens.get_token(connection.cloud.arm_scope)
    assert len(azure.seen) == 1 + len(connection.stop.asked) > 1
    assert max(connection.stop.asked) <= 120


def test_a_sign_in_ends_with_the_run(azure, connection):
    azure.answers(BUSY)
    connection.stop.then = connection.stop.set
    with pytest.raises((InterruptedRun, DeniedError)):
        connection.tokens.get_token(connection.cloud.arm_scope)
    assert len(connection.stop.asked) == 1
    assert len(azure.seen) == 1


def test_a_sign_in_logs_nothing(azure, connection, everything_logged):
    azure.answers(Reply(400, {}, {"error": "invalid_request", "error_description": "s3cret"}))
    with pytest.raises(DeniedError):
        connection.tokens.get_token(connection.cloud.arm_scope)
    assert everything_logged == []


def test_a_token_of_a_managed_identity_is_used(azure, connection):
    body = {"access_token": "t0ken", "expires_on": "4102444800", "resource": "x"}
    azure.answers(Reply(body=body))
    assert connection.tokens.get_token(connection.cloud.arm_scope).token == "t0ken"
    assert azure.seen[0].headers["x-identity-header"] == "s3cret-header"
    assert connection.tokens.signed_in_by == "ManagedIdentityCredential"
