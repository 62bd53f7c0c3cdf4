"""However many secrets pass through a run, the first is kept out of its last line."""

import pytest

from reconciler import secrets
from reconciler.cloud.tokens import Token, Tokens
from reconciler.diagnostics import ApiError
from reconciler.operations.load import load
from reconciler.secrets import SENSITIVE, remember, scrub
from tests.secrets.conftest import SPEC
from tests.secrets.detector import find
from tests.support.azure import ROOT, Azure

MANY = 600
"""The keys of 150 endpoints and 150 accounts."""


def test_the_first_secret_is_still_scrubbed_after_hundreds_of_others(scenario):
    azure: Azure = scenario.azure
    loaded = load(str(ROOT / SPEC))
    connection = azure.connection(loaded, read_only=True)
    token = connection.tokens.get_token(connection.cloud.arm_scope).token
    first = azure.server.client_secret
    for number in range(MANY):
        remember(f"key-of-account-number-{number:04}")
    words = f"who are you, {first} or {token}?"
    body = {"error": {"code": "AuthenticationFailed", "message": words}}
    rule = {"method": "GET", "path": "storageAccounts", "times": 1}
    azure.control("POST", "faults", {**rule, "action": {"status": 400, "body": body}})
    with pytest.raises(ApiError) as caught:
        connection.arm.get(loaded.resources["workspace.storage_account"].resource_id, "2024-01-01")
    shown = f"{caught.value} {caught.value.diagnostics!r}"
    assert "who are you" in shown
    assert find(first, shown) == find(token, shown) == []


class Expiring:
    """A credential whose tokens last an hour each, on a clock that the test moves."""

    def __init__(self, clock):
        self.clock, self.count = clock, 0

    def get_token(self, *_scopes, run):
        self.count += 1
        return Token(f"opaque-token-number-{self.count:05}", int(self.clock[0]) + 3600)


def test_months_of_tokens_take_the_memory_of_those_that_still_count(monkeypatch):
    clock = [1_000_000.0]
    monkeypatch.setattr(secrets.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(secrets.time, "time", lambda: clock[0])
    remember("the-account-key-of-a-year")
    tokens = Tokens(Expiring(clock))
    for _hour in range(24 * 30):
        tokens.get_token("scope", run=None)
        clock[0] += 3600
    newest = tokens.get_token("scope", run=None).token
    assert len(secrets._known.texts) < 8
    assert scrub(f"<{newest}> <the-account-key-of-a-year>") == f"<{SENSITIVE}> <{SENSITIVE}>"
    assert scrub("opaque-token-number-00001") == "opaque-token-number-00001"
