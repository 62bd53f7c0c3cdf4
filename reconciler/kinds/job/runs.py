"""Runs of a fine-tuning job: find the one of these inputs, or say why there is none.

`job_attempts` finds the attempts of one job; here is what they mean: phase, outputs, the
reason of a failure, and what changed since the last run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.bounded_json import loads
from reconciler.cloud.poll import SETTLING, poll
from reconciler.diagnostics import (
    ApiError,
    DeniedError,
    PendingError,
    ReconcileError,
    UnavailableError,
)
from reconciler.engine.decisions import Change
from reconciler.engine.types import JsonObject, Observed, Phase, Resource
from reconciler.kinds.arm_handler import without
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.job.attempts import (
    API_VERSION,
    COMPLETED,
    ENDED,
    ENDED_BADLY,
    FINE_TUNING,
    all_attempts,
    current_attempt,
    listed_jobs,
    status_of,
)
from reconciler.kinds.job.settings import Wanted
from reconciler.kinds.ownership import OWNER_TAG, is_ours, mark, tag_owner
from reconciler.reasons import InputChange, InputsChanged, NoRunYet, OtherRun, Reason
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from reconciler.cloud.arm import ArmClient

STABLE_API_VERSION = "2026-05-01"
JOB_TAG = "reconcile-job"
INPUTS_PROPERTY = "reconcile.inputs"
FILES_PROPERTY = "reconcile.files"
CODE = "code"
"""The input whose value is the digest of a folder, and the property that has those of its files."""
MODEL_OUTPUT = "registered_model"
OUTPUT_ATTRIBUTE = f"outputs.{MODEL_OUTPUT}"

FILLED_IN = frozenset({"status", "services"})
"""Properties of a job that Azure makes and does not take."""
ENDS_WITHIN_S = 900.0


def observe(context: HandlerContext, resource: Resource[Wanted]) -> Observed | None:
    """Return what Azure says of the attempt that counts, None when there is none."""
    found = current_attempt(context, resource.resource_id, resource.settings.job_type)
    if found is None:
        return None
    workspace = resource.settings.workspace
    seen = observed(context, resource, found.body)
    seen = replace(seen, link=studio_link(context, workspace, str(seen.outputs["name"])))
    if seen.phase is Phase.READY:
        return replace(seen, outputs={**seen.outputs, **left_behind(context, resource, seen.body)})
    if seen.phase is Phase.FAILED:
        reason = why(context, workspace, str(seen.outputs["name"]))
        return replace(seen, message=f"{seen.message}: {reason}")
    return seen


def observed(context: HandlerContext, resource: Resource[Wanted], body: JsonObject) -> Observed:
    """Return what the body of one attempt says by itself."""
    workspace = resource.settings.workspace
    name = str(body.get("name") or resource.resource_id.rpartition("/")[2])
    job_id = f"{workspace}/jobs/{name}"
    owner, owner_name = tag_owner(body, context.owner, job_id)
    status = status_of(body)
    phase = Phase.PENDING
    if status.casefold() == COMPLETED:
        phase = Phase.READY
    elif status.casefold() in ENDED_BADLY:
        phase = Phase.FAILED
    message = "" if phase is Phase.READY else status
    outputs = {"id": job_id, "name": name}
    return Observed(body, outputs, owner, phase, message, owner_name=owner_name)


def studio_link(context: HandlerContext, workspace: str, name: str) -> str:
    """Return the address of a run in the studio, as `az ml` prints it."""
    return f"{context.run.cloud.studio}/runs/{name}?wsid={workspace}"


def left_behind(
    context: HandlerContext, resource: Resource[Wanted], body: JsonObject
) -> dict[str, str]:
    """Return what others may refer to of a run that completed: its outputs, or its model."""
    if resource.settings.job_type == FINE_TUNING:
        return registered(context, resource.settings.workspace, body)
    name = str(body["name"])
    outputs = body["properties"].get("outputs") or {}
    return {f"outputs.{key}": f"azureml://jobs/{name}/outputs/{key}" for key in outputs}


def registered(context: HandlerContext, workspace: str, body: JsonObject) -> JsonObject:
    """Return the id of the model version that the platform registered for a job, if any."""
    outputs = body["properties"].get("outputs") or {}
    asset = (outputs.get(MODEL_OUTPUT) or {}).get("assetName")
    if not asset:
        return {}
    versions = context.reads.list(f"{workspace}/models/{asset}/versions", STABLE_API_VERSION)
    for version in versions:
        if (version.get("properties") or {}).get("jobName") == body["name"]:
            return {OUTPUT_ATTRIBUTE: str(version["id"])}
    return {}


def why_run(context: HandlerContext, resource: Resource[Wanted]) -> Reason:
    """Return why there is something to run: nothing ran yet, or what changed since."""
    key = resource.address.partition(".")[2]
    last = _last_run(context, resource, key)
    if last is None:
        return NoRunYet()
    wanted = resource.settings
    changed = _changes(_stated(last, INPUTS_PROPERTY), wanted.inputs)
    files = changed_files(_stated(last, FILES_PROPERTY), wanted.files)
    changed = tuple(replace(c, files=files) if c.name == CODE else c for c in changed)
    name, status = str(last["name"]), status_of(last)
    return InputsChanged(changed, name, status) if changed else OtherRun(name, status)


def _last_run(context: HandlerContext, resource: Resource[Wanted], key: str) -> JsonObject | None:
    """Return our most recent run of this job; no request when the workspace is new."""
    workspace = resource.settings.workspace
    ours = [
        body
        for body in listed_jobs(context, workspace, resource.settings.job_type)
        if (body["properties"].get("tags") or {}).get(JOB_TAG) == key
        and _is_ours(context, workspace, body)
    ]
    return max(ours, key=created, default=None)


def _is_ours(context: HandlerContext, workspace: str, body: JsonObject) -> bool:
    owner, _ = tag_owner(body, context.owner, f"{workspace}/jobs/{body['name']}")
    return is_ours(Observed(body, owner=owner))


def created(body: JsonObject) -> str:
    """Return when a run was submitted, as Azure writes it; "" when it does not say."""
    return str((body.get("systemData") or {}).get("createdAt") or "")


def _stated(body: JsonObject, name: str) -> JsonObject:
    text = (body["properties"].get("properties") or {}).get(name)
    try:
        found = loads(str(text or "{}"))
    except ValueError:
        # Somebody edited the property; the fingerprint in the name does not depend on it.
        return {}
    return found if isinstance(found, dict) else {}


def changed_files(before: JsonObject, now: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files of a code folder that differ; none where those before are not known."""
    names = sorted({*before, *now}) if before else ()
    return tuple(name for name in names if before.get(name) != now.get(name))


