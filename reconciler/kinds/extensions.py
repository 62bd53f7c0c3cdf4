"""What only some kinds can do: small protocols, found by asking the handler for the method.

The core of a handler (`base.Handler`) is the same for all. Whoever needs more asks with
`isinstance(handler, ...)`, so that a kind states an ability by having it and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic
from reconciler.engine.contained import WHOLE_BODY, Announced
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import states_hidden
from reconciler.engine.plan_scope import is_whole
from reconciler.engine.types import Action, Address, JsonObject, Observed, Reference, Resource
from reconciler.kinds.ability import Ability
from reconciler.kinds.base import Handler, HandlerContext, Reads
from reconciler.reasons import Concern
from reconciler.secrets import Secret
from reconciler.spec.document import Document


@runtime_checkable
class ChecksFiles(Ability, Protocol):
    """A kind whose resources name local files (a dataset, a flow)."""

    def check(self, resource: Resource, document: Document) -> Iterable[Diagnostic]:
        """Return what is wrong with the files. No network."""


@runtime_checkable
class MayUpload(Ability, Protocol):
    """A kind with local files, of whose resources some send nothing to storage."""

    def uploads(self, resource: Resource) -> bool:
        """Return whether work on a resource sends files to the workspace's storage. Pure."""
        ...


def uploads(handler: Handler, resource: Resource) -> bool:
    """Return whether a resource of a kind is uploaded: one with files is, unless its kind knows."""
    if isinstance(handler, MayUpload):
        return handler.uploads(resource)
    return isinstance(handler, ChecksFiles)


@runtime_checkable
class Reviews(Ability, Protocol):
    """A kind that knows more of a decision than its policy says."""

    def review(self, change: Change) -> Change:
        """Return the decision with what only this kind knows: a reason, or a block. Pure."""


@dataclass(frozen=True)
class Grant:
    """A role that somebody is given: what Azure calls it and holds it at, and to whom.

    `principal`: an object id, or the reference to it where the spec makes the identity.
    """

    scope: str
    role: str
    principal: str | Reference
    principal_type: str


@runtime_checkable
class GrantsRoles(Ability, Protocol):
    """A kind that gives roles to identities."""

    def grant(self, resource: Resource) -> Grant:
        """Return what a resource grants, its role by GUID. Pure."""
        ...


@runtime_checkable
class HasHost(Ability, Protocol):
    """A kind whose resources answer at a host of their own, which no two can have."""

    def host(self, resource: Resource, cloud: Cloud) -> str:
        """Return the host by which everybody in the world calls it. Pure."""
        ...


@dataclass(frozen=True)
class Contact:
    """Somebody that work on a resource talks to; `url` is "" where it has no address yet."""

    what: str
    url: str


@runtime_checkable
class HasContacts(Ability, Protocol):
    """A kind whose work talks to others than Azure Resource Manager."""

    def contacts(self, context: HandlerContext, resource: Resource) -> Iterable[Contact]:
        """Return whom; what Azure alone knows of it is read. Raises `ReconcileError`."""
        ...


@runtime_checkable
class ServesModel(Ability, Protocol):
    """A kind that loads a model into the memory of its machines."""

    def serves_model(self, resource: Resource, resources: Mapping[Address, Resource]) -> str:
        """Return the name of the registry's model behind it, "" where nobody knows. Pure."""
        ...


@runtime_checkable
class TellsConsequences(Ability, Protocol):
    """A kind of which a change leaves something behind that its fields do not show."""

    def consequences(self, change: Change) -> Iterable[str]:
        """Return what is to be known before it is carried out, a sentence each. Pure."""


@runtime_checkable
class WritesElsewhere(Ability, Protocol):
    """A kind whose fields do not stand in the body at its resource's own id, or not there alone."""

    def written(self, change: Change) -> Mapping[str, Announced]:
        """Return what its writes may change: ids, and in their bodies the paths and values. Pure."""
        ...


def written_by(handler: Handler, change: Change) -> Mapping[str, Announced]:
    """Return what the writes of a change may change: its own fields, unless its kind says more."""
    if isinstance(handler, WritesElsewhere):
        return handler.written(change)
    return own_fields(change)


ANEW = (Action.CREATE, Action.RUN, Action.REPLACE)
"""What makes a body as a whole."""


