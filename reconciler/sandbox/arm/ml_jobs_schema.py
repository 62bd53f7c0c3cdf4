"""What the body of a job may hold, by its type and api-version: FineTuning and Command."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.arm.errors import ContentError
from reconciler.sandbox.arm.schema import missing
from reconciler.sandbox.arm.schema_language import Node
from reconciler.sandbox.arm.types import schema

Json = dict[str, Any]
_BASE = """
  componentId: str
  computeId: str
  displayName: str
  experimentName: str
  identity: <ml.IdentityConfiguration>
  isArchived: bool
  notificationSetting@2024-04-01/2023-02-01: <ml.NotificationSetting>
  parentJobName@never/2024-10-01: str
  services: {<ml.JobService>}
  secretsConfiguration@never/2023-04-01..2024-04-01: any
  description: str
  properties: map
  tags: map
  status-: str
  queueSettings@2023-10-01/2023-02-01:
    jobTier: Null|Spot|Basic|Standard|Premium
    priority@never/2022-12-01..2024-04-01: int
"""
_OUTPUT = """
    assetVersion: str  # in 2024-01-01-preview, where the SDK still sends it
    baseModelId: str
    autoDeleteSetting: any
    pathOnCompute: str
"""
_FINE_TUNING = schema(
    "properties!:"
    + _BASE
    + f"""
  jobType!: FineTuning
  fineTuningDetails!: <ml.FineTuningVertical>
  resources:
    instanceTypes: [str]
  outputs!: {{<ml.JobOutput>}}{_OUTPUT}
"""
)
_COMMAND = schema(
    "properties!:"
    + _BASE
    + f"""
  jobType!: Command
  command!: str
  environmentId!: str
  environmentVariables: map
  codeId: str
  distribution: <ml.DistributionConfiguration>
  autologgerSettings: any
  inputs: {{<ml.JobInput>}}
    pathOnCompute: str
  limits: <ml.JobLimits>
  resources: <ml.JobResourceConfiguration>
    dockerArgsList@2025-12-01/2024-10-01: ~
    locations@never/2023-02-01..2024-04-01: [str]
    maxInstanceCount@never/2023-04-01..2024-04-01: int
  outputs: {{<ml.JobOutput>}}{_OUTPUT}
  parameters-: any
"""
)


def schema_of(body: Json) -> Node:
    """Return what a body of its `jobType` may hold. Raises ContentError for another type."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise missing("properties", "")
    kind = str(properties.get("jobType") or "")
    found = {"finetuning": _FINE_TUNING, "command": _COMMAND}.get(kind.lower())
    if found is None:
        raise ContentError(
            f'Error converting value "{kind}" to type "JobType". '
            "Path 'properties.jobType', line 1, position 1.",
            "properties.jobType",
        )
    return found
