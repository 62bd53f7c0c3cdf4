"""Which error codes fit which mutation, by resource provider."""

from __future__ import annotations

from tests.sandbox.examples.mutations import Mutation

PROVIDERS = {  # what a provider says to a body it cannot use; the gateway's own words fit all
    "microsoft.storage": {"RequestIsNotValidJson", "InvalidValuesForRequestParameters"},
    "microsoft.keyvault": {"BadRequest"},
    "microsoft.machinelearningservices": {"BadRequest", "UserError"},
    "microsoft.quota": {"InvalidRequest"},
}
GATEWAY = {
    "InvalidRequestContent",
    "LocationRequired",
    "InvalidIdentityType",
    "LocationNotAvailableForResourceType",
    "LocationNotAvailableForResourceGroup",
}
NAMES = {
    "microsoft.storage": {"AccountNameInvalid"},
    "microsoft.keyvault": {"VaultNameNotValid"},
}
BY_KIND = {
    "unknown api-version": {"NoRegisteredProviderFound", "InvalidApiVersionParameter"},
    "unknown type": {"InvalidResourceType"},
    "parent missing": {"ParentResourceNotFound"},
    "resource group missing": {"ResourceGroupNotFound"},
}


def fits(mutation: Mutation, code: str) -> bool:
    """Whether a provider may answer a mutation with this code."""
    namespace = mutation.request.path.lower().rpartition("/providers/")[2].split("/")[0]
    if mutation.kind in BY_KIND:
        return code in BY_KIND[mutation.kind]
    if mutation.kind == "bad name":
        return code in NAMES.get(namespace, set()) | {"InvalidResourceName", "InvalidResourceGroup"}
    return code in PROVIDERS.get(namespace, set()) | GATEWAY
