"""The section `jobs` of a spec: what may be said of a command job, which trains with your own code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from reconciler.kinds.asset_references import Cluster
from reconciler.kinds.environment.settings import Environment
from reconciler.kinds.job.settings import QueueSettings
from reconciler.spec.model import AssetTags, RefOrId, SpecModel, TextOr, matching

ASSET_TYPES = Literal[
    "uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model"
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Name = Annotated[
    str, matching(r"^[A-Za-z_][A-Za-z0-9_]{0,254}$", "letters, digits and underscores")
]
Count = Annotated[int, Field(ge=1, le=10_000)]
Literal_ = str | bool | int | float


class JobInput(SpecModel):
    """A file, a folder, a table or a model that a job reads."""

    path: Text
    """A dataset, model or output of a job in this spec, `azureml:NAME:VERSION`, a path in a
    datastore (`azureml://datastores/...`), or a URL (`https:`, `wasbs:`, `abfss:`)."""
    type: ASSET_TYPES = "uri_folder"
    """What it is."""
    mode: (
        Literal[
            "ro_mount", "rw_mount", "download", "direct", "eval_mount", "eval_download", "mount"
        ]
        | None
    ) = None
    """How the job sees it. Default: mounted, to be read."""


class JobOutput(SpecModel):
    """A file, a folder, a table or a model that a job writes."""

    type: ASSET_TYPES = "uri_folder"
    """What it is."""
    path: Annotated[str, StringConstraints(pattern=r"^azureml://")] | None = None
    """The folder in a datastore. Default: one of the run's own."""
    mode: Literal["rw_mount", "upload", "direct", "mount"] | None = None
    """When it is written: at once, or after the run. Default: at once."""
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][A-Za-z0-9_-]{0,254}$")] | None = (
        None
    )
    """The asset that Azure ML registers of it by itself. Default: none."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""


def _is_map(value: Any) -> str:
    return "data" if isinstance(value, dict | JobInput) else "literal"


AnyInput = Annotated[
    Annotated[JobInput, Tag("data")] | Annotated[Literal_, Tag("literal")], Discriminator(_is_map)
]


class PyTorch(SpecModel):
    """PyTorch: one process for each GPU, started by Azure ML."""

    type: Literal["pytorch"]
    """The kind of distribution."""
    process_count_per_instance: Count | None = None
    """Processes on each node. Default: 1."""


class Mpi(SpecModel):
    """MPI (Horovod, DeepSpeed)."""

    type: Literal["mpi"]
    """The kind of distribution."""
    process_count_per_instance: Count | None = None
    """Processes on each node. Default: 1."""


class TensorFlow(SpecModel):
    """TensorFlow: workers and parameter servers."""

    type: Literal["tensorflow"]
    """The kind of distribution."""
    worker_count: Count | None = None
    """Workers. Default: the number of nodes."""
    parameter_server_count: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Parameter servers."""


Distribution = Annotated[PyTorch | Mpi | TensorFlow, Field(discriminator="type")]


class CommandResources(SpecModel):
    """The machines of a job."""

    instance_count: Count = 1
    """Number of nodes."""
    instance_type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{2,64}$")] | None = (
        None
    )
    """The VM size on serverless compute, instead of `compute`."""
    shm_size: Annotated[str, StringConstraints(pattern=r"^\d+[bBkKmMgG]?$")] | None = None
    """Shared memory of the container: `16g`. Default: 2g."""
    docker_args: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None = None
    """More arguments for `docker run`."""


class Limits(SpecModel):
    """When Azure ends the run."""

    timeout: Annotated[int, Field(ge=1, le=30 * 24 * 3600)]
    """Seconds after which Azure ends it."""


class RunIdentity(SpecModel):
    """As whom a job reads and writes."""

    type: Literal["managed", "managed_identity", "user_identity", "aml_token"]
    """The compute's managed identity, whoever submits the job, or a token of the workspace."""
    client_id: str | None = None
    """The client id of a user-assigned identity of the compute."""
    object_id: str | None = None
    """Its object id."""
    msi_resource_id: RefOrId | None = None
    """Its resource id, or a reference to an identity in this spec."""


def _local_or_asset(text: str) -> str:
    if text.startswith(("git+", "http://", "https://", "git@", "ssh://")):
        raise ValueError(
            "code in a Git repository is not fetched: check it out beside the spec, and name the "
            "folder"
        )
    return text


class CommandJob(SpecModel):
    """A command job: your own code on a cluster or on serverless compute."""

    type: Literal["command"]
    """The type of job."""
    command: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
    """What is run in the folder of the code; `${{inputs.NAME}}` and `${{outputs.NAME}}` are paths."""
    code: Annotated[Text, AfterValidator(_local_or_asset)] | None = None
    """The folder with the code, relative to the spec; `.amlignore` says what stays here. Or a version
    of code that exists: `azureml:NAME:VERSION`."""
    environment: TextOr[Text, Environment]
    """An environment in this spec, `azureml:NAME:VERSION`, `azureml://registries/...`, or what one
    is made of (`image: ...`)."""
    compute: Cluster | None = None
    """A cluster in this spec, `azureml:NAME` for one in the workspace, or the ARM id of one. Without
    it the job runs on serverless compute."""
    resources: CommandResources = Field(default_factory=CommandResources)
    """The machines."""
    distribution: Distribution | None = None
    """How the processes on several nodes or GPUs find each other."""
    inputs: dict[Name, AnyInput] = Field(default_factory=dict)
    """What the command reads: data, or a text or number that stands in the command."""
    outputs: dict[Name, JobOutput | None] = Field(default_factory=dict)
    """What the command writes: `${{ jobs.NAME.outputs.OUTPUT }}` is a path for a model."""
    environment_variables: dict[str, Literal_] = Field(default_factory=dict)
    """Environment variables. Never put secrets here: everyone who can read the run can read them."""
    limits: Limits | None = None
    """When Azure ends the run."""
    identity: RunIdentity | None = None
    """As whom the job reads and writes. Default: the compute's identity."""
    queue_settings: QueueSettings | None = None
    """Queue settings for serverless compute."""
    services: dict[str, Any] = Field(default_factory=dict)
    """Not supported: an apply opens no shell or notebook in a run."""
    experiment_name: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    """The experiment the run is listed under. Default: the spec's name."""
    display_name: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    """The name shown in the studio. Default: the key."""
    description: str | None = Field(default=None, max_length=4096)
    """A description for people."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Free-form properties of the job."""
    tags: AssetTags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""
    timeout_minutes: Annotated[int, Field(ge=1, le=30240)] = 1440
    """How many minutes `apply` waits for the job to finish. The job keeps running in Azure, and the
    next run follows it."""
    queue_timeout_minutes: Annotated[int, Field(ge=1, le=30240)] = 240
    """How many minutes `apply` waits for the job to start."""

    @model_validator(mode="after")
    def _placed(self) -> CommandJob:
        if self.compute and self.resources.instance_type:
            raise ValueError("give either `compute`, or `resources.instance_type`")
        if self.queue_settings and self.compute:
            raise ValueError("`queue_settings` is for serverless compute")
        if self.services:
            raise ValueError("`services` is not supported: start them on a run in the studio")
        return self
