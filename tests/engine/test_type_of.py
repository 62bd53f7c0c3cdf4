"""The type that an id names, as it is written there."""

import pytest

from reconciler.engine.ids import type_of

GROUP = "/subscriptions/s/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"


@pytest.mark.parametrize(
    ("resource_id", "expected"),
    [
        (VAULT, "Microsoft.KeyVault/vaults"),
        (f"{VAULT}/", "Microsoft.KeyVault/vaults"),
        (VAULT.upper(), "MICROSOFT.KEYVAULT/VAULTS"),
        (f"{VAULT}/secrets/x", "Microsoft.KeyVault/vaults/secrets"),
        (f"{VAULT}/providers/Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks"),
        (GROUP, ""),
        (f"{GROUP}/providers/Microsoft.KeyVault", ""),
        (f"{VAULT}/secrets", ""),
        (f"{GROUP}/providers", ""),
        ("", ""),
    ],
)
def test_the_last_provider_and_every_second_word_after_it(resource_id, expected):
    assert type_of(resource_id) == expected
