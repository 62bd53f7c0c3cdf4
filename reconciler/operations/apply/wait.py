"""Wait for Azure to come to rest: read-after-create, what is under way, role propagation.

Every wait is bounded and ends at once when the run is stopped. What failed and may pass is
decided again by `retry`; the transport below retries faults.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from threading import Lock

from reconciler.cloud.poll import SETTLING, outlast_outage, poll
from reconciler.cloud.read_after_write import pause_s
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, PendingError, ReconcileError
from reconciler.engine.decisions import Change
from reconciler.engine.types import Address, Observed, Phase, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.extensions import FollowsRuns

APPEAR_S = 120.0
SETTLE_S = 7200.0
FRESH_GRANT_S = 1800.0
"""How old a role assignment may be and still not be in effect everywhere.

Azure says ten minutes, up to thirty where it is inherited or cached
(learn.microsoft.com/azure/role-based-access-control/troubleshooting).
"""
IsNew = Callable[[Observed], bool]
"""Returns whether what is seen is what was written, and not what was there before."""
Lookup = Callable[[Address], Observed | None]


class Waiter:
    """The waits of one apply, and when its role assignments were made."""

    def __init__(self, run: RunScope) -> None:
        """Nothing granted yet."""
        self._run = run
        self._granted: dict[Address, float] = {}
        self._lock = Lock()

    def shows(
        self, look: Callable[[], Observed | None], resource: Resource, is_new: IsNew
    ) -> Observed:
        """Look until Azure shows what was just written, and return what it shows.

        What is there but still as it was before (not `is_new`) may come from a replica that is
        behind: it is believed after half a minute. The first look that agrees is the last one.
        Raises `ReconcileError` when nothing shows within two minutes.
        """
        return self._run.read_after_write.until(lambda: self._appears(look, resource), is_new)

    def _appears(self, look: Callable[[], Observed | None], resource: Resource) -> Observed:
        found = poll(
            self._run,
            look,
            lambda seen: seen is not None,
            backoff=lambda asked, _: pause_s(asked),
            within_s=APPEAR_S,
        )
        if found is None:
            raise ReconcileError.because(
                f"`{resource.address}` was written but cannot be read back",
                detail=resource.resource_id,
                hint="run `reconcile plan` in a few minutes",
            )
        return found

    def wait(self, context: HandlerContext, resource: Resource) -> None:
        """Wait until a resource that Azure is working on is ready or failed.

        Runs are followed by their own handler. Raises `PendingError` when it takes longer
        than the bound, or when the user does not want to wait.
        """
        handler = HANDLERS[resource.kind]
        if isinstance(handler, FollowsRuns):
            handler.follow(context, resource)
            return

        self._run.refuse_to_wait(f"`{resource.address}`")

        def look() -> Observed | None:
            seen = outlast_outage(self._run, lambda: handler.observe(context, resource))
            if seen is not None and seen.phase is Phase.PENDING:
                context.progress.say(resource.address, seen.message)
            return seen

        seen = poll(self._run, look, _is_at_rest, backoff=SETTLING, within_s=SETTLE_S)
        if seen is not None and seen.phase is Phase.PENDING:
            raise PendingError(
                Diagnostic(
                    f"`{resource.address}` is still {seen.message} in Azure",
                    resource.position,
                    hint="run the same command again to keep waiting",
                )
            )

    def granted(self, address: Address) -> None:
        """Note that a role assignment was made just now."""
        with self._lock:
            self._granted[address] = time.monotonic()

    def has_fresh(self, grants: Iterable[Address], seen: Lookup) -> bool:
        """Return whether any of these role assignments may not be in effect yet.

        It was made in this run, or Azure says that it is younger than half an hour.
        """
        grants = list(grants)
        with self._lock:
            if any(a in self._granted for a in grants):
                return True
        return any(_age_s(seen(a)) < FRESH_GRANT_S for a in grants)

    def wait_for_grants(
        self, context: HandlerContext, change: Change, grants: Iterable[Address], seen: Lookup
    ) -> bool:
        """Wait until role assignments are old enough to have taken effect.

        Those of this run by our own clock, those of an earlier one (it may have been killed
        just after it made them) by when Azure says that they were made. Returns whether there
        was anything to wait for: what was seen before is old then.
        Only for kinds whose failure cannot be retried in place: a job or a deployment that
        starts before its identity may read ends as failed.
        Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting.
        """
        if not HANDLERS[change.resource.kind].needs_grants:
            return False
        propagation_s = self._run.cloud.role_propagation_s
        ages_s = [self._age_s(a, seen) for a in grants]
        remaining = propagation_s - min((max(0.0, age) for age in ages_s), default=math.inf)
        if remaining <= 0:
            return False
        if not self._run.waits:
            raise _not_in_effect(change.resource)
        context.progress.say(change.address, "waiting for role assignments to take effect")
        self._run.sleep(remaining)
        return True

    def _age_s(self, grant: Address, seen: Lookup) -> float:
        """Return how long ago a role assignment was made; negative where the clocks differ."""
        with self._lock:
            made = self._granted.get(grant)
        return _age_s(seen(grant)) if made is None else time.monotonic() - made


def _not_in_effect(resource: Resource) -> PendingError:
    """Return the end of a run that does not wait for roles to take effect."""
    return PendingError(
        Diagnostic(
            f"`{resource.address}` needs roles that may not be in effect yet",
            resource.position,
            hint="the next run looks at it again",
        )
    )


def _is_at_rest(seen: Observed | None) -> bool:
    return seen is None or seen.phase is not Phase.PENDING


def _age_s(grant: Observed | None) -> float:
    """Return how long ago Azure made an assignment, by its own word; for ever where it is silent.

    Azure's clock against ours: one of the two may be wrong, and the age negative.
    """
    text = str(((grant.body.get("properties") if grant else None) or {}).get("createdOn") or "")
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return math.inf
    if made.tzinfo is None:
        made = made.replace(tzinfo=UTC)
    return (datetime.now(UTC) - made).total_seconds()
