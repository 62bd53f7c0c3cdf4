"""Which secrets of key vaults a spec takes, without reading any."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.engine.graph import references_in
from reconciler.engine.types import Reference
from reconciler.kinds import HANDLERS
from reconciler.operations.load import Loaded
from reconciler.spec.vault_secrets import SecretIdentifier


def vault_secrets(loaded: Loaded) -> Iterator[tuple[SecretIdentifier, bool]]:
    """Yield each secret once, and whether its vault is none that the spec makes."""
    references = {
        reference
        for resource in loaded.resources.values()
        for reference in references_in(resource.desired)
        if reference.secret
    }
    for reference in sorted(references, key=str):
        found = _identifier(reference, loaded)
        if found:
            yield found, not reference.address


def _identifier(reference: Reference, loaded: Loaded) -> SecretIdentifier | None:
    if not reference.address:
        return SecretIdentifier.of_url(reference.attribute)
    target = loaded.resources[reference.address]
    if not HANDLERS[target.kind].attributes.vault:
        return None
    name = reference.attribute.removeprefix("secrets.")
    return SecretIdentifier.in_vault(str(target.known["name"]), name)
