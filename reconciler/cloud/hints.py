"""What to do about an error of Azure, by its innermost code: only facts that are documented.

Sources, all below learn.microsoft.com: azure/azure-resource-manager/troubleshooting/
common-deployment-errors; rest/api/storageservices/common-rest-api-error-codes and
azure/storage/blobs/storage-blobs-troubleshoot (the three ways of 403); azure/key-vault/general/
rest-error-codes; entra/identity-platform/reference-error-codes (AADSTS);
azure/machine-learning/how-to-troubleshoot-online-endpoints.
"""

from __future__ import annotations

import re

HINTS = {
    "AuthorizationFailed": "grant the identity the action and scope named above",
    "LinkedAuthorizationFailed": "the identity also needs a role on the linked resource, for a "
    "managed identity `Managed Identity Operator`",
    "InvalidAuthenticationToken": "sign in again: `az login`",
    "InvalidAuthenticationTokenTenant": "the sign-in is of another tenant than the subscription: "
    "`az login --tenant TENANT`",
    "SubscriptionNotFound": "check `target.subscription_id`, and that the sign-in is of its tenant",
    "ReadOnlyDisabledSubscription": "the subscription is disabled and read-only: its owner must "
    "enable it in the Azure portal",
    "StorageAccountAlreadyTaken": "storage account names are global: choose another name",
    "VaultAlreadyExists": "key vault names are global: choose another name",
    "AlreadyInUse": "container registry names are global: choose another name",
    "QuotaExceeded": "lower the size or count, choose another size, or raise the quota in `quota:`",
    "OutOfQuota": "choose another `instance_type` or region, or raise the quota in `quota:`",
    "OutOfCapacity": "Azure has no machines of this size left in the region: choose another "
    "`instance_type` or region",
    "ContactSupport": "this family needs a support request in the Azure portal",
    "ScopeLocked": "remove the lock, or ask its owner",
    "RequestDisallowedByPolicy": "change what the Azure Policy named here forbids, or ask its "
    "owner for an exemption",
    "SkuNotAvailable": "choose another size or region",
    "LocationNotAvailableForResourceType": "choose another `target.location`",
    "LocationNotAvailableForResourceGroup": "correct `target.location`",
    "MissingSubscriptionRegistration": "run `reconcile plan`: registering the provider named above "
    "is a step of it; or `az provider register --namespace NAME`",
    "AuthorizationFailure": "the storage account's firewall does not let this network in: allow "
    "this address under its networking, or run from a network that it allows",
    "KeyBasedAuthenticationNotPermitted": "account keys are switched off there "
    "(`allow_shared_key_access`): sign in with an identity that has `Storage Blob Data "
    "Contributor`, or allow keys",
    "AuthorizationPermissionMismatch": "the identity lacks a data role on the storage account: "
    "grant it `Storage Blob Data Contributor` (for files `Storage File Data Privileged "
    "Contributor`)",
    "InsufficientAccountPermissions": "the storage account is not allowed this operation",
    "AuthenticationFailed": "the key or signature does not fit: check the clock of this machine, "
    "and whether the key was changed",
    "AccountIsDisabled": "the storage account is disabled: its owner must enable it",
    "PublicAccessNotPermitted": "public access to blobs is off there: sign in",
    "ForbiddenByFirewall": "the key vault's firewall does not let this network in: allow this "
    "address under its networking",
    "ForbiddenByConnection": "the key vault answers on its private endpoint only: run from within "
    "its network",
    "ForbiddenByRbac": "grant the identity a data role on the key vault, for secrets `Key Vault "
    "Secrets Officer`",
    "AADSTS16000": "sign in again: `az login --tenant TENANT`",
    "AADSTS50034": "this user is not in the tenant: sign in with another account, or name the "
    "right tenant: `az login --tenant TENANT`",
    "AADSTS50057": "the account is disabled: ask an administrator of the tenant",
    "AADSTS50076": "a second factor is wanted: `az login --tenant TENANT`",
    "AADSTS50079": "a second factor must be set up: `az login --tenant TENANT`",
    "AADSTS50173": "the sign-in was revoked: `az login`",
    "AADSTS53000": "Conditional Access wants a compliant device: sign in from one, or as a "
    "service principal",
    "AADSTS53003": "Conditional Access forbids this sign-in: sign in from a place and device that "
    "it allows, or ask an administrator of the tenant",
    "AADSTS65001": "an administrator must consent to the application in this tenant",
    "AADSTS70021": "no federated credential of the application fits the token: compare issuer, "
    "subject and audience with `az ad app federated-credential list`",
    "AADSTS700211": "no federated credential has this issuer: compare it with `az ad app "
    "federated-credential list`",
    "AADSTS700212": "no federated credential has this audience: it is usually "
    "`api://AzureADTokenExchange`",
    "AADSTS700213": "no federated credential has this subject: compare branch, environment and "
    "repository with `az ad app federated-credential list`",
    "AADSTS700016": "this tenant has no such application: check AZURE_CLIENT_ID and "
    "AZURE_TENANT_ID",
    "AADSTS700024": "the federated token is out of date: get a new one, and keep the job shorter "
    "than it lasts; check this machine's clock, too",
    "AADSTS700027": "the certificate is not one of the application's: upload it, or use the right "
    "one",
    "AADSTS700082": "the sign-in was not used for too long: `az login`",
    "AADSTS7000112": "the application is disabled in this tenant: ask an administrator",
    "AADSTS7000215": "the client secret is wrong: AZURE_CLIENT_SECRET must be the secret's value, "
    "not its id",
    "AADSTS7000222": "the client secret is over: make a new one (`az ad app credential reset`) and "
    "set AZURE_CLIENT_SECRET",
    "AADSTS90002": "no such tenant: check AZURE_TENANT_ID and the cloud",
    "AADSTS900023": "not a valid tenant id: check AZURE_TENANT_ID",
}

