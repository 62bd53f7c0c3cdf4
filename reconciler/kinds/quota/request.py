"""Ask Azure for cores, and wait for its answer with a bound.

A request that is still open is followed, not made again. An answer may take days: then
the run ends as pending and the next one waits on.
Source: learn.microsoft.com/rest/api/quota/quota-request-status.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from reconciler.cloud.backoff import retry_after, wait_seconds
from reconciler.cloud.poll import poll
from reconciler.diagnostics import ApiError, Diagnostic, PendingError, ReconcileError
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.base import HandlerContext

API_VERSION = "2025-09-01"
OPEN = ("accepted", "inprogress")
REFUSED = ("failed", "invalid", "canceled")
REFUSAL_CODES = (
    "ContactSupport",
    "QuotaNotAvailableForResource",
    "DeprecatedQuotaType",
    "QuotaReductionNotSupported",
)
LONGEST_PAUSE_S = 30.0
BY_HAND = (
    "ask for it in the Azure portal (Help + support, Service and subscription limits), "
    "choose another `vm_family`, size or region"
)


def request_cores(
    context: HandlerContext,
    resource: Resource,
    desired: JsonObject,
    is_there: Callable[[], bool],
    bound_s: float,
) -> None:
    """Ask for the wanted limit unless that is asked already, then wait until it is granted.

    Raises `PendingError` when Azure is still thinking after `bound_s` seconds, and
    `ReconcileError` when it says no.
    """
    request = _open_request(context, resource, desired) or _ask(context, resource, desired)

    def turn() -> tuple[str, float | None]:
        state, asked_s = _state(context, request) if request else ("", None)
        if state in REFUSED:
            raise _refused(context, resource, request)
        return f"quota request {state or 'sent'}", asked_s

    _until_there(context, resource, is_there, bound_s, turn)


def wait_for_cores(
    context: HandlerContext, resource: Resource, is_there: Callable[[], bool], bound_s: float
) -> None:
    """Wait until somebody has raised the limit. Raises `PendingError` after `bound_s` seconds."""
    _until_there(context, resource, is_there, bound_s, lambda: ("waiting for quota", None))


def _until_there(
    context: HandlerContext,
    resource: Resource,
    is_there: Callable[[], bool],
    bound_s: float,
    turn: Callable[[], tuple[str, float | None]],
) -> None:
    """Wait; before each pause `turn` says what is waited for and how long Azure asks to wait."""
    doing, end = "", time.monotonic() + bound_s

    def pause_s(looks: int, _there: bool) -> float:  # noqa: FBT001 - what `is_there` said
        nonlocal doing
        doing, asked_s = turn()
        context.progress.say(resource.address, doing)
        left = max(0.0, end - time.monotonic())
        return min(wait_seconds(asked_s, looks), LONGEST_PAUSE_S, left)

    within_s = bound_s if context.run.waits else 0.0
    if not poll(context.run, is_there, bool, backoff=pause_s, within_s=within_s):
        doing = doing or turn()[0]
        raise PendingError(
            Diagnostic(
                f"`{resource.address}`: the cores are not available yet ({doing})",
                resource.position,
                hint="run the same command again to keep waiting",
            )
        )


def _ask(context: HandlerContext, resource: Resource, desired: JsonObject) -> str:
    """Send the request and return the path of its status, "" when it was granted at once."""
    arm = context.run.arm
    try:
        reply, headers, status = arm.send("PUT", resource.resource_id, API_VERSION, body=desired)
    except ApiError as error:
        if error.code not in REFUSAL_CODES:
            raise
        first = error.diagnostics[0]
        told = Diagnostic(first.summary, resource.position, first.detail, BY_HAND)
        raise ApiError(error.status, error.code, told) from error
    if status == 200:
        return ""
    for name in ("location", "azure-asyncoperation"):
        path = urlsplit(headers.get(name, "")).path
        if "/quotarequests/" in path.lower():
            return path
    reply_id = str(reply.get("id") or "")
    return reply_id if "/quotarequests/" in reply_id.lower() else ""


def _open_request(context: HandlerContext, resource: Resource, desired: JsonObject) -> str:
    """Return the path of a request for at least these cores that Azure still works on."""
    place, _, family = resource.resource_id.rpartition("/quotas/")
    wanted = desired["properties"]["limit"]["value"]
    for item in context.run.arm.list(f"{place}/quotaRequests", API_VERSION):
        properties = item.get("properties") or {}
        if str(properties.get("provisioningState")).lower() not in OPEN:
            continue
        for part in properties.get("value") or ():
            name = str((part.get("name") or {}).get("value"))
            asked = (part.get("limit") or {}).get("value") or 0
            if name.casefold() == family.casefold() and asked >= wanted:
                return str(item["id"])
    return ""


def _state(context: HandlerContext, request: str) -> tuple[str, float | None]:
    """Return the state of a request in lower case, and after how many seconds to ask again."""
    body, headers, _ = context.run.arm.send("GET", request, API_VERSION)
    state = (body.get("properties") or {}).get("provisioningState")
    return str(state or "").lower(), retry_after(headers)


def _refused(context: HandlerContext, resource: Resource, request: str) -> ReconcileError:
    body = context.run.arm.get(request, API_VERSION) or {}
    properties = body.get("properties") or {}
    reason = (properties.get("error") or {}).get("message") or properties.get("message") or ""
    return ReconcileError(
        Diagnostic(
            f"Azure refused the quota request of `{resource.address}`",
            resource.position,
            detail=str(reason),
            hint=BY_HAND,
        )
    )
