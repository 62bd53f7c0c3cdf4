"""The section `deployments` of the spec: a model, its machines and its probes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from reconciler.kinds.asset_references import (
    CODE,
    ENVIRONMENT,
    MODEL,
    asset_reference,
    reference_or,
)
from reconciler.kinds.environment.settings import Environment
from reconciler.kinds.serving.data_collector import DataCollector
from reconciler.kinds.serving.endpoint import ServingName
from reconciler.kinds.serving.model_settings import REGISTERED, Model
from reconciler.spec.model import SpecModel, Tags, TextOr, number_as_text


class RequestSettings(SpecModel):
    """Request timeout and concurrency of an instance."""

    request_timeout_ms: Annotated[int, Field(ge=1, le=180_000)] = 90_000
    """Request timeout in milliseconds; Azure's limit is 180000."""
    max_concurrent_requests_per_instance: Annotated[int, Field(ge=1)] = 1
    """How many requests an instance handles at the same time."""
    max_queue_wait_ms: Annotated[int, Field(ge=1, le=180_000)] | None = None
    """How long a request may wait for a free instance, in milliseconds. Azure counts it no longer:
    raise `request_timeout_ms` instead."""


class Probe(SpecModel):
    """How Azure checks that a container is healthy. Times are in seconds."""

    initial_delay: Annotated[int, Field(ge=1)] = 10
    """Delay before the first check."""
    period: Annotated[int, Field(ge=1)] = 10
    """Time between two checks."""
    timeout: Annotated[int, Field(ge=1)] = 2
    """Time after which a check counts as failed."""
    success_threshold: Annotated[int, Field(ge=1)] = 1
    """Consecutive successes after which the container counts as healthy."""
    failure_threshold: Annotated[int, Field(ge=1)] = 30
    """Consecutive failures after which the container counts as unhealthy."""


def _patient() -> Probe:
    """A language model needs minutes to load before the first probe means anything."""
    return Probe(initial_delay=600)


class CodeConfiguration(SpecModel):
    """A scoring script of your own, and the folder that it is in."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """The folder with the script, which is uploaded, or a registered code version:
    `azureml:NAME:VERSION` or an ARM id."""
    scoring_script: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    """The script that answers requests, with `init` and `run`, as a path in the code."""

    @field_validator("code")
    @classmethod
    def _known_form(cls, value: str) -> str:
        return asset_reference(value, CODE) if REGISTERED.match(value) else value

    @property
    def is_local(self) -> bool:
        """Whether the code is a folder beside the spec."""
        return not REGISTERED.match(self.code)


class ScaleSettings(SpecModel):
    """Who decides how many instances there are."""

    type: Literal["default"] = "default"
    """`default`: the spec's `instance_count`, or autoscale rules of Azure Monitor on top of it. The
    other type of az ml is for Kubernetes."""


class Deployment(SpecModel):
    """A managed online deployment."""

    endpoint_name: ServingName
    """The endpoint it belongs to: one in this spec, or an existing one in the workspace."""
    name: ServingName | None = None
    """The name in Azure. Default: the key."""
    model: TextOr[Annotated[str, *reference_or(MODEL)], Model] | None = None
    """A model in this spec, the ARM id of a model, `azureml:NAME:VERSION` for one in the workspace,
    `azureml://registries/...`, or what a model of `models` says. Leave it out where the image brings
    the model."""
    environment: TextOr[Annotated[str, *reference_or(ENVIRONMENT)], Environment] | None = None
    """The image that serves: an environment in this spec, `azureml:NAME:VERSION` for one in the
    workspace, its ARM id, `azureml://registries/...`, or what an environment of `environments` says.
    An MLflow or Triton model needs none."""
    code_configuration: CodeConfiguration | None = None
    """A scoring script of your own. Leave it out where the image brings its own server."""
    model_mount_path: Annotated[str, StringConstraints(pattern=r"^/", max_length=1024)] | None = (
        None
    )
    """Where the container finds the model: an absolute path. Default: `/var/azureml-app/azureml-models`."""
    instance_type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{2,64}$")]
    """The VM size, for example `Standard_NC24ads_A100_v4`."""
    instance_count: Annotated[int, Field(ge=1, le=50)] = 1
    """Number of instances."""
    request_settings: RequestSettings = Field(default_factory=RequestSettings)
    """Request timeout and concurrency."""
    liveness_probe: Probe = Field(default_factory=_patient)
    """When an unhealthy container is restarted."""
    readiness_probe: Probe = Field(default_factory=Probe)
    """When a container starts to receive requests."""
    scale_settings: ScaleSettings = Field(default_factory=ScaleSettings)
    """Who decides how many instances there are."""
    data_collector: DataCollector | None = None
    """What is collected of requests and answers in production, for monitoring."""
    environment_variables: dict[
        str, Annotated[str, BeforeValidator(number_as_text, json_schema_input_type=str | int)]
    ] = Field(default_factory=dict)
    """Environment variables of the container. Never put secrets here: everyone with access to the
    deployment can read them."""
    egress_public_network_access: Literal["enabled", "disabled"] = "enabled"
    """Whether the containers can reach the internet."""
    app_insights_enabled: bool = False
    """Whether requests are logged to Application Insights."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Properties for other programs. Azure lets them be added, not changed or removed."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="after")
    def _serves_something(self) -> Deployment:
        if not self.model and not self.environment:
            raise ValueError("it needs a `model`, or an `environment` whose image brings one")
        return self
