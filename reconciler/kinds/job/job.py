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
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from reconciler.datasets.fingerprint import fingerprint
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change, Preflight
from reconciler.engine.diff import Rules
from reconciler.engine.types import Action, JsonObject, Observed, Reference, Resource
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.job.follow import follow
from reconciler.kinds.job.inputs import ASSET, DataInput, asset_id, plain_text, uri_of
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
from reconciler.kinds.job.submit import submit
from reconciler.kinds.machines import Occupied, occupied_by
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.kinds.retirements import report_model
from reconciler.kinds.serving.endpoint import workspace_of
from reconciler.kinds.within import Within
from reconciler.reasons import Concern, PaidRun
from reconciler.spec.document import Keys
from reconciler.spec.model import RefOrId, SpecModel, Tags

KEY_MAX = 240

TASKS = {
    "chat_completion": "ChatCompletion",
    "text_completion": "TextCompletion",
    "text_classification": "TextClassification",
    "question_answering": "QuestionAnswering",
    "text_summarization": "TextSummarization",
    "token_classification": "TokenClassification",
    "text_translation": "TextTranslation",
}

Scalar = str | bool | int | float
DataRef = Annotated[str, StringConstraints(min_length=1, max_length=2048)] | DataInput


class ModelInput(SpecModel):
    """The model to start from, as a map."""

    path: Annotated[str, StringConstraints(pattern=ASSET)]
    """`azureml://registries/REGISTRY/models/NAME/versions/VERSION`, or a model in the workspace."""
    type: Literal["mlflow_model"] = "mlflow_model"
    """Its format."""


class RegisteredModel(SpecModel):
    """How the fine-tuned model is registered."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][A-Za-z0-9_-]{0,254}$")] | None = (
        None
    )
    """The model's name. Default: that of the `models` entry that refers to this job."""
    type: Literal["mlflow_model"] = "mlflow_model"
    """Its format."""


class Outputs(SpecModel):
    """What the job produces."""

    registered_model: RegisteredModel = Field(default_factory=RegisteredModel)
    """The fine-tuned model."""


class JobResources(SpecModel):
    """Serverless compute: Azure picks one of the sizes."""

    instance_types: list[str] = Field(min_length=1, max_length=20)
    """Acceptable VM sizes."""


class QueueSettings(SpecModel):
    """How a job on serverless compute is queued."""

    job_tier: Literal["spot", "basic", "standard", "premium"] = "standard"
    """The tier; `spot` may be interrupted."""


class Job(SpecModel):
    """A fine-tuning job."""

    type: Literal["finetuning"] = "finetuning"
    """The type of job."""
    task: Literal[
        "chat_completion",
        "text_completion",
        "text_classification",
        "question_answering",
        "text_summarization",
        "token_classification",
        "text_translation",
    ] = "chat_completion"
    """The task the model is trained for."""
    model_provider: Literal["custom"] = "custom"
    """Who runs the training; `custom` trains on your own compute."""
    model: Annotated[str, StringConstraints(pattern=ASSET)] | ModelInput
    """The model to start from: `azureml://registries/azureml/models/NAME/versions/VERSION`."""
    training_data: DataRef
    """A dataset in this spec, `azureml:NAME:VERSION`, or an `azureml://` path."""
    validation_data: DataRef | None = None
    """Rows used to evaluate the model, never to train it."""
    compute: RefOrId | None = None
    """A cluster in this spec, or the ARM id of one."""
    resources: JobResources | None = None
    """Serverless compute instead of `compute`."""
    queue_settings: QueueSettings | None = None
    """Queue settings for serverless compute."""
    hyperparameters: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$")], Scalar
    ] = Field(default_factory=dict)
    """Hyperparameters of the model's training component, for example `learning_rate`."""
    experiment_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")] | None = (
        None
    )
    """The experiment the run is listed under. Default: the spec's name."""
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    """The name shown in the studio. Default: the key."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Free-form properties of the job."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""
    outputs: Outputs = Field(default_factory=Outputs)
    """What the job produces."""
    timeout_minutes: Annotated[int, Field(ge=1, le=30240)] = 1440
    """How many minutes `apply` waits for the job to finish. The job keeps running in Azure, and the
    next run follows it."""
    queue_timeout_minutes: Annotated[int, Field(ge=1, le=30240)] = 240
    """How many minutes `apply` waits for the job to start."""

    @model_validator(mode="after")
    def _placed(self) -> Job:
        if (self.compute is None) == (self.resources is None):
            raise ValueError("give either `compute`, or `resources` with `instance_types`")
        if self.queue_settings and not self.resources:
            raise ValueError("`queue_settings` is for serverless compute (`resources`)")
        return self


@dataclass(frozen=True)
class Wanted:
    """What handling a job takes beyond its body."""

    job: Job
    workspace: str
    inputs: JsonObject
    asset: str


class JobHandler(Handler):
    """Knows fine-tuning jobs."""

    kind = "fine-tuning job"
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

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the runs that carry a mark and are not archived: the list filters by tag."""
        params = {"jobType": "FineTuning", "tag": OWNER_TAG}
        return context.reads.list(f"{parent}/{collection}", self.api_version, params)

    def key_in(self, body: JsonObject) -> str:
        """Return the key of the job that it is a run of."""
        tags = (body.get("properties") or {}).get("tags") or {}
        return str(tags.get(JOB_TAG) or super().key_in(body))

    def expand(self, spec: Any, expansion: Expansion) -> None:
        """Add each job, its name computed from its inputs."""
        for key, settings in spec.jobs.items():
            path: Keys = ("jobs", key)
            workspace = workspace_of(expansion, path)
            if len(key) > KEY_MAX:
                expansion.problem(f"`{key}` is too long to be the name of a job", path)
            if workspace:
                resource = expansion.add(_resource(key, settings, workspace, spec, expansion))
                # A retried job has another id (`...-a2`): only Azure knows which one counts.
                expansion.resources[resource.address] = replace(resource, known={})

    def concerns(self, change: Change) -> Iterable[Concern]:
        """Say that a new run is paid for."""
        if change.action is Action.RUN:
            yield PaidRun()

    def observe(self, context: HandlerContext, resource: Resource) -> Observed | None:
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


def _resource(key: str, settings: Job, workspace: str, spec: Any, expansion: Expansion) -> Resource:
    path: Keys = ("jobs", key)
    model = settings.model if isinstance(settings.model, str) else settings.model.path
    report_model(model, expansion, ("jobs", key, "model"))
    model = asset_id(model, workspace, "models")
    train, train_input = uri_of(
        settings.training_data, workspace, expansion, (*path, "training_data")
    )
    inputs: JsonObject = {
        "model": model.lower() if model.startswith("/") else model,
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
        depends_on=frozenset({"workspace", *_data_needs(train, details, expansion)}),
    )


def _data_needs(train: Any, details: JsonObject, expansion: Expansion) -> set[str]:
    """Return the addresses of the datasets that the job reads."""
    uris = (train, (details.get("validationData") or {}).get("uri"))
    return {uri.address for uri in uris if isinstance(uri, Reference)}


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
        properties["computeId"] = expansion.reference(
            settings.compute, (*path, "compute"), kinds=("compute cluster",)
        )
    if settings.resources:
        properties["resources"] = {"instanceTypes": list(settings.resources.instance_types)}
    if settings.queue_settings:
        properties["queueSettings"] = {"jobTier": settings.queue_settings.job_tier.title()}
    return properties


def asset_name(key: str, settings: Job, spec: Any) -> str:
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
