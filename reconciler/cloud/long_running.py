"""Wait for Azure's long-running operations, in every style that ARM knows.

Order of trust: `Azure-AsyncOperation`, then `Location`, then the body's
`provisioningState`, as ARM's async contract says
(learn.microsoft.com/azure/azure-resource-manager/management/async-operations). The
resource itself, read afterwards by the caller, is the truth: it also answers where the
operation's record is gone, makes no sense, or lies on a host that must not see our token.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from reconciler.cloud.backoff import retry_after, wait_seconds
from reconciler.cloud.endpoints import host_of
from reconciler.cloud.errors import operation_error
from reconciler.cloud.poll import outlast_outage, poll
from reconciler.cloud.run_limits import RunLimits
from reconciler.cloud.sender import Headers, Reply, Sender
from reconciler.diagnostics import ApiError, PendingError, ReconcileError, UnavailableError
from reconciler.engine.types import JsonObject

ACCEPTED = 202
NOT_FOUND = 404
SUCCEEDED = "succeeded"
ENDED_BADLY = ("failed", "canceled", "cancelled")
NO_RECORD = (200, 400, 404, 405, 410)
"""Statuses of a record that is gone or no record at all (200: what came was not JSON)."""
OPERATION_S = 7200.0
"""How long one operation may take before we stop waiting: it is pending then, not failed."""
PATIENT_TRIES = 20
"""How often the resource may show the contrary of what was accepted: about four minutes."""


class Poller:
    """One long-running operation, followed to its end.

    `resource` is the path and api-version of what it works on, None for an action; with
    `deletes` its end is that the resource is gone.
    """

    def __init__(
        self,
        arm: Sender,
        run: RunLimits,
        resource: tuple[str, str] | None,
        *,
        deletes: bool = False,
    ) -> None:
        """Its time begins now."""
        self._arm = arm
        self._run = run
        self._resource = resource
        self._deletes = deletes
        self._end = time.monotonic() + OPERATION_S

    def wait(self, status: int, headers: Headers, body: JsonObject) -> JsonObject:
        """Follow a write or an action from its first answer; return the last body seen.

        Raises `ApiError` with the operation's own error when it ends badly, `PendingError`
        when it does not end within two hours, or at once in a run that does not wait: but for
        an action, whose answer is needed. Some records go with what they delete.
        """
        if self._resource and (status == ACCEPTED or is_moving(body) or _follows(headers)):
            self._run.refuse_to_wait(self._resource[0].rpartition("/")[2])
        operation = self._address(headers, "azure-asyncoperation")
        if operation:
            return self._follow_operation(operation, headers)
        location = self._address(headers, "location") if status == ACCEPTED else ""
        if location:
            return self._follow_location(location, headers, body)
        fenced = headers.get("azure-asyncoperation") or headers.get("location")
        if self._resource and (status == ACCEPTED or is_moving(body)):
            return self._follow_resource(headers)
        if status == ACCEPTED and not self._resource and fenced:
            raise UnavailableError.because(
                "Azure is working on it, but gave a status address outside this cloud",
                detail=host_of(fenced),
                hint="look at the result in the portal, then run again",
            )
        return body

    def _address(self, headers: Headers, name: str) -> str:
        """Return a polling address that may see our token, "" where there is none."""
        url = headers.get(name, "")
        return url if url and self._run.cloud.may_receive_token(url) else ""

    def _follow_operation(self, url: str, headers: Headers) -> JsonObject:
        """Follow the record of an operation, which says how it ended."""

        def has_ended(answer: Reply) -> bool:
            state = _status(answer)
            return state in (SUCCEEDED, *ENDED_BADLY) or (not state and self._resource is not None)

        try:
            answer = self._poll(headers, lambda: self._ask(url, ""), has_ended)
        except ApiError as error:
            return self._instead(error)
        state = _status(answer)
        if state in ENDED_BADLY:
            raise operation_error(answer[0], url)
        return answer[0] if state == SUCCEEDED else self._follow_resource(answer[1])

    def _follow_location(self, url: str, headers: Headers, body: JsonObject) -> JsonObject:
        """Follow the address of a result, which answers 202 until it is there, and may move."""
        place = url

        def ask() -> Reply:
            nonlocal place
            answer = self._ask(place, "")
            place = self._address(answer[1], "location") or place
            return answer

        try:
            reply, _, _ = self._poll(headers, ask, lambda answer: answer[2] != ACCEPTED)
        except ApiError as error:
            if error.status == NOT_FOUND and not self._resource:
                return body
            return self._instead(error)
        return reply or body

    def _instead(self, error: ApiError) -> JsonObject:
        """Return what the resource says where the operation's record says nothing of use."""
        lost = error.status in NO_RECORD
        if not lost or not self._resource:
            raise error
        return self._follow_resource({})

    def _follow_resource(self, headers: Headers) -> JsonObject:
        """Follow the resource itself, until it is at rest, or gone where it is deleted."""
        looks = 0

        def has_ended(answer: Reply) -> bool:
            nonlocal looks
            looks += 1
            body, _, status = answer
            moves = status != NOT_FOUND and is_moving(body)
            if (status == NOT_FOUND) is self._deletes and not moves:
                return True
            if looks > PATIENT_TRIES and not moves:
                raise self._contrary()
            return False

        return self._poll(headers, self._look, has_ended)[0]

    def _poll(
        self, headers: Headers, ask: Callable[[], Reply], until: Callable[[Reply], bool]
    ) -> Reply:
        """Wait as the first answer says, then ask until it has ended, as each answer says.

        Raises `PendingError` when the time for an operation is over.
        """
        self._run.sleep(wait_seconds(retry_after(headers), 1))
        answer = poll(
            self._run,
            ask,
            until,
            backoff=lambda asked, reply: wait_seconds(retry_after(reply[1]), asked + 1),
            within_s=max(0.0, self._end - time.monotonic()),
        )
        if until(answer):
            return answer
        what = self._resource[0].rpartition("/")[2] if self._resource else "the action"
        raise PendingError.because(
            f"Azure is still working on {what} after {OPERATION_S / 3600:.0f} h",
            hint="run the same command again to keep waiting",
        )

    def _ask(self, path: str, api_version: str) -> Reply:
        return outlast_outage(self._run, lambda: self._arm.send("GET", path, api_version))

    def _look(self) -> Reply:
        if self._resource is None:
            raise AssertionError("an action has no resource to read")
        try:
            return self._ask(*self._resource)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return {}, {}, NOT_FOUND
            raise

    def _contrary(self) -> ReconcileError:
        path = self._resource[0] if self._resource else ""
        what = (
            "deleted, but it is still there" if self._deletes else "written, but it does not appear"
        )
        return ReconcileError.because(
            f"Azure says that {path.rpartition('/')[2]} is {what}",
            detail=path,
            hint="run `reconcile plan` in a few minutes",
        )


def _follows(headers: Headers) -> bool:
    """Whether an answer names the record of an operation."""
    return bool(headers.get("azure-asyncoperation"))


def _status(answer: Reply) -> str:
    return str(answer[0].get("status") or "").lower()


def is_moving(body: JsonObject) -> bool:
    """Return whether a resource's provisioning state says that Azure is not done yet."""
    state = provisioning_state(body)
    return bool(state) and state != SUCCEEDED and state not in ENDED_BADLY


def provisioning_state(body: JsonObject) -> str:
    """Return the lower-cased provisioning state, "" when the body has none."""
    properties = body.get("properties")
    found = properties.get("provisioningState") if isinstance(properties, dict) else None
    return str(found or body.get("provisioningState") or "").lower()
