"""Model: what a fine-tuning job learned, as a registered model.

The platform registers a job's output by itself, under the name that the job was given and
a version that only it knows. So a model that refers to a job is looked for by its job, and
registered by hand only when there is none under the wanted name. A version that the spec
states is looked at whether or not the job has run: what lies there may be somebody else's, or
of an older run.
Source: learn.microsoft.com/azure/machine-learning/how-to-manage-models; type and path of a
version cannot be changed, description and tags can.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from reconciler.cloud.sdk import translated
from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import ReconcileError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, overlay
from reconciler.engine.types import (
    Address,
    JsonObject,
    Observed,
    Owner,
    Phase,
    Reference,
    Resource,
    Unknown,
)
from reconciler.kinds.arm_handler import ArmHandler, provisioning_phase
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.assets import same_uri, workspace_client
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.job.inputs import folded
from reconciler.kinds.job.runs import MODEL_OUTPUT, OUTPUT_ATTRIBUTE
from reconciler.kinds.ownership import OWNER_TAG, mark, tag_owner
from reconciler.kinds.versions import other_versions
from reconciler.kinds.within import Within
from reconciler.secrets import shortened
from reconciler.spec.document import Keys
from reconciler.spec.model import SpecModel, Tags

if TYPE_CHECKING:
    from reconciler.kinds import Spec

NAME = r"^[a-zA-Z0-9][A-Za-z0-9_-]{0,254}$"
VERSION = r"^[a-zA-Z0-9][A-Za-z0-9_.-]{0,29}$"
RUN_PROPERTY = "reconcile.run"
"""The property that names the run of a version that we registered ourselves."""
OF_ITS_RUN = "what the job left behind"
"""Stands for the path of a version that comes from the run in question."""


class Model(SpecModel):
    """A registered model."""

    type: Literal["mlflow_model"] = "mlflow_model"
    """Its format."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Where its files are: `${{ jobs.NAME.outputs.registered_model }}` or an `azureml://` path."""
    name: Annotated[str, StringConstraints(pattern=NAME)] | None = None
    """The name in Azure. Default: the key."""
    version: Annotated[str, StringConstraints(pattern=VERSION)] | None = None
    """The version. Default for the output of a job: the one Azure ML assigns."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @field_validator("path")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if not value.strip().startswith(("${{", "azureml://")):
            raise ValueError(
                f"{shortened(value, 80)!r} is neither a reference to a job's output nor an azureml:// path"
            )
        return value


@dataclass(frozen=True)
class Wanted:
    """What handling a model takes beyond its body; `job` is "" for a plain path."""

    workspace: str
    name: str
    version: str
    stated_version: str
    job: Address = ""


def same_model_uri(observed: Any, desired: Any) -> bool:
    """Compare paths; of what refers to a job it counts whether it is of that run (`_seen`)."""
    if isinstance(desired, Unknown) or str(desired).startswith("/subscriptions/"):
        return bool(observed == OF_ITS_RUN)
    return same_uri(observed, desired)


class ModelHandler(ArmHandler):
    """Knows registered models."""

    kind = "model"
    section = "models"
    holds_data = True
    keeps_history = True
    within = (Within("workspace", "models"),)
    type = "Microsoft.MachineLearningServices/workspaces/models/versions"
    api_version = "2026-05-01"
    attributes = Attributes(frozenset({"id", "name", "version"}))
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"properties.modelUri", "properties.modelType"}),
            same={"properties.modelUri": same_model_uri},
            labels={
                "properties.modelUri": "path",
                "properties.modelType": "type",
                "properties.description": "description",
            },
        )
    )

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the versions of models that the spec does not name."""
        return other_versions(context, f"{parent}/{collection}", self.api_version)

    def key_in(self, body: JsonObject) -> str:
        """Return the name that the version is one of."""
        return str(body["id"]).rpartition("/versions/")[0].rpartition("/")[2]

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each model; what Azure calls its version may be known only after the job."""
        for key, settings in spec.models.items():
            path: Keys = ("models", key)
            workspace = expansion.workspace_id(path)
            if not workspace:
                continue
            resource = expansion.add(_resource(key, settings, workspace, expansion))
            if resource.settings.job and not settings.version:
                known = {"name": resource.settings.name}
                expansion.resources[resource.address] = replace(resource, known=known)

    def observe(self, context: HandlerContext, resource: Resource[Wanted]) -> Observed | None:
        """Read the version at our own id, or the one that the job registered."""
        wanted = resource.settings
        run = context.others(wanted.job) if wanted.job else None
        if run is not None and run.phase is not Phase.READY:
            run = None
        if wanted.stated_version or not wanted.job:
            body = context.reads.get(resource.resource_id, self.api_version)
            return None if body is None else _seen(context, resource, body, run)
        if run is None:
            return None
        versions = context.reads.list(
            f"{wanted.workspace}/models/{wanted.name}/versions", self.api_version
        )
        name = str(run.outputs["name"])
        fitting = [b for b in versions if _job_of(b) == name or _version_of(b) == wanted.version]
        if not fitting:
            return None
        return _seen(context, resource, min(fitting, key=partial(_claim, context)), run)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what a body says, for a model at our own id."""
        return _seen(context, resource, body, None)

    def create(
        self, context: HandlerContext, resource: Resource[Wanted], desired: JsonObject
    ) -> None:
        """Register it from the job's output or from its path, at a version of our own.

        What a job leaves behind is looked for once more: the lists before may have been behind,
        and a second version of it is nobody's wish.
        """
        wanted = resource.settings
        seen = self.observe(context, resource) if wanted.job else None
        if seen and _is_left_behind(seen):
            return
        properties = desired["properties"]
        path, about = properties["modelUri"], {}
        if wanted.job:
            run = _run_name(context, wanted.job)
            path, about = f"azureml://jobs/{run}/outputs/{MODEL_OUTPUT}", {RUN_PROPERTY: run}
        with workspace_client(context, wanted.workspace) as client, translated():
            from azure.ai.ml.entities import Model as ModelEntity

            entity = ModelEntity(
                name=wanted.name,
                version=wanted.version,
                path=path,
                type=properties["modelType"],
                tags=properties["tags"],
                properties=about,
                description=properties.get("description"),
            )
            client.models.create_or_update(entity)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """PUT the version back with our tags and description over what it has."""
        actual = str(change.observed.outputs["id"]) if change.observed else ""
        now = context.run.arm.get(actual, self.api_version) if actual else None
        if now is None:
            raise ReconcileError.because(
                f"`{change.address}` was deleted while it was being updated"
            )
        wanted = {k: v for k, v in desired["properties"].items() if k in ("tags", "description")}
        wanted["tags"] = {**wanted["tags"], OWNER_TAG: mark(context.owner, actual)}
        body = self.put_body(now, {})
        context.run.arm.put(actual, self.api_version, overlay(body, {"properties": wanted}))

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the version; the files of the job stay."""
        context.run.arm.delete(str(observed.outputs["id"]), self.api_version)


def _resource(key: str, settings: Model, workspace: str, expansion: Expansion) -> Resource[Wanted]:
    path: Keys = ("models", key)
    source = expansion.reference(settings.path, (*path, "path"), kinds=("fine-tuning job",))
    job = ""
    version = settings.version or fingerprint({"path": folded(settings.path, workspace)})
    if isinstance(source, Reference):
        # A bare reference to a job means what it leaves behind.
        source, job = replace(source, attribute=OUTPUT_ATTRIBUTE), source.address
        version = settings.version or expansion.known_id(job).rpartition("-")[2]
    name = settings.name or key
    resource_id = f"{workspace}/models/{name}/versions/{version}"
    properties: JsonObject = {
        "modelType": settings.type,
        "modelUri": source,
        "tags": expansion.tracked_tags(resource_id, settings.tags),
    }
    if settings.description:
        properties["description"] = settings.description
    return Resource(
        f"models.{key}",
        ModelHandler.kind,
        resource_id,
        {"properties": properties},
        settings=Wanted(workspace, name, version, settings.version or "", job),
        position=expansion.document.position(path, of_key=True),
        depends_on=frozenset({"workspace", *((job,) if job else ())}),
        known={"name": name, "version": version},
    )


def _version_of(body: JsonObject) -> str:
    return str(body["id"]).rpartition("/")[2]


def _job_of(body: JsonObject) -> str:
    """Return the job that Azure says a version was registered by; "" for one by hand."""
    return str((body.get("properties") or {}).get("jobName") or "")


def _claim(context: HandlerContext, body: JsonObject) -> tuple[bool, str]:
    """Order versions of one run: ours by its mark first, then the one that came first.

    The platform registers when the run ends; whoever registers the same output again is later.
    """
    owner, _ = tag_owner(body, context.owner, str(body["id"]))
    created = (body.get("systemData") or {}).get("createdAt")
    return owner is not Owner.OURS, str(created or "")


def _seen(
    context: HandlerContext, resource: Resource[Wanted], body: JsonObject, run: Observed | None
) -> Observed:
    """Return what a version says. What our own job registered is ours, marked or not.

    A valid mark is bound to the id that the version really has; it is shown as the one that
    the desired body has, so that the two compare equal. So is the path of what comes from
    the run.
    """
    actual = str(body.get("id") or resource.resource_id)
    owner, name = tag_owner(body, context.owner, actual)
    properties = dict(body["properties"])
    if owner is Owner.OURS:
        own = mark(context.owner, resource.resource_id)
        properties["tags"] = {**(properties.get("tags") or {}), OWNER_TAG: own}
    elif owner is Owner.NOBODY and run and run.owner is Owner.OURS:
        owner = Owner.OURS if _job_of(body) == run.outputs["name"] else owner
    if run and _comes_from(run, body):
        properties["modelUri"] = OF_ITS_RUN
    phase, message = provisioning_phase(body)
    outputs = {"id": actual, "name": resource.settings.name, "version": actual.rpartition("/")[2]}
    shown = {**body, "properties": properties}
    return Observed(shown, outputs, owner, phase, message, owner_name=name)


def _is_left_behind(seen: Observed) -> bool:
    """Return whether a version is there that need not be made: the run's own, or somebody's.

    One of ours from another run is what a replace has just deleted: a read that is behind.
    """
    return seen.owner is not Owner.OURS or seen.body["properties"]["modelUri"] == OF_ITS_RUN


def _comes_from(run: Observed, body: JsonObject) -> bool:
    """Return whether a version is of this run: by Azure's word, by ours, or by its path."""
    name, properties = run.outputs["name"], body["properties"]
    output = (run.body["properties"].get("outputs") or {}).get(MODEL_OUTPUT) or {}
    said = (_job_of(body), (properties.get("properties") or {}).get(RUN_PROPERTY))
    uri = output.get("uri")
    return name in said or bool(uri and same_uri(properties.get("modelUri"), uri))


def _run_name(context: HandlerContext, job: Address) -> str:
    run = context.others(job)
    if run is None:
        raise ReconcileError.because(f"`{job}` has no run to register a model from")
    return str(run.outputs["name"])
