"""The body of a command job: what a spec says of it, in Azure's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.engine.types import JsonObject
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.job.command_settings import (
    CommandJob,
    CommandResources,
    Distribution,
    JobInput,
    JobOutput,
    Mpi,
    PyTorch,
    RunIdentity,
)
from reconciler.spec.document import Keys

READS = {
    "mount": "ReadOnlyMount",
    "ro_mount": "ReadOnlyMount",
    "rw_mount": "ReadWriteMount",
    "download": "Download",
    "direct": "Direct",
    "eval_mount": "EvalMount",
    "eval_download": "EvalDownload",
}
WRITES = {
    "mount": "ReadWriteMount",
    "rw_mount": "ReadWriteMount",
    "upload": "Upload",
    "direct": "Direct",
}
IDENTITIES = {
    "managed": "Managed",
    "managed_identity": "Managed",
    "user_identity": "UserIdentity",
    "aml_token": "AMLToken",
}


def stated(body: Mapping[str, Any]) -> JsonObject:
    """Return a part of a body without what the spec leaves to Azure."""
    return {name: value for name, value in body.items() if value not in (None, {}, "")}


def text_of(value: str | bool | float) -> str:  # noqa: FBT001 - a value, not a switch
    """Return a literal as az ml writes it on the command line."""
    return str(value)


def input_body(data: JobInput, uri: Any) -> JsonObject:
    """Return an input that is data."""
    mode = READS[data.mode] if data.mode else None
    return stated({"jobInputType": data.type, "uri": uri, "mode": mode})


def output_body(output: JobOutput | None) -> JsonObject:
    """Return an output; without a word of the spec it is a folder."""
    output = output or JobOutput()
    return stated(
        {
            "jobOutputType": output.type,
            "uri": output.path,
            "mode": WRITES[output.mode] if output.mode else None,
            "assetName": output.name,
            "description": output.description,
        }
    )


def distribution_body(distribution: Distribution | None) -> JsonObject:
    """Return how the processes find each other."""
    match distribution:
        case None:
            return {}
        case PyTorch(process_count_per_instance=count):
            return stated({"distributionType": "PyTorch", "processCountPerInstance": count})
        case Mpi(process_count_per_instance=count):
            return stated({"distributionType": "Mpi", "processCountPerInstance": count})
    return stated(
        {
            "distributionType": "TensorFlow",
            "parameterServerCount": distribution.parameter_server_count,
            "workerCount": distribution.worker_count,
        }
    )


def resources_body(resources: CommandResources) -> JsonObject:
    """Return the machines."""
    return stated(
        {
            "instanceCount": resources.instance_count,
            "instanceType": resources.instance_type,
            "shmSize": resources.shm_size,
            "dockerArgs": resources.docker_args,
        }
    )


def identity_body(identity: RunIdentity | None, expansion: Expansion, path: Keys) -> JsonObject:
    """Return as whom it runs."""
    if identity is None:
        return {}
    resource_id = identity.msi_resource_id
    named = resource_id and expansion.reference(
        resource_id, (*path, "msi_resource_id"), kinds=("managed identity",)
    )
    return stated(
        {
            "identityType": IDENTITIES[identity.type],
            "clientId": identity.client_id,
            "objectId": identity.object_id,
            "resourceId": named,
        }
    )


def duration(seconds: int) -> str:
    """Return an ISO 8601 duration as az ml writes it: `PT12H`, `P1DT30M`."""
    days, rest = divmod(seconds, 24 * 3600)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if n)
    day = f"{days}D" if days else ""
    return f"P{day}T{time}" if time else f"P{day}"


def plain_parts(job: CommandJob) -> JsonObject:
    """Return what of a body needs nothing but the job itself."""
    return stated(
        {
            "jobType": "Command",
            "command": job.command,
            "environmentVariables": {n: text_of(v) for n, v in job.environment_variables.items()},
            "distribution": distribution_body(job.distribution),
            "resources": resources_body(job.resources),
            "outputs": {name: output_body(one) for name, one in job.outputs.items()},
            "limits": job.limits
            and {"jobLimitsType": "Command", "timeout": duration(job.limits.timeout)},
            "queueSettings": job.queue_settings
            and {"jobTier": job.queue_settings.job_tier.title()},
            "description": job.description,
        }
    )
