"""The section `jobs` of a spec: what may be said of a fine-tuning job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from pydantic import Field, StringConstraints, model_validator

from reconciler.engine.types import JsonObject
from reconciler.kinds.asset_references import Cluster, ModelVersion
from reconciler.kinds.code import Code
from reconciler.kinds.job.attempts import FINE_TUNING
from reconciler.kinds.job.hyperparameters import Hyperparameters
from reconciler.kinds.job.inputs import DataInput
from reconciler.spec.model import SpecModel, Tags, TextOr

TASKS = {
    "chat_completion": "ChatCompletion",
    "text_completion": "TextCompletion",
    "text_classification": "TextClassification",
    "question_answering": "QuestionAnswering",
    "text_summarization": "TextSummarization",
    "token_classification": "TokenClassification",
    "text_translation": "TextTranslation",
}

DataRef = TextOr[Annotated[str, StringConstraints(min_length=1, max_length=2048)], DataInput]


class ModelInput(SpecModel):
    """The model to start from, as a map."""

    path: ModelVersion
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
    model: TextOr[ModelVersion, ModelInput]
    """The model to start from: `azureml://registries/azureml/models/NAME/versions/VERSION`."""
    training_data: DataRef
    """A dataset in this spec, `azureml:NAME:VERSION`, or an `azureml://` path."""
    validation_data: DataRef | None = None
    """Rows used to evaluate the model, never to train it."""
    compute: Cluster | None = None
    """A cluster in this spec, `azureml:NAME` for one in the workspace, or the ARM id of one."""
    resources: JobResources | None = None
    """Serverless compute instead of `compute`."""
    queue_settings: QueueSettings | None = None
    """Queue settings for serverless compute."""
    hyperparameters: Hyperparameters = Field(default_factory=dict)
    """Hyperparameters of the model's training component, for example `learning_rate`. With the
    usual names, a value with which no training succeeds is refused."""
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


class Followed(Protocol):
    """What following a run takes of a job."""

    @property
    def timeout_minutes(self) -> int:
        """How long to wait for its end."""

    @property
    def queue_timeout_minutes(self) -> int:
        """How long to wait for its start."""


@dataclass(frozen=True)
class Wanted:
    """What handling a job takes beyond its body."""

    job: Followed
    workspace: str
    inputs: JsonObject
    asset: str = ""
    """The name of the model that the platform registers by itself, if any."""
    job_type: str = FINE_TUNING
    files: Mapping[str, str] = field(default_factory=dict)
    """A digest of each file of the code, by its name."""
    code: Code | None = None
