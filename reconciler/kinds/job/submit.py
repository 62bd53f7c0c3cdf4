"""Submit a fine-tuning job through azure-ai-ml, exactly once.

No submission is sent twice (`cloud.rules.SUBMISSION`): where its answer is lost, the job is
looked for under its name, and what to do is decided again.
"""

from __future__ import annotations

from typing import Any

from reconciler.cloud.sdk import translated
from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.assets import workspace_client
from reconciler.kinds.job.attempts import all_attempts, attempt_id
from reconciler.kinds.job.runs import MODEL_OUTPUT
from reconciler.kinds.job.settings import Wanted
from reconciler.kinds.ownership import OWNER_TAG, mark

MAX_ATTEMPTS = 50


def submit(context: HandlerContext, resource: Resource[Wanted], desired: JsonObject) -> None:
    """Submit the job under the next free name; a run that has not failed is left alone."""
    job_id = free_id(context, resource)
    if not job_id:
        return
    with workspace_client(context, resource.settings.workspace) as client, translated():
        job = _entity(context, job_id, desired["properties"])
        job.properties = _WithoutGit(job.properties)
        client.jobs.create_or_update(job)


def free_id(context: HandlerContext, resource: Resource[Wanted]) -> str:
    """Return the id of the next attempt, "" when one is under way or done.

    A number between two attempts may be that of a deleted one, and no name is used twice.
    """
    attempts = all_attempts(context, resource.resource_id, resource.settings.job_type)
    if any(not attempt.has_failed for attempt in attempts):
        return ""
    last = max((attempt.number for attempt in attempts), default=0)
    if last < MAX_ATTEMPTS:
        return attempt_id(resource.resource_id, last + 1)
    raise ReconcileError.because(
        f"`{resource.address}` failed {last} times with the same inputs",
        hint="change the inputs",
    )


def _entity(context: HandlerContext, job_id: str, properties: JsonObject) -> Any:
    from azure.ai.ml.finetuning import create_finetuning_job

    details = properties["fineTuningDetails"]
    validation = details.get("validationData") or {}
    job = create_finetuning_job(
        name=job_id.rpartition("/")[2],
        task=details["taskType"],
        model=details["model"]["uri"],
        training_data=details["trainingData"]["uri"],
        # Without validation data azure-ai-ml 1.35 ends in an UnboundLocalError.
        validation_data=validation.get("uri") or details["trainingData"]["uri"],
        hyperparameters=details.get("hyperParameters") or {},
        compute=properties.get("computeId"),
        instance_types=(properties.get("resources") or {}).get("instanceTypes"),
        job_tier=(properties.get("queueSettings") or {}).get("jobTier"),
        output_model_name_prefix=properties["outputs"][MODEL_OUTPUT]["assetName"],
        display_name=properties["displayName"],
        experiment_name=properties["experimentName"],
        description=properties.get("description"),
        tags={**properties["tags"], OWNER_TAG: mark(context.owner, job_id)},
        properties=dict(properties["properties"]),
    )
    if not validation:
        job.validation_data = None
    return job


class _WithoutGit(dict[str, str]):
    """Properties of a job that azure-ai-ml adds no git state of the current folder to.

    It adds what it found only where none of it is there already (1.35,
    `JobOperations.create_or_update`), and is told that it is. The commit is no input of the run,
    and its remote's address may not be for everybody's eyes.
    """

    def __contains__(self, key: object) -> bool:
        return True
