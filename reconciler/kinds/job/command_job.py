"""Command job: your own code, run once for the same code, environment, inputs and command.

The name is `<key>-<fingerprint>`, as that of a fine-tuning job, and everything of a run is as
there: attempts, waits, reasons, adoption. Machines are no input unless they change how many
processes there are.
Source: learn.microsoft.com/azure/machine-learning/reference-yaml-job-command, whose bodies these
are; Azure refuses to change a submitted job.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decide import Policy
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Observed, Reference, Resource
from reconciler.kinds.asset_references import CODE, asset_id, asset_reference
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.code import code_of, register_code, remove_code
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.job.attempts import COMMAND
from reconciler.kinds.job.command_body import identity_body, plain_parts
from reconciler.kinds.job.command_inputs import Read, check_names, environment_of, inputs_of
from reconciler.kinds.job.command_settings import CommandJob
from reconciler.kinds.job.job import JobHandler
from reconciler.kinds.job.placing import add_job, cluster_named, home_of_job
from reconciler.kinds.job.runs import FILES_PROPERTY, INPUTS_PROPERTY, JOB_TAG, delete
from reconciler.kinds.job.settings import Wanted
from reconciler.kinds.job.submit import free_id
from reconciler.kinds.machines import Occupied, occupied_by
from reconciler.kinds.one_spelling import folded
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.spec.document import Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

MOST_TOLD = 8_000
"""Characters of the list of files that rides with a run; a longer one is left out."""
CREATE_ONLY = frozenset(
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
        "limits",
        "identity",
    )
)
"""What a job has besides its inputs: no reason to run it again, and kept as it ran."""


class CommandJobHandler(JobHandler):
    """Knows command jobs."""

    kind = "command job"
    job_type = COMMAND
    own_expressions = frozenset({"inputs", "outputs"})
    api_version = "2026-05-01"
    attributes = Attributes(
        frozenset({"id", "name"}),
        stated=lambda wanted: frozenset(f"outputs.{name}" for name in wanted.job.outputs),
    )
    policy: ClassVar[Policy] = Policy(
        Rules(
            # The name is the digest of the inputs, so one that exists is the one we want.
            same={"properties": lambda observed, desired: True},
            create_only=CREATE_ONLY,
            sensitive=frozenset({"properties.environmentVariables"}),
            labels={
                "properties.command": "command",
                "properties.codeId": "code",
                "properties.environmentId": "environment",
                "properties.computeId": "compute",
                "properties.environmentVariables": "environment_variables",
                "properties.inputs": "inputs",
                "properties.outputs": "outputs",
                "properties.distribution.distributionType": "distribution.type",
                "properties.distribution.processCountPerInstance": (
                    "distribution.process_count_per_instance"
                ),
                "properties.distribution.workerCount": "distribution.worker_count",
                "properties.distribution.parameterServerCount": (
                    "distribution.parameter_server_count"
                ),
                "properties.resources.instanceCount": "resources.instance_count",
                "properties.resources.instanceType": "resources.instance_type",
                "properties.resources.shmSize": "resources.shm_size",
                "properties.resources.dockerArgs": "resources.docker_args",
                "properties.limits.timeout": "limits.timeout",
                "properties.identity.identityType": "identity.type",
                "properties.queueSettings.jobTier": "queue_settings.job_tier",
                "properties.displayName": "display_name",
                "properties.experimentName": "experiment_name",
                "properties.description": "description",
            },
        ),
        runs=True,
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each command job, its name computed from its inputs."""
        for key, settings in spec.jobs.items():
            workspace = isinstance(settings, CommandJob) and home_of_job(key, expansion)
            if isinstance(settings, CommandJob) and workspace:
                add_job(_Made(key, settings, workspace, expansion).resource(), expansion)

    def create(
        self, context: HandlerContext, resource: Resource[Wanted], desired: JsonObject
    ) -> None:
        """Register its code, then submit it under a name that is free; Azure goes on from there."""
        job_id = free_id(context, resource)
        if not job_id:
            return
        wanted, properties = resource.settings, desired["properties"]
        if wanted.code:
            register_code(context, resource.address, wanted.code)
        tags = {**properties["tags"], OWNER_TAG: mark(context.owner, job_id)}
        environment = _newest(context, wanted.workspace, str(properties["environmentId"]))
        body = {"properties": {**properties, "tags": tags, "environmentId": environment}}
        context.run.arm.put(job_id, self.api_version, body)

    def occupied(self, resource: Resource) -> Occupied | None:
        """Return the nodes that it runs on; on serverless compute Azure picks them."""
        properties = resource.desired["properties"]
        found = occupied_by(properties.get("computeId"))
        return found and Occupied(found.cluster, properties["resources"]["instanceCount"])

    def delete(
        self, context: HandlerContext, resource: Resource[Wanted], observed: Observed
    ) -> None:
        """Cancel it where it still runs, then delete every attempt's record, and the code."""
        delete(context, resource)
        if resource.settings.code:
            remove_code(context, resource.settings.code)


