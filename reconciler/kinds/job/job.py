"""Fine-tuning job: run once for the same inputs, found again, never run twice.

The name is `<key>-<fingerprint>` over what decides the result: model, task, data versions
and hyperparameters. The size of the compute is not among them: it decides how long a run
takes, not what it learns, so a job is not repeated because its cluster was renamed or
resized. Clock, git commit and tool version are not inputs either.
Sources: learn.microsoft.com/azure/machine-learning/reference-yaml-job-finetuning; the type
is in preview api-versions only; a job's inputs can never be changed, only run anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.cloud.run_scope import RunScope
from reconciler.datasets.fingerprint import fingerprint
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import Rules
from reconciler.engine.types import Action, JsonObject, Observed, Reference, Resource
from reconciler.kinds.asset_references import asset_id
from reconciler.kinds.base import Handler, HandlerContext, Reads
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.job.attempts import FINE_TUNING
from reconciler.kinds.job.durations import lasted_s
from reconciler.kinds.job.follow import follow
from reconciler.kinds.job.inputs import folded, made_here, plain_text, uri_of
from reconciler.kinds.job.placing import add_job, cluster_named, home_of_job
from reconciler.kinds.job.row_fit import check_rows
from reconciler.kinds.job.runs import (
    INPUTS_PROPERTY,
    JOB_TAG,
    MODEL_OUTPUT,
    OUTPUT_ATTRIBUTE,
    adopt,
    delete,
    observe,
    observed,
    why_run,
)
from reconciler.kinds.job.settings import TASKS, Job, Wanted
from reconciler.kinds.job.submit import submit
from reconciler.kinds.machines import Occupied, occupied_by
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.kinds.retirements import report_model
from reconciler.kinds.within import Within
from reconciler.reasons import Concern, PaidRun
from reconciler.spec.document import Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec


HOLDS_FOR_THE_NEXT_RUN = frozenset(
    f"properties.{name}"
    for name in (
        "displayName",
        "experimentName",
        "description",
        "tags",
        "properties",
        "computeId",
        "resources",
        "queueSettings",
        "outputs",
    )
)
"""What a job has besides its inputs: no reason to run it again, and kept as it ran.

