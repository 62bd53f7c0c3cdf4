"""A secret that somebody wrote into a spec must not be printed with the error about it."""

import pytest

from reconciler.diagnostics import Position
from reconciler.render.excerpt import excerpt


def shown(text):
    return "\n".join(str(line) for line in excerpt([text, "x: 1"], Position("f", 2, 1)))


@pytest.mark.parametrize(
    "text",
    [
        "    key: s3cr3t",
        '    "api_key": "s3cr3t with, more"',
        "  c: {type: custom, keys: {endpoint: e, key: s3cr3t}}",
        "    password: 's3cr3t'",
        "    client_secret: s3cr3t  # mine",
        "    key: {id: https://v.vault.azure.net/secrets/x, value: s3cr3t}",
        '        "value": "s3cr3t"',
    ],
)
def test_a_written_out_secret_is_masked(text):
    assert "s3cr3t" not in shown(text)
    assert "***" in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "    key: ${{ endpoints.ep.primary_key }}",
        '    key: "${{ endpoints.ep.primary_key }}"',
        "    auth_mode: aml_token",
        "    key_vault: {name: my-kv}",
        "    max_new_tokens: 256",
        "    key: {key_vault_url: https://v.vault.azure.net/secrets/x}",
        "    default_value: blue",
        "    keys: {endpoint: e}",
    ],
)
def test_everything_else_is_shown_as_it_is(text):
    assert text.strip() in shown(text)
