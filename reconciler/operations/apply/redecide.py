"""Observe, decide again, compare with what was approved: the one place where a run does that.

Each write is preceded by a decision on what Azure holds just then, after every wait and every
failure that may pass too. What the plan did not announce is refused (`engine.plan_scope`).
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from reconciler.diagnostics import ReconcileError, RefusedError
from reconciler.engine.decide import resolve
from reconciler.engine.decisions import Change, NoOp, Update
from reconciler.engine.plan_scope import exceeds_plan, is_cascade
from reconciler.engine.protection import block_if_protected
from reconciler.engine.types import (
    Action,
    Address,
    JsonObject,
    Observed,
    Phase,
    Reference,
    Resource,
)
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.connection.vault_secrets import reveal_outside
from reconciler.kinds.extensions import ComparesSecrets, Reveals
from reconciler.operations.apply.verify import is_same_one, is_surely_old
from reconciler.operations.diagnostics import changed_under_us, made_again
from reconciler.operations.plan.decide import decide_one, runs_again
from reconciler.operations.refresh import observe_fresh
from reconciler.reasons import SecretsDiffer
from reconciler.secrets import Secret


class LatestObserved:
    """What was last seen of each resource, for all that work on one plan."""

    def __init__(self, changes: Iterable[Change]) -> None:
        """Begin with what the plan saw."""
        self._lock = Lock()
        self._found = {change.address: change.observed for change in changes}

    def of(self, address: Address) -> Observed | None:
        """Return what was last seen of a resource, None when it was absent or never looked at."""
        with self._lock:
            return self._found.get(address)

    def note(self, address: Address, observed: Observed | None) -> None:
        """Keep what is seen now."""
        with self._lock:
            self._found[address] = observed


class Redecider:
    """Decides about the resources of one run, as often as they are looked at."""

    def __init__(
        self, resources: dict[Address, Resource], context: HandlerContext, seen: LatestObserved
    ) -> None:
        """Nothing was deleted yet."""
        self._resources = resources
        self._context = context
        self._seen = seen
        self._cleared: dict[Address, Observed] = {}

    def decided(self, approved: Change) -> tuple[Change, JsonObject]:
        """Return what is to be done now, and the body for it without references.

        Raises `RefusedError` for what is not ours, is protected, or was not announced.
        """
        resource = approved.resource
        observed = self._look(resource)
        self._seen.note(resource.address, observed)
        desired: JsonObject = resolve(resource.desired, self._value)
        now = decide_one(resource, desired, observed, retry=runs_again(approved))
        now = self._with_secrets(self._with_cause(now, approved), desired)
        self._refuse_more(approved, now)
        return now, desired

    def shown(self, resource: Resource) -> JsonObject:
        """Return what a read of the resource should show: no secret is fetched for it."""
        body: JsonObject = resolve(resource.desired, lambda r: None if r.secret else self._value(r))
        return body

    def cleared(self, address: Address, old: Observed) -> None:
        """Note that a resource was deleted to be made again: what is there from now on is new."""
        self._cleared[address] = old

    def _look(self, resource: Resource) -> Observed | None:
        """Read a resource. A read that shows what was deleted is asked again, and not believed.

        What Azure is at work on is returned as it is: that is waited for.
        """
        old = self._cleared.get(resource.address)
        if old is None:
            return observe_fresh(self._context, resource)

        def knows(seen: Observed | None) -> bool:
            is_busy = seen is not None and seen.phase is Phase.PENDING
            return is_busy or not is_same_one(old, seen)

        found: Observed | None = self._context.run.read_after_write.until(
            lambda: observe_fresh(self._context, resource), knows
        )
        return found if knows(found) or not is_surely_old(old, found) else None

    def _refuse_more(self, approved: Change, now: Change) -> None:
        if now.is_blocked:
            raise RefusedError(*now.problems)
        if now.is_pending:
            return  # what is to be done is decided when Azure is done
        if now.action is Action.REPLACE and now.address in self._cleared:
            raise RefusedError(made_again(now))
        policy = HANDLERS[now.resource.kind].policy
        more = exceeds_plan(approved, now, adopts=policy.adopts)
        if more:
            raise RefusedError(changed_under_us(approved, more))

    def _with_cause(self, now: Change, approved: Change) -> Change:
        """Keep an approved cascade: its cause lies in another resource.

        Not once the old one is gone in this run.
        """
        if now.address in self._cleared or not is_cascade(approved):
            return now
        if isinstance(now.decision, NoOp) and now.observed:
            return block_if_protected(now.deciding(approved.work))
        return now

    def _with_secrets(self, now: Change, desired: JsonObject) -> Change:
        """Compare what no plan reads."""
        if not isinstance(now.decision, NoOp) or not now.observed:
            return now
        handler = HANDLERS[now.resource.kind]
        if not isinstance(handler, ComparesSecrets):
            return now
        differing = tuple(handler.differences(self._context, now.resource, desired))
        return now.deciding(Update((), SecretsDiffer(differing))) if differing else now

    def _value(self, reference: Reference) -> Any:
        if reference.secret:
            return self._revealed(reference)
        target = self._resources[reference.address]
        if reference.attribute in target.known:
            return target.known[reference.attribute]
        seen = self._seen.of(reference.address)
        return None if seen is None else seen.outputs.get(reference.attribute)

    def _attribute(self, target: Resource, attribute: str) -> Secret:
        handler = HANDLERS[target.kind]
        if not isinstance(handler, Reveals):
            raise ReconcileError.because(f"`{target.address}` has no secret `{attribute}`")
        return handler.reveal(self._context, target, attribute)

    def _revealed(self, reference: Reference) -> Secret:
        """Return a secret; what stands in the way is told where the spec refers to it."""
        try:
            if reference.address:
                target = self._resources[reference.address]
                return self._attribute(target, reference.attribute)
            return reveal_outside(self._context.run, reference)
        except ReconcileError as error:
            error.diagnostics = [d.at(reference.position) for d in error.diagnostics]
            raise