Source: Azure refuses to change most of a submitted job (`JobPropertyImmutable`).
"""


class JobHandler(Handler):
    """Knows fine-tuning jobs."""

    kind = "fine-tuning job"
    job_type: ClassVar[str] = FINE_TUNING
    section = "jobs"
    type = "Microsoft.MachineLearningServices/workspaces/jobs"
    api_version = "2024-10-01-preview"
    attributes = Attributes(frozenset({"id", "name", OUTPUT_ATTRIBUTE}))
    needs_grants = True
    keeps_history = True
    within = (Within("workspace", "jobs"),)
    links = frozenset({"computeId"})
    policy: ClassVar[Policy] = Policy(
        Rules(
            # The name is the digest of the inputs, so one that exists is the one we want.
            same={"properties": lambda observed, desired: True},
            create_only=HOLDS_FOR_THE_NEXT_RUN,
            labels={
                "properties.fineTuningDetails.taskType": "task",
                "properties.fineTuningDetails.modelProvider": "model_provider",
                "properties.fineTuningDetails.model.uri": "model",
                "properties.fineTuningDetails.trainingData.uri": "training_data",
                "properties.fineTuningDetails.validationData.uri": "validation_data",
                "properties.computeId": "compute",
                "properties.resources.instanceTypes": "resources.instance_types",
                "properties.queueSettings.jobTier": "queue_settings.job_tier",
                "properties.displayName": "display_name",
                "properties.experimentName": "experiment_name",
                "properties.description": "description",
                f"properties.outputs.{MODEL_OUTPUT}.assetName": f"outputs.{MODEL_OUTPUT}.name",
                **{
                    f"properties.fineTuningDetails.hyperParameters.{name}": name
                    for name in (
                        "num_train_epochs",
                        "learning_rate",
                        "lr_scheduler_type",
                        "warmup_steps",
                        "per_device_train_batch_size",
                        "per_device_eval_batch_size",
                        "gradient_accumulation_steps",
                        "weight_decay",
                        "max_seq_length",
                        "apply_lora",
                        "lora_alpha",
                        "lora_r",
                        "lora_dropout",
                        "precision",
                        "seed",
                    )
                },
            },
        ),
        runs=True,
    )

    def knows(self, body: JsonObject) -> bool:
        """Return whether a body out of a list is a job of this type; one that says none is ours too."""
        job_type = str((body.get("properties") or {}).get("jobType") or JobHandler.job_type)
        return super().knows(body) and job_type.casefold() == self.job_type.casefold()

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the runs that carry a mark and are not archived: the list filters by tag.

        One list has those of all types, so that it is asked for once; a version knows all of them.
        """
        found = context.reads.list(
            f"{parent}/{collection}", JobHandler.api_version, {"tag": OWNER_TAG}
        )
        return [body for body in found if self.knows(body)]

    def key_in(self, body: JsonObject) -> str:
        """Return the key of the job that it is a run of."""
        tags = (body.get("properties") or {}).get("tags") or {}
        return str(tags.get(JOB_TAG) or super().key_in(body))

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each job, its name computed from its inputs."""
        for key, settings in spec.jobs.items():
            workspace = isinstance(settings, Job) and home_of_job(key, expansion)
            if isinstance(settings, Job) and workspace:
                add_job(_resource(key, settings, workspace, spec, expansion), expansion)

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Say that a new run is paid for."""
        if change.action is Action.RUN:
            yield PaidRun()

    def observe(self, context: HandlerContext, resource: Resource[Wanted]) -> Observed | None:
        """Read the run of these inputs; of several attempts the one that did not fail counts."""
        return observe(context, resource)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what the body of one attempt says by itself."""
        return observed(context, resource, body)

    def preflight(self, context: HandlerContext, resource: Resource) -> Preflight:
        """Say why there is something to run: what changed since the last run of this job."""
        return Preflight(reason=why_run(context, resource))

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Submit the job under a name that is free, and return as soon as Azure has it."""
        submit(context, resource, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Take over a run that is there: only its tags are written."""
        adopt(context, change, desired)

    def occupied(self, resource: Resource) -> Occupied | None:
        """Return the node that it runs on; on serverless compute Azure picks one."""
        return occupied_by(resource.desired["properties"].get("computeId"))

    def lasted_s(
        self, run: RunScope, reads: Reads, resource: Resource, cluster_id: str
    ) -> list[float]:
        """Return how long each finished run of the same model took on a cluster."""
        return lasted_s(run, reads, resource, cluster_id)

    def stated_wait_s(self, resource: Resource) -> float:
        """Return the job's `timeout_minutes`: a run may take days."""
        wanted = resource.settings
        return wanted.job.timeout_minutes * 60.0 if isinstance(wanted, Wanted) else 0.0

    def follow(self, context: HandlerContext, resource: Resource) -> None:
        """Follow the run to its end."""
        follow(context, resource)

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Cancel it where it still runs, then delete every attempt's record."""
        delete(context, resource)


def _resource(
    key: str, settings: Job, workspace: str, spec: Spec, expansion: Expansion
) -> Resource[Wanted]:
    path: Keys = ("jobs", key)
    model = settings.model if isinstance(settings.model, str) else settings.model.path
    report_model(model, expansion, ("jobs", key, "model"))
    model = asset_id(model, workspace, "models")
    train, train_input = uri_of(
        settings.training_data, workspace, expansion, (*path, "training_data")
    )
    inputs: JsonObject = {
        "model": folded(model, workspace),
        "task": settings.task,
        "model_provider": settings.model_provider,
        "training_data": train_input,
    }
    details: JsonObject = {
        "modelProvider": "Custom",
        "taskType": TASKS[settings.task],
        "model": {"jobInputType": "mlflow_model", "uri": model},
        "trainingData": {"jobInputType": "uri_file", "uri": train},
    }
    if settings.validation_data is not None:
        place = (*path, "validation_data")
        uri, inputs["validation_data"] = uri_of(
            settings.validation_data, workspace, expansion, place
        )
        details["validationData"] = {"jobInputType": "uri_file", "uri": uri}
    check_rows(settings, details, expansion, path)
    texts = {name: plain_text(value) for name, value in settings.hyperparameters.items()}
    inputs.update({f"hyperparameters.{name}": text for name, text in texts.items()})
    if texts:
        details["hyperParameters"] = texts
    resource_id = f"{workspace}/jobs/{key}-{fingerprint(inputs)}"
    asset = asset_name(key, settings, spec)
    return Resource(
        f"jobs.{key}",
        JobHandler.kind,
        resource_id,
        {"properties": _properties(key, settings, details, inputs, asset, resource_id, expansion)},
        settings=Wanted(settings, workspace, inputs, asset),
        position=expansion.document.position(path, of_key=True),
        depends_on=frozenset({"workspace", *_data_needs(train, details, workspace, expansion)}),
    )


def _data_needs(train: Any, details: JsonObject, workspace: str, expansion: Expansion) -> set[str]:
    """Return the addresses of what the job reads: datasets, and datastores with their files."""
    uris = (train, (details.get("validationData") or {}).get("uri"))
    needed = {uri.address for uri in uris if isinstance(uri, Reference)}
    for uri in uris:
        needed |= set(made_here(uri, workspace, expansion)) if isinstance(uri, str) else set()
    return needed


def _properties(  # noqa: PLR0913 - the parts of one body
    key: str,
    settings: Job,
    details: JsonObject,
    inputs: JsonObject,
    asset: str,
    resource_id: str,
    expansion: Expansion,
) -> JsonObject:
    path: Keys = ("jobs", key)
    properties: JsonObject = {
        "jobType": "FineTuning",
        "displayName": settings.display_name or key,
        "experimentName": settings.experiment_name or expansion.owner,
        "tags": {**expansion.tracked_tags(resource_id, settings.tags), JOB_TAG: key},
        "properties": {
            **settings.properties,
            INPUTS_PROPERTY: json.dumps(inputs, sort_keys=True, separators=(",", ":")),
        },
        "fineTuningDetails": details,
        "outputs": {MODEL_OUTPUT: {"jobOutputType": "mlflow_model", "assetName": asset}},
    }
    if settings.description:
        properties["description"] = settings.description
    if settings.compute:
        named = cluster_named(settings.compute, resource_id.partition("/jobs/")[0], expansion)
        properties["computeId"] = expansion.reference(
            named, (*path, "compute"), kinds=("compute cluster",)
        )
    if settings.resources:
        properties["resources"] = {"instanceTypes": list(settings.resources.instance_types)}
    if settings.queue_settings:
        properties["queueSettings"] = {"jobTier": settings.queue_settings.job_tier.title()}
    return properties


def asset_name(key: str, settings: Job, spec: Spec) -> str:
    """Return the name under which the platform registers the model by itself.

    That of the first `models` entry that refers to the job, so that nothing is registered
    twice; `<spec>-<job>` where none does.
    """
    stated = settings.outputs.registered_model.name
    if stated:
        return stated
    refers = re.compile(rf"\$\{{\{{\s*jobs\.{re.escape(key)}(\.[\w.]+)?\s*\}}\}}")
    for model_key, model in spec.models.items():
        if refers.fullmatch(model.path.strip()):
            return str(model.name or model_key)
    return f"{spec.name}-{key}"