UNNAMED = "[N/A]"
"""What Azure says for a provider that it does not name."""
PROVIDERS = (
    ("/onlineendpoints", ("Microsoft.PolicyInsights", "Microsoft.Cdn")),
    (
        "/microsoft.machinelearningservices/workspaces",
        ("Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.ContainerRegistry"),
    ),
)
"""By a part of its address, what a resource takes beside its own provider.

Source: learn.microsoft.com/azure/machine-learning/how-to-manage-workspace (resource providers);
for endpoints what people report of `[N/A]`, UNVERIFIED against Azure.
"""
_PROVIDER = re.compile(r"/providers/([A-Za-z]+\.[A-Za-z.]+)", re.I)


def with_provider(text: str, url: str) -> tuple[str, str]:
    """Return a text with the provider that Azure left out, and what to register; "" for named ones.

    It is that of the resource at the address, or one that such a resource needs beside it.
    """
    own = _PROVIDER.findall(url)
    if UNNAMED not in text or not own:
        return text, ""
    beside = next((more for part, more in PROVIDERS if part in url.casefold()), ())
    names = tuple(dict.fromkeys((own[-1], *beside)))
    shown = own[-1] if len(names) == 1 else f"{names[0]}, or what it needs: {', '.join(names[1:])}"
    ask = " && ".join(f"az provider register --namespace {name}" for name in names)
    return text.replace(UNNAMED, shown), f"register each that is not registered yet: `{ask}`"


BY_WORDS = (
    (
        re.compile(r"already an endpoint with this name|endpoint.{0,60}unique within", re.I),
        "endpoint names are unique within a region: choose another name",
    ),
)
"""Causes that have no code of their own: Azure ML's gateway quotes its inner service in words."""


def hint_for(codes: tuple[str, ...], message: str) -> str:
    """Return what to do: by the innermost code that is known, whatever the outer ones are."""
    for code in reversed(codes):
        if code in HINTS:
            return HINTS[code]
    return next((hint for words, hint in BY_WORDS if words.search(message)), "")
