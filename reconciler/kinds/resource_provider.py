"""Resource provider: registering one is a step of the plan, never a side effect.

Azure refuses whatever belongs to a provider that the subscription has not registered
(MissingSubscriptionRegistration). Microsoft's clients would register it in the middle of any
request, even of a plan's GET. It is not stated in a spec: the plan adds it where something
is to be made with it, and nothing ever takes it back.
Source: learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types;
states from the specification of Microsoft.Resources/providers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.diagnostics import ApiError, DeniedError, Diagnostic
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.types import Address, JsonObject, Observed, Phase, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.expansion import Expansion

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2025-04-01"
ALWAYS_REGISTERED = frozenset({"microsoft.authorization", "microsoft.resources"})
"""Source: the page above, "registered by default"; of these the spec uses two."""
MISSING = "MissingSubscriptionRegistration"

_NAMESPACE = re.compile(r"/providers/([^/]+)", re.IGNORECASE)


class ResourceProviderHandler(Handler):
    """Knows how a provider is registered for the subscription."""

    kind = "resource provider"
    section = ""
    api_version = API_VERSION
    has_tags = False
    registers_provider = True
    deletable = False
    policy = Policy(uses_existing=True)

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add nothing: no section states it."""

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
        """Read the registration; None while there is none."""
        body = context.reads.get(resource.resource_id, API_VERSION)
        state = registration_of(body)
        if state in ("notregistered", "unregistered", "unregistering", ""):
            return None
        phase = Phase.READY if state == "registered" else Phase.PENDING
        message = "" if phase is Phase.READY else "being registered"
        return Observed(body or {}, {"id": resource.resource_id}, phase=phase, message=message)

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Ask for the registration; reading it back waits for its end.

        Raises `DeniedError` where the identity may not, with the command for who may.
        """
        try:
            context.run.arm.post(f"{resource.resource_id}/register", API_VERSION)
        except ApiError as error:
            if error.status != 403:
                raise
            first, name = error.diagnostics[0], resource.resource_id.rpartition("/")[2]
            raise DeniedError(
                Diagnostic(
                    first.summary,
                    detail=first.detail,
                    hint=f"ask an owner of the subscription for "
                    f"`az provider register --namespace {name}`",
                )
            ) from error

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Do nothing: a registration has nothing to change."""

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Do nothing: others may rely on the registration."""


def registration_of(body: JsonObject | None) -> str:
    """Return the lower-cased registration state that a provider's body says."""
    return str((body or {}).get("registrationState") or "").casefold()


def namespace_of(resource_id: str) -> str:
    """Return the provider that answers for a resource: the last one in its id, "" for none."""
    found = _NAMESPACE.findall(resource_id)
    return str(found[-1]) if found else ""


def address_of(namespace: str) -> Address:
    """Return the address of a provider's registration in a plan."""
    return f"provider.{namespace}"
