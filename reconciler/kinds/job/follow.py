"""Follow a run to its end, say why it does not move, and give up waiting without harm.

Whatever ends the wait (`--timeout`, Ctrl-C, a network that is gone, our own patience), the
run goes on in Azure: it is pending, and the same command finds it again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler.bounded_json import loads
from reconciler.cloud.backoff import MAX_WAIT_S, retry_after
from reconciler.cloud.poll import SETTLING, Backoff, outlast_outage, poll
from reconciler.diagnostics import DeadlineError, Diagnostic, PendingError, ReconcileError
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.job.attempts import API_VERSION, COMPLETED, ENDED_BADLY, status_of
from reconciler.kinds.job.queue_reasons import NO_REASON, QueueReason, queue_reason
from reconciler.kinds.job.runs import created, observe, registered, studio_link, why
from reconciler.kinds.job.settings import Wanted

CLUSTER_TAG = "_aml_system_ComputeTargetStatus"
NOT_STARTED = ("notstarted", "starting", "provisioning", "preparing", "queued", "scheduled")
STUCK = {
    "notresponding": QueueReason("Azure lost contact with its machine", "cancel it in the studio")
}
BETWEEN_LOOKS = Backoff(10.0, 1.3, 30.0)
REGISTERED_WITHIN_S = 60.0


def follow(context: HandlerContext, resource: Resource[Wanted]) -> None:
    """Follow the attempt that counts to its end.

    Raises `PendingError` when our wait ends first, `ReconcileError` with Azure's words
    when the run failed or was cancelled.
    """
    seen = outlast_outage(context.run, lambda: observe(context, resource))
    if seen is None:
        raise ReconcileError.because(f"`{resource.address}` has no run to follow")
    _Following(context, resource, seen).to_the_end()


class _Following:
    """One run under way, and what was last known of it."""

    def __init__(self, context: HandlerContext, resource: Resource[Wanted], seen: Observed) -> None:
        self._context = context
        self._resource = resource
        self._seen = seen
        self._began = time.monotonic()
        self._status = seen.message
        self._reason = NO_REASON
        self._said = ""

    def to_the_end(self) -> None:
        try:
            poll(self._context.run, self._look, self._has_ended, backoff=self._before_next)
        except DeadlineError as error:
            raise self._pending("the time given with --timeout is up") from error

    def _before_next(self, looks: int, answer: tuple[JsonObject, Mapping[str, str]]) -> float:
        """Say where the run is and return how long to wait; raises where nobody waits longer."""
        body, headers = answer
        self._said = self._say(body, self._said)
        self._refuse_to_wait()
        asked_s = retry_after(headers)
        return BETWEEN_LOOKS(looks) if asked_s is None else min(asked_s, MAX_WAIT_S)

    def _look(self) -> tuple[JsonObject, Mapping[str, str]]:
        arm, job_id = self._context.run.arm, str(self._seen.outputs["id"])
        body, headers, _ = outlast_outage(
            self._context.run, lambda: arm.send("GET", job_id, API_VERSION)
        )
        return body, headers

    def _has_ended(self, answer: tuple[JsonObject, Mapping[str, str]]) -> bool:
        body, _ = answer
        self._status = status_of(body)
        if self._status.casefold() in ENDED_BADLY:
            raise self._failed()
        if self._status.casefold() != COMPLETED:
            return False
        if self._resource.settings.asset:
            _await_model(self._context, self._resource, body)
        return True

    def _say(self, body: JsonObject, said: str) -> str:
        """Say where the run is, when that is news; return what was said last."""
        folded = self._status.casefold()
        self._reason = STUCK.get(folded, NO_REASON)
        if folded in NOT_STARTED:
            workspace = self._resource.settings.workspace
            self._reason = queue_reason(self._context, body, workspace)
        text = _progress(body, self._status, self._began, self._reason)
        if text != said:
            self._context.progress.say(self._resource.address, text, link=self._seen.link)
        return text

    def _refuse_to_wait(self) -> None:
        """Raise `PendingError` once the user's patience is over."""
        job, waited_s = self._resource.settings.job, time.monotonic() - self._began
        if not self._context.wait_for_runs:
            raise self._pending("not waited for (--no-wait)")
        queued = self._status.casefold() in NOT_STARTED
        if queued and waited_s > job.queue_timeout_minutes * 60:
            raise self._pending(f"it did not start within {job.queue_timeout_minutes} min")
        if waited_s > job.timeout_minutes * 60:
            raise self._pending(f"it took more than {job.timeout_minutes} min")

    def _pending(self, end: str) -> PendingError:
        reason = f" ({self._reason.text})" if self._reason.text else ""
        again = "it continues in Azure; run the same command again to follow it"
        return PendingError(
            Diagnostic(
                f"`{self._resource.address}` is {self._status} in Azure: {end}{reason}",
                self._resource.position,
                detail=self._seen.link,
                hint=f"{self._reason.hint}; {again}" if self._reason.hint else again,
            )
        )

    def _failed(self) -> ReconcileError:
        resource, name = self._resource, str(self._seen.outputs["name"])
        workspace = resource.settings.workspace
        return ReconcileError(
            Diagnostic(
                f"`{resource.address}` ended as {self._status}: "
                f"{why(self._context, workspace, name)}",
                resource.position,
                detail=f"logs: {studio_link(self._context, workspace, name)}",
                hint="fix the inputs (which starts a new run), or pass "
                f"`--retry {resource.address}` to run the same inputs again",
            )
        )


def _progress(body: JsonObject, status: str, began: float, reason: QueueReason) -> str:
    """Return `Queued, 12 min`, with what the cluster says while it is short of machines."""
    seconds = time.monotonic() - began
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(created(body))
        seconds = max(seconds, age.total_seconds())
    except (ValueError, TypeError):
        # No usable time of creation: the time that we have waited will do.
        pass
    text = f"{status}, {_duration(seconds)}"
    said = reason.text or _cluster_message(body)
    return f"{text}: {said}" if said else text


def _cluster_message(body: JsonObject) -> str:
    tag = ((body.get("properties") or {}).get("tags") or {}).get(CLUSTER_TAG)
    try:
        found = loads(str(tag or "{}"))
    except ValueError:
        return ""
    return str(found.get("Message") or "") if isinstance(found, dict) else ""


def _duration(seconds: float) -> str:
    minutes = int(seconds) // 60
    if minutes < 1:
        return f"{int(seconds)} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _await_model(context: HandlerContext, resource: Resource[Wanted], body: JsonObject) -> None:
    """Wait a little for the platform to register the model of a job that just completed."""
    poll(
        context.run,
        lambda: registered(context, resource.settings.workspace, body),
        bool,
        backoff=SETTLING,
        within_s=REGISTERED_WITHIN_S,
    )
