"""Why a queued job does not start: what its cluster says of quota, capacity and nodes.

Source of the fields: azure-rest-api-specs, MachineLearningServices 2025-06-01,
`AmlComputeProperties` (allocationState, errors, nodeStateCounts, current- and
targetNodeCount). The error codes are not documented as a closed list (UNVERIFIED), so they
are shown as they are, and only sorted by the words in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import ApiError, DeniedError, UnavailableError
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext
from reconciler.secrets import on_one_line

API_VERSION = "2026-05-01"
MAX_TEXT = 300

QUOTA_WORDS = ("quota", "corelimit")
CAPACITY_WORDS = ("allocation", "capacity", "overconstrained", "skunotavailable", "notavailable")

QUOTA_HINT = "raise the quota (`quota:` with `on_short: request`) or stop what uses it"
CAPACITY_HINT = "the region has no capacity for this size now: wait, or use another size or region"
NODES_HINT = "scale the cluster to 0 and back in the studio to get new machines"


@dataclass(frozen=True)
class QueueReason:
    """Why nothing starts, and what helps; both empty while nothing is wrong."""

    text: str = ""
    hint: str = ""


NO_REASON = QueueReason()


def queue_reason(context: HandlerContext, job: JsonObject, workspace: str) -> QueueReason:
    """Return what the cluster of a queued job says; nothing where it cannot be asked."""
    compute_id = _compute_id(job, workspace)
    if not compute_id:
        return NO_REASON
    try:
        body = context.run.arm.get(compute_id, API_VERSION)
    except (ApiError, UnavailableError, DeniedError):
        # The job is what counts: its own status was read just now.
        return NO_REASON
    name = compute_id.rpartition("/")[2]
    if body is None:
        return QueueReason(f"the cluster {name} no longer exists", "run apply again")
    return reason_of(name, (body.get("properties") or {}))


def reason_of(name: str, compute: JsonObject) -> QueueReason:
    """Return what the properties of a cluster say of why it has no machine for a job."""
    inner = compute.get("properties") or {}
    error = _first_error(inner.get("errors")) or _first_error(compute.get("provisioningErrors"))
    if error:
        return QueueReason(f"cluster {name}: {error}", _hint(error))
    states = inner.get("nodeStateCounts") or {}
    counts = {k: whole_number_in(states, k) for k in states}
    unusable, preempted = counts.get("unusableNodeCount", 0), counts.get("preemptedNodeCount", 0)
    if unusable:
        return QueueReason(f"cluster {name}: {_nodes(unusable)} unusable", NODES_HINT)
    if preempted:
        return QueueReason(f"cluster {name}: {_nodes(preempted)} preempted", CAPACITY_HINT)
    limit = (inner.get("scaleSettings") or {}).get("maxNodeCount")
    if limit == 0:
        return QueueReason(f"cluster {name}: `max_instances` is 0", "set it to 1 or more")
    busy = counts.get("runningNodeCount", 0)
    if limit and busy >= limit:
        return QueueReason(f"cluster {name}: {_nodes(busy)} busy with other jobs of {limit}")
    return NO_REASON


def _compute_id(job: JsonObject, workspace: str) -> str:
    found = str((job.get("properties") or {}).get("computeId") or "")
    return found if not found or found.startswith("/") else f"{workspace}/computes/{found}"


def _first_error(errors: Any) -> str:
    """Return `Code: message` of the first error of a list, "" when there is none."""
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first.get("error", first) if isinstance(first, dict) else {}
    if not isinstance(first, dict):
        return ""
    parts = [str(first.get(part) or "") for part in ("code", "message")]
    return on_one_line(": ".join(p for p in parts if p), MAX_TEXT)


def _hint(error: str) -> str:
    folded = error.casefold()
    if any(word in folded for word in QUOTA_WORDS):
        return QUOTA_HINT
    return CAPACITY_HINT if any(word in folded for word in CAPACITY_WORDS) else NODES_HINT


def _nodes(count: int) -> str:
    return f"{count} node" if count == 1 else f"{count} nodes"