def own_fields(change: Change) -> dict[str, Announced]:
    """Return the fields of a change, at the id that it really has in Azure."""
    seen = change.observed.outputs.get("id") if change.observed else ""
    fields = {f.keys: f.after for f in change.fields}
    place = str(seen or change.resource.resource_id)
    return {place: WHOLE_BODY if announces_all(change) else fields}


def announces_all(change: Change) -> bool:
    """Return whether a plan announced all of a body: it is made, written once more, or goes.

    Of what is waited for, what is done after the wait counts.
    """
    return is_whole(change) or change.work.action in (*ANEW, Action.DELETE)


@runtime_checkable
class EndsRuns(Ability, Protocol):
    """A kind on which runs go on that end when it goes, or gets smaller."""

    def ends_runs(self, change: Change) -> str:
        """Return the workspace whose runs the change may end, "" where it ends none. Pure."""
        ...


@runtime_checkable
class TellsDurations(Ability, Protocol):
    """A kind that runs on a cluster, of which runs like the next one may have ended."""

    def lasted_s(
        self, run: RunScope, reads: Reads, resource: Resource, cluster_id: str
    ) -> list[float]:
        """Return the seconds that each of them took. Raises `ReconcileError`."""
        ...


@runtime_checkable
class Preflights(Ability, Protocol):
    """A kind whose creates may be known to fail before they are tried."""

    def preflight(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Look, before a create, for what would make it fail; return what the plan is to tell.

        Raises `RefusedError` for a create that must not be tried (a soft-deleted twin).
        """


@runtime_checkable
class Reveals(Ability, Protocol):
    """A kind with secrets that others may refer to."""

    def reveal(self, context: HandlerContext, resource: Resource, attribute: str) -> Secret:
        """Return a secret attribute, at the moment of a write."""


@runtime_checkable
class ComparesSecrets(Ability, Protocol):
    """A kind with secrets that no GET shows, and that a plan does not read."""

    def differences(
        self, context: HandlerContext, resource: Resource, desired: JsonObject
    ) -> Iterable[str]:
        """Return labels of secret fields that differ; only apply may ask, it reads secrets."""


def compares_secrets(handler: Handler, resource: Resource) -> bool:
    """Return whether apply must look at secrets of a resource: it states some of such a kind."""
    return isinstance(handler, ComparesSecrets) and states_hidden(
        resource.desired, handler.policy.rules
    )


@runtime_checkable
class FollowsRuns(Ability, Protocol):
    """A kind whose create starts something that runs on by itself (a job)."""

    def follow(self, context: HandlerContext, resource: Resource) -> None:
        """Follow a run to its end.

        Raises `PendingError` when the wait ends before the run does, `ReconcileError` when
        the run failed.
        """


@runtime_checkable
class StatesWait(Ability, Protocol):
    """A kind for which the spec says how long to wait."""

    def stated_wait_s(self, resource: Resource) -> float:
        """Return how long the spec lets us wait, beside what any resource may take."""


@runtime_checkable
class LeavesRemains(Ability, Protocol):
    """A kind of which Azure keeps something after a delete."""

    def remains(self, resource: Resource) -> str:
        """Say what is kept, "" when nothing."""


@runtime_checkable
class HoldsCredentials(Ability, Protocol):
    """A kind that keeps an address and secrets for others (a connection)."""

    def credentials(self, context: HandlerContext, resource_id: str) -> JsonObject:
        """Return what is kept, secrets and all: for comparing and calling only."""


@runtime_checkable
class RaisesConcerns(Ability, Protocol):
    """A kind of whose changes a reader must not miss something."""

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Return what a plan says of a change before anything else. Pure."""
        ...


@runtime_checkable
class RoutesTraffic(Ability, Protocol):
    """A kind that passes requests on to what is in it (an endpoint)."""

    def shares(self, observed: Observed) -> Mapping[str, int]:
        """Return who answers now, by lower-case name, in percent; nobody with nothing."""
        ...


@runtime_checkable
class SetsTraffic(Ability, Protocol):
    """A kind that says who is to answer the requests of what it is in."""

    def shares_of(self, resource: Resource) -> Mapping[str, int]:
        """Return who is to answer, by lower-case name, in percent."""
        ...
