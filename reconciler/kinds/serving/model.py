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

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.cloud.sdk import translated
from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import Diagnostic, ReconcileError
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, overlay
from reconciler.engine.types import Address, JsonObject, Observed, Phase, Reference, Resource
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.assets import workspace_client
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.job.inputs import folded
from reconciler.kinds.job.runs import OUTPUT_ATTRIBUTE
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.kinds.serving.model_files import (
    PATH_PROPERTY,
    files_of,
    misfits,
    put_model,
    remove_model,
)
from reconciler.kinds.serving.model_settings import Model
from reconciler.kinds.serving.model_versions import (
    RUN_PROPERTY,
    Wanted,
    claim,
    is_left_behind,
    job_of,
    same_model_uri,
    seen_version,
    version_of,
)
from reconciler.kinds.versions import other_versions
from reconciler.kinds.within import Within
from reconciler.spec.document import Document, Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec


JOBS = ("fine-tuning job", "command job")


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
            immutable=frozenset(
                {"properties.modelUri", "properties.modelType", "properties.flavors"}
            ),
            same={"properties.modelUri": same_model_uri},
            labels={
                "properties.modelUri": "path",
                "properties.modelType": "type",
                "properties.flavors": "flavors",
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
        for path, settings in _stated_in(spec):
            workspace = expansion.workspace_id(path)
            if not workspace:
                continue
            resource = expansion.add(_resource(path, settings, workspace, expansion))
            if resource.settings.job and not settings.version:
                known = {"name": resource.settings.name}
                expansion.resources[resource.address] = replace(resource, known=known)

    def check(self, resource: Resource[Wanted], document: Document) -> Iterable[Diagnostic]:
        """Return what is wrong with local files."""
        path: Keys = (*resource.address.split("."), "path")
        form, files = str(resource.desired["properties"]["modelType"]), resource.settings.files
        found = misfits(files, form) if files else ()
        return [problem.at(document.position(path)) for problem in found]

    def observe(self, context: HandlerContext, resource: Resource[Wanted]) -> Observed | None:
        """Read the version at our own id, or the one that the job registered."""
        wanted = resource.settings
        run = context.others(wanted.job) if wanted.job else None
        if run is not None and run.phase is not Phase.READY:
            run = None
        if wanted.stated_version or not wanted.job:
            body = context.reads.get(resource.resource_id, self.api_version)
            return None if body is None else seen_version(context, resource, body, run)
        if run is None:
            return None
        versions = context.reads.list(
            f"{wanted.workspace}/models/{wanted.name}/versions", self.api_version
        )
        name = str(run.outputs["name"])
        fitting = [b for b in versions if job_of(b) == name or version_of(b) == wanted.version]
        if not fitting:
            return None
        return seen_version(context, resource, min(fitting, key=partial(claim, context)), run)

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what a body says, for a model at our own id."""
        return seen_version(context, resource, body, None)

    def create(
        self, context: HandlerContext, resource: Resource[Wanted], desired: JsonObject
    ) -> None:
        """Register it from the job's output or from its path, at a version of our own.

        What a job leaves behind is looked for once more: the lists before may have been behind,
        and a second version of it is nobody's wish.
        """
        wanted = resource.settings
        seen = self.observe(context, resource) if wanted.job else None
        if seen and is_left_behind(seen):
            return
        properties = desired["properties"]
        path = properties["modelUri"]
        if wanted.files:
            put_model(context, resource.address, wanted.workspace, path, wanted.files)
        about = {PATH_PROPERTY: path}
        if wanted.job:
            run = _run_name(context, wanted.job)
            path, about = f"azureml://jobs/{run}/outputs/{wanted.output}", {RUN_PROPERTY: run}
        with workspace_client(context, wanted.workspace) as client, translated():
            from azure.ai.ml.entities import Model as ModelEntity

            entity = ModelEntity(
                name=wanted.name,
                version=wanted.version,
                path=path,
                type=properties["modelType"],
                tags=properties["tags"],
                flavors=_plain(properties.get("flavors")),
                properties={**properties.get("properties", {}), **about},
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
        in_place = ("tags", "description", "properties")
        wanted = {k: v for k, v in desired["properties"].items() if k in in_place}
        wanted["tags"] = {**wanted["tags"], OWNER_TAG: mark(context.owner, actual)}
        body = self.put_body(now, {})
        context.run.arm.put(actual, self.api_version, overlay(body, {"properties": wanted}))

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Delete the version, then the files that we uploaded for it; those of a job stay."""
        context.run.arm.delete(str(observed.outputs["id"]), self.api_version)
        if isinstance(resource.settings, Wanted):
            remove_model(context, resource.settings.workspace, observed)


def _stated_in(spec: Spec) -> Iterator[tuple[Keys, Model]]:
    """Yield each model: those of the section, and those that stand in a deployment."""
    for key, settings in spec.models.items():
        yield ("models", key), settings
    for key, deployment in spec.deployments.items():
        if isinstance(deployment.model, Model):
            yield ("deployments", key, "model"), deployment.model


def _resource(
    path: Keys, settings: Model, workspace: str, expansion: Expansion
) -> Resource[Wanted]:
    wanted, source = _place(path, settings, workspace, expansion)
    resource_id = f"{workspace}/models/{wanted.name}/versions/{wanted.version}"
    properties: JsonObject = {
        "modelType": settings.format,
        "modelUri": source,
        "tags": expansion.tracked_tags(resource_id, settings.tags),
        **_stated(settings),
    }
    return Resource(
        ".".join(map(str, path)),
        ModelHandler.kind,
        resource_id,
        {"properties": properties},
        settings=wanted,
        position=expansion.document.position(path, of_key=True),
        depends_on=frozenset({"workspace", *((wanted.job,) if wanted.job else ())}),
        known={"name": wanted.name, "version": wanted.version},
    )


def _place(
    path: Keys, settings: Model, workspace: str, expansion: Expansion
) -> tuple[Wanted, str | Reference]:
    """Return what handling it takes, and where its files are."""
    key, stated = str(path[1]), settings.version or ""
    name = settings.name or (f"deployment-{key}" if path[0] == "deployments" else key)
    if settings.is_local:
        files = files_of(expansion.document, settings.path)
        version = stated or files.version()
        return Wanted(workspace, name, version, stated, files=files), files.uri(name, version)
    place = (*path, "path")
    source = expansion.reference(settings.path, place, kinds=JOBS)
    if isinstance(source, Reference):
        job, source = source.address, _left_behind(source, expansion, place)
        version = stated or expansion.known_id(job).rpartition("-")[2]
        output = source.attribute.partition(".")[2]
        return Wanted(workspace, name, version, stated, job, output=output), source
    version = stated or fingerprint({"path": folded(settings.path, workspace)})
    return Wanted(workspace, name, version, stated), source


def _left_behind(source: Reference, expansion: Expansion, path: Keys) -> Reference:
    """Return the output that a reference to a job means; a bare one means its model."""
    if expansion.resources[source.address].settings.asset:
        return replace(source, attribute=OUTPUT_ATTRIBUTE)
    if not source.attribute.startswith("outputs."):
        expansion.problem(
            f"`{source.address}` has no model of its own",
            path,
            hint=f"name one of its outputs: `${{{{ {source.address}.outputs.NAME }}}}`",
        )
    return source


def _stated(settings: Model) -> JsonObject:
    """Return the fields that have no default: none where the spec says nothing."""
    found: JsonObject = {
        "description": settings.description,
        "flavors": {name: {"data": dict(data)} for name, data in settings.flavors.items()},
        "properties": dict(settings.properties),
    }
    return {name: value for name, value in found.items() if value}


def _plain(flavors: Any) -> Any:
    """Return flavors as azure-ai-ml takes them: what it knows of each, without `data` around it."""
    return {name: item["data"] for name, item in flavors.items()} if flavors else None


def _run_name(context: HandlerContext, job: Address) -> str:
    run = context.others(job)
    if run is None:
        raise ReconcileError.because(f"`{job}` has no run to register a model from")
    return str(run.outputs["name"])
