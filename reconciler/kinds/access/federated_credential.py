"""Federated credential: whose tokens an identity of the spec accepts in place of a secret.

A pipeline, a cluster or another tenant signs in as the identity. Azure has no place for a mark on
one but its name. It refuses two writes to one identity at the same time.
Source: learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations (20 for
an identity, one audience, no concurrent writes); az identity federated-credential.
"""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.types import JsonObject, Observed, Owner, Resource
from reconciler.kinds.access.federated_settings import MOST, FederatedCredential
from reconciler.kinds.access.identity import IdentityHandler
from reconciler.kinds.arm_fields import rules_of
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.ownership import mark
from reconciler.kinds.within import Within
from reconciler.spec.document import Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

COLLECTION = "federatedIdentityCredentials"
COLLECTION_WORD = "federated_credentials"
_TURNS: defaultdict[str, Lock] = defaultdict(Lock)


class FederatedCredentialHandler(ArmHandler):
    """Knows the federated credentials of the spec's identities."""

    kind = "federated credential"
    section = "identities"
    type = f"{IdentityHandler.type}/{COLLECTION}"
    api_version = "2024-11-30"
    has_tags = False
    patches = False
    within = (Within("managed identity", COLLECTION),)
    policy: ClassVar[Policy] = Policy(rules_of(FederatedCredential))

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add the credentials of every identity."""
        for name, settings in spec.identities.items():
            stated = settings.federated_credentials if settings else []
            path: Keys = ("identities", name, COLLECTION_WORD)
            if len(stated) > MOST:
                expansion.problem(f"an identity can have {MOST} federated credentials", path)
            _tell_twins(stated, expansion, path)
            for index, one in enumerate(stated):
                expansion.add(_resource(name, one, expansion, (*path, index)))

    def owner_in(self, body: JsonObject, owner: str, resource_id: str) -> tuple[Owner, str]:
        """Return whether its name ends with our mark."""
        home, _, name = resource_id.rpartition("/")
        stem, _, _ = name.rpartition("-")
        is_ours = bool(stem) and name == marked(owner, home, stem)
        return (Owner.OURS, owner) if is_ours else (Owner.NOBODY, "")

    def key_in(self, body: JsonObject) -> str:
        """Return the identity and the name, without the mark behind it."""
        home, _, name = str(body["id"]).rpartition("/")
        identity = home.rpartition("/")[0].rpartition("/")[2]
        return f"{identity}.{COLLECTION_WORD}.{name.rpartition('-')[0]}"

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """PUT it, one of an identity at a time."""
        with _turn(resource):
            super().create(context, resource, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PUT it as a whole, one of an identity at a time."""
        self.create(context, change.resource, desired)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete it, one of an identity at a time."""
        with _turn(resource):
            super().delete(context, resource, observed)


def marked(owner: str, home: str, name: str) -> str:
    """Return the name of a credential of ours in a collection: bound to the spec and to its place."""
    bound = mark(owner, f"{home}/{name}").rpartition(":")[2]
    return f"{name}-{bound}"


def _turn(resource: Resource) -> Lock:
    return _TURNS[resource.resource_id.partition(f"/{COLLECTION}/")[0].casefold()]


def _tell_twins(stated: list[FederatedCredential], expansion: Expansion, path: Keys) -> None:
    """Note two that say the same: Azure takes an issuer and a subject once for an identity."""
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(stated):
        if (one.issuer, one.subject) in seen:
            what = "another credential of this identity has the same issuer and subject"
            expansion.problem(what, (*path, index))
        seen.add((one.issuer, one.subject))


def _resource(
    identity: str, settings: FederatedCredential, expansion: Expansion, path: Keys
) -> Resource:
    holder = f"identities.{identity}"
    home = f"{expansion.known_id(holder)}/{COLLECTION}"
    properties = {
        "issuer": settings.issuer,
        "subject": settings.subject,
        "audiences": list(settings.audiences),
    }
    return Resource(
        f"{holder}.{COLLECTION_WORD}.{settings.name}",
        FederatedCredentialHandler.kind,
        f"{home}/{marked(expansion.owner, home, settings.name)}",
        {"properties": properties},
        settings=settings,
        position=expansion.document.position(path),
        depends_on=frozenset({holder}),
    )
