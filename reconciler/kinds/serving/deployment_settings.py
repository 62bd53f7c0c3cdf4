"""The section `deployments` of the spec: a model, its machines and its probes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from reconciler.kinds.asset_references import MODEL, asset_reference
from reconciler.kinds.serving.endpoint import ServingName
from reconciler.spec.model import REFERENCE, SpecModel, Tags

SERVED = f"{REFERENCE}|{MODEL.pattern}"


class RequestSettings(SpecModel):
    """Request timeout and concurrency of an instance."""

    request_timeout_ms: Annotated[int, Field(ge=1, le=180_000)] = 90_000
    """Request timeout in milliseconds; Azure's limit is 180000."""
    max_concurrent_requests_per_instance: Annotated[int, Field(ge=1)] = 1
    """How many requests an instance handles at the same time."""


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


def _model(text: str) -> str:
    return text if re.search(REFERENCE, text) else asset_reference(text)


class Deployment(SpecModel):
    """A managed online deployment."""

    endpoint_name: ServingName
    """The endpoint it belongs to: one in this spec, or an existing one in the workspace."""
    name: ServingName | None = None
    """The name in Azure. Default: the key."""
    model: Annotated[str, AfterValidator(_model), Field(json_schema_extra={"pattern": SERVED})]
    """A model in this spec, the ARM id of a model, `azureml:NAME:VERSION` for one in the workspace,
    or `azureml://registries/...`."""
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
    environment_variables: dict[str, str] = Field(default_factory=dict)
    """Environment variables of the container. Never put secrets here: everyone with access to the
    deployment can read them."""
    egress_public_network_access: Literal["enabled", "disabled"] = "enabled"
    """Whether the containers can reach the internet."""
    app_insights_enabled: bool = False
    """Whether requests are logged to Application Insights."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""