def _changes(before: JsonObject, now: JsonObject) -> tuple[InputChange, ...]:
    """Return each input that differs, as the spec names it."""
    names = [*now, *(name for name in before if name not in now)]
    return tuple(
        InputChange(
            name.removeprefix("hyperparameters."),
            None if before.get(name) is None else str(before[name]),
            None if now.get(name) is None else str(now[name]),
        )
        for name in names
        if before.get(name) != now.get(name)
    )


def why(context: HandlerContext, workspace: str, name: str) -> str:
    """Return Azure's reason for a failure; it stands only in the run history."""
    arm = context.run.arm
    try:
        base = history_of(arm, workspace)
        if not base:
            return "Azure does not say where its run history is"
        details = arm.send("GET", f"{base}/v1.0{workspace}/runs/{name}/details", "")[0]
    except (ApiError, UnavailableError, DeniedError) as error:
        return f"the reason cannot be read ({error.diagnostics[0].summary})"
    return _reason(details) or "Azure gives no reason"


def history_of(arm: ArmClient, workspace: str) -> str:
    """Return the address of a workspace's run history, "" where Azure does not say it."""
    home = arm.get(workspace, STABLE_API_VERSION) or {}
    address = str((home.get("properties") or {}).get("discoveryUrl") or "")
    services = arm.send("GET", address, "")[0] if address else {}
    api = str(services.get("history") or services.get("api") or "").rstrip("/")
    return api if not api or api.endswith("/history") else f"{api}/history"


def _reason(details: JsonObject) -> str:
    error: Any = details.get("error") or {}
    error = error.get("error", error) if isinstance(error, dict) else {}
    if not isinstance(error, dict):
        return ""
    return on_one_line(error.get("message") or error.get("code") or "", 600)


def adopt(context: HandlerContext, change: Change, desired: JsonObject) -> None:
    """Put our tags on a run that somebody else submitted, beside those that it has.

    Source: Azure's refusal JobPropertyImmutable, which names what may be changed of a job.
    """
    if change.observed is None:
        raise ReconcileError.because(f"`{change.address}` was deleted while it was being adopted")
    job_id = str(change.observed.outputs["id"])
    shown = change.observed.body["properties"]
    tags = {**(shown.get("tags") or {}), **desired["properties"]["tags"]}
    tags[OWNER_TAG] = mark(context.owner, job_id)
    body = {"properties": {**without(shown, FILLED_IN), "tags": tags}}
    context.run.arm.put(job_id, API_VERSION, body)


def delete(context: HandlerContext, resource: Resource[Wanted]) -> None:
    """Cancel what still runs, then delete the record of every attempt that is ours.

    The last one first: whatever cuts this short, the ones that are left are found by name.
    """
    arm = context.run.arm
    for attempt in reversed(
        all_attempts(context, resource.resource_id, resource.settings.job_type)
    ):
        if not attempt.is_ours:
            continue
        if attempt.status not in ENDED:
            arm.post(f"{attempt.id}/cancel", API_VERSION)
            _await_end(context, attempt.id)
        arm.delete(attempt.id, API_VERSION)


def _await_end(context: HandlerContext, job_id: str) -> None:
    def has_ended(body: JsonObject | None) -> bool:
        return body is None or status_of(body).casefold() in ENDED

    context.run.refuse_to_wait(f"{job_id.rpartition('/')[2]}, which is being cancelled")
    last = poll(
        context.run,
        lambda: context.run.arm.get_expected(job_id, API_VERSION),
        has_ended,
        backoff=SETTLING,
        within_s=ENDS_WITHIN_S,
    )
    if not has_ended(last):
        raise PendingError.because(
            "Azure is still cancelling the run", hint="run the same command again later"
        )
