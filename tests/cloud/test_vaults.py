"""A secret is read by the rules of every request; its answer is a secret from its first byte."""

from __future__ import annotations

import base64
import json

import pytest

from reconciler.cloud.backoff import MAX_WAIT_S
from reconciler.diagnostics import ApiError, UnavailableError
from reconciler.kinds.connection.vault_secrets import read
from reconciler.secrets import SENSITIVE, scrub
from reconciler.spec.vault_secrets import SecretIdentifier
from tests.cloud.conftest import Reply

SECRET = SecretIdentifier("mine", "key")
FOUND = Reply(body={"value": "swordfish~1", "attributes": {"enabled": True}})


def test_a_secret_is_asked_for_by_the_name_of_its_vault(azure, connect):
    azure.answers(FOUND)
    pinned = SecretIdentifier("mine", "key", "0" * 32)
    assert read(connect(), pinned).reveal() == "swordfish~1"
    assert [seen.path for seen in azure.seen if seen.method == "GET"] == [
        f"/_vault/mine/secrets/key/{'0' * 32}?api-version=2025-07-01"
    ]


def test_a_wait_that_a_vault_asks_for_is_capped(azure, connect):
    azure.answers(Reply(429, {"Retry-After": "86400"}), FOUND)
    connection = connect()
    assert read(connection, SECRET).reveal() == "swordfish~1"
    assert max(connection.stop.asked) <= MAX_WAIT_S


def test_a_vault_that_never_answers_is_asked_four_times(azure, connect):
    azure.answers(Reply(503))
    with pytest.raises(ApiError):
        read(connect(), SECRET)
    assert len([seen for seen in azure.seen if seen.method == "GET"]) == 4


def test_a_redirect_of_a_vault_is_not_followed(azure, elsewhere, connect):
    azure.answers(Reply(307, {"Location": f"{elsewhere.url}/secrets/key"}))
    with pytest.raises(UnavailableError, match="redirect"):
        read(connect(), SECRET)
    assert elsewhere.seen == []


@pytest.mark.parametrize("body", [{}, {"value": ""}, {"value": 17}, {"value": None}])
def test_an_answer_without_a_value_is_an_error(azure, connect, body):
    azure.answers(Reply(body=body))
    with pytest.raises(Exception, match="has no value"):
        read(connect(), SECRET)


def test_what_is_expired_is_refused_and_kept_out_of_every_output_all_the_same(azure, connect):
    azure.answers(Reply(body={"value": "late-swordfish", "attributes": {"exp": 1e300}}), FOUND)
    assert read(connect(), SECRET).reveal() == "late-swordfish"
    azure.answers(Reply(body={"value": "old-swordfish", "attributes": {"exp": 0}}))
    with pytest.raises(Exception, match="expired on 1970-01-01"):
        read(connect(), SECRET)
    for form in ("old-swordfish", json.dumps("old-swordfish")[1:-1]):
        assert scrub(f"<{form}>") == f"<{SENSITIVE}>"
    assert "b2xkLXN3b3JkZmlza" not in scrub(base64.b64encode(b"old-swordfish").decode())


def test_an_error_that_echoes_the_value_is_told_without_it(azure, connect):
    azure.answers(FOUND)
    connection = connect()
    read(connection, SECRET)
    words = {"error": {"code": "Forbidden", "message": "not swordfish~1"}}
    azure.answers(Reply(403, body=words))
    with pytest.raises(ApiError) as caught:
        read(connection, SECRET)
    assert "swordfish~1" not in f"{caught.value} {caught.value.diagnostics}"
    assert "Key Vault Secrets User" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://my-vault.vault.azure.net/secrets/key", ("my-vault", "key", "")),
        ("https://my-vault.vault.azure.net:443/secrets/key/", ("my-vault", "key", "")),
        (f"https://kv1.vault.azure.net/secrets/A-1/{'a' * 32}", ("kv1", "A-1", "a" * 32)),
        ("https://my--vault.vault.azure.net/secrets/key", None),
        ("https://my-vault.vault.azure.net.evil.example/secrets/key", None),
        ("https://evil.example/secrets/key", None),
        ("https://evil.example/.vault.azure.net/secrets/key", None),
        ("http://my-vault.vault.azure.net/secrets/key", None),
        ("https://my-vault.vault.azure.net/keys/key", None),
        ("https://my-vault.vault.azure.net/secrets/", None),
        ("https://my-vault.vault.azure.net/secrets/a/../b", None),
        ("https://my-vault.vault.azure.net/secrets/key?x=1", None),
        ("https://my-vault.vault.azure.net/secrets/key\n", None),
        ("https://user@my-vault.vault.azure.net/secrets/key", None),
    ],
)
def test_an_identifier_is_what_azure_gives_and_nothing_near_it(url, expected):
    found = SecretIdentifier.of_url(url)
    assert (found and (found.vault, found.name, found.version)) == expected
