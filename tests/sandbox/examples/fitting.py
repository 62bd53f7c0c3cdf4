"""Which error codes fit which mutation, by resource provider."""

from __future__ import annotations

from tests.sandbox.examples.mutations import Mutation

BY_KIND = {
    "unknown api-version": {"NoRegisteredProviderFound", "InvalidApiVersionParameter"},
    "unknown type": {"InvalidResourceType"},
    "parent missing": {"ParentResourceNotFound"},
    "resource group missing": {"ResourceGroupNotFound"},
}


def fits(mutation: Mutation, code: str) -> bool:
    """Whether a provider may answer a mutation with this code."""
    wanted = BY_KIND.get(mutation.kind)
    return bool(code) if wanted is None else code in wanted
