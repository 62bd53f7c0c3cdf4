"""How long finished runs of a model took on a cluster: by its run history, in one list.

The list of jobs has no times. Source: azure-ai-ml's client of the run history
(`runs_list_by_compute`: `value[]` of `runId`, `status`, `startTimeUtc`, `endTimeUtc`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from reconciler.cloud.run_scope import RunScope
from reconciler.engine.durations import ENOUGH
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.base import Reads
from reconciler.kinds.job.attempts import API_VERSION, COMPLETED, FINE_TUNING, all_of, status_of
from reconciler.kinds.job.runs import history_of
from reconciler.kinds.job.settings import Wanted

HISTORY_API = "v1.0"
MOST_RUNS = 100


def lasted_s(run: RunScope, reads: Reads, job: Resource[Wanted], cluster_id: str) -> list[float]:
    """Return the seconds of each finished run of a job's model on a cluster.

    The history is asked only where the list of jobs, which a plan has read anyway, has enough of
    them. Raises `ReconcileError`.
    """
    workspace = job.settings.workspace
    listed = reads.list(f"{workspace}/jobs", API_VERSION, all_of(FINE_TUNING))
    names = set(_alike(listed, job, cluster_id))
    base = history_of(run.arm, workspace) if len(names) >= ENOUGH else ""
    if not base:
        return []
    cluster = cluster_id.rpartition("/")[2]
    address = f"{base}/v1.0{workspace}/computes/{cluster}/runs"
    page = run.arm.send("GET", address, HISTORY_API, params={"$top": str(MOST_RUNS)})[0]
    return list(_times(page.get("value"), names))


def _alike(listed: Iterable[JsonObject], job: Resource, cluster_id: str) -> Iterator[str]:
    """Yield the names of the finished jobs of the same model on the same cluster."""
    model = _model(job.desired)
    for body in listed:
        on = str((body.get("properties") or {}).get("computeId") or "")
        is_same = _model(body) == model and on.casefold() == cluster_id.casefold()
        if is_same and status_of(body).casefold() == COMPLETED:
            yield str(body.get("name"))


def _model(body: JsonObject) -> str:
    details = (body.get("properties") or {}).get("fineTuningDetails") or {}
    return str((details.get("model") or {}).get("uri")).casefold()


def _times(runs: Any, names: set[str]) -> Iterator[float]:
    for one in runs if isinstance(runs, list) else ():
        if isinstance(one, dict) and one.get("runId") in names:
            start, end = _moment(one.get("startTimeUtc")), _moment(one.get("endTimeUtc"))
            if start and end and end > start:
                yield (end - start).total_seconds()


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