class _Made:
    """One command job that is made into a resource."""

    def __init__(self, key: str, job: CommandJob, workspace: str, expansion: Expansion) -> None:
        self._key = key
        self._job = job
        self._workspace = workspace
        self._expansion = expansion
        self._path: Keys = ("jobs", key)
        self._code = self._local_code()

    def resource(self) -> Resource[Wanted]:
        """Return the job as a resource."""
        job, path, expansion = self._job, self._path, self._expansion
        check_names(job, expansion, path)
        read = inputs_of(job, self._workspace, expansion, path)
        environment, content = environment_of(job, self._key, self._workspace, expansion, path)
        code, digest = self._code_id()
        inputs = self._inputs(read, content, digest)
        resource_id = f"{self._workspace}/jobs/{self._key}-{fingerprint(inputs)}"
        properties = {
            **plain_parts(job),
            "environmentId": environment,
            **({"codeId": code} if code else {}),
            **({"inputs": read.body} if read.body else {}),
            **self._placed(),
            **self._about(resource_id, inputs),
        }
        needs = {environment.address} if isinstance(environment, Reference) else set()
        return Resource(
            f"jobs.{self._key}",
            CommandJobHandler.kind,
            resource_id,
            {"properties": properties},
            settings=Wanted(
                job,
                self._workspace,
                inputs,
                job_type=COMMAND,
                files=self._files(),
                code=self._code,
            ),
            position=expansion.document.position(path, of_key=True),
            depends_on=frozenset({"workspace", *read.needs, *needs}),
        )

    def _local_code(self) -> Any:
        text = self._job.code
        if text is None or text.casefold().startswith(("azureml:", "/subscriptions/")):
            return None
        name = f"{self._expansion.owner}-{self._key}"
        return code_of(text, name, self._workspace, self._expansion, (*self._path, "code"))

    def _code_id(self) -> tuple[str, str]:
        """Return the id of the code, and the text that stands for its content."""
        if self._code:
            return self._code.id, self._code.digest
        if self._job.code is None:
            return "", ""
        try:
            named = asset_reference(self._job.code, CODE)
        except ValueError as error:
            self._expansion.problem(str(error), (*self._path, "code"))
            return "", ""
        found = asset_id(named, self._workspace, CODE.collection)
        return found, folded(found, self._workspace)

    def _files(self) -> dict[str, str]:
        found = self._code.digests() if self._code else {}
        return found if len(json.dumps(found)) <= MOST_TOLD else {}

    def _inputs(self, read: Read, environment: str, code: str) -> JsonObject:
        """Return what decides the result, each by the spec's word."""
        job = self._job
        outputs = {f"outputs.{n}": o.type if o else "uri_folder" for n, o in job.outputs.items()}
        variables = {
            f"environment_variables.{name}": fingerprint({"value": str(value)})
            for name, value in job.environment_variables.items()
        }
        inputs = {"command": job.command, "environment": environment, **read.texts}
        inputs |= {"code": code} if code else {}
        if job.distribution:
            inputs["distribution"] = job.distribution.model_dump_json(exclude_none=True)
        if job.resources.instance_count > 1:
            inputs["resources.instance_count"] = str(job.resources.instance_count)
        return {**inputs, **outputs, **variables}

    def _placed(self) -> JsonObject:
        """Return where it runs and as whom."""
        job, path, expansion = self._job, self._path, self._expansion
        found: JsonObject = {}
        if job.compute:
            named = cluster_named(job.compute, self._workspace, expansion)
            place = (*path, "compute")
            found["computeId"] = expansion.reference(named, place, kinds=("compute cluster",))
        identity = identity_body(job.identity, expansion, (*path, "identity"))
        return {**found, **({"identity": identity} if identity else {})}

    def _about(self, resource_id: str, inputs: JsonObject) -> JsonObject:
        """Return what people and the next run read of it."""
        job, expansion = self._job, self._expansion
        told = {INPUTS_PROPERTY: _text(inputs)}
        told |= {FILES_PROPERTY: _text(files)} if (files := self._files()) else {}
        return {
            "displayName": job.display_name or self._key,
            "experimentName": job.experiment_name or expansion.owner,
            "tags": {**expansion.tracked_tags(resource_id, job.tags), JOB_TAG: self._key},
            "properties": {**job.properties, **told},
        }


def _text(value: JsonObject) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _newest(context: HandlerContext, workspace: str, environment: str) -> str:
    """Return the newest version of `azureml:NAME@latest`; any other environment as it is."""
    name, label, _ = environment.removeprefix("azureml:").partition("@latest")
    if not label:
        return environment
    versions = context.run.arm.list(
        f"{workspace}/environments/{name}/versions",
        CommandJobHandler.api_version,
        {"$orderBy": "createdtime desc", "$top": "1"},
    )
    found = next(iter(versions), None)
    if found is None:
        raise ReconcileError.because(
            f"there is no environment {name} in the workspace",
            detail=workspace,
            hint="check the name: `az ml environment list`",
        )
    return str(found["id"])
