"""Environment: an image, an image with conda packages, or an image that Azure builds.

A version never changes; the one that the spec does not state is a digest of the content, so what
used an older one goes on with it. A build context is uploaded to the default datastore, under that
digest, and named by the address that it has there, which a plan does not know yet.
Source: az ml's environment YAML (learn.microsoft.com/azure/machine-learning/reference-yaml-
environment), whose bodies these are; EnvironmentVersions_CreateOrUpdate (`contextUri` is a blob's).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from reconciler.datasets.fingerprint import fingerprint
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import overlay
from reconciler.engine.types import JsonObject, Observed, Resource
from reconciler.kinds.arm_fields import rules_of
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.folder_blobs import put_folder, remove_folder
from reconciler.kinds.environment import conda
from reconciler.kinds.environment.secret_lines import in_context
from reconciler.kinds.environment.settings import BUILD, CONDA, BuildContext, Environment, Route
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.local.files import folder_beside
from reconciler.kinds.local.folder import LocalFolder, Purpose
from reconciler.kinds.versions import other_versions
from reconciler.kinds.within import Within
from reconciler.limits import CONTEXT_BYTES, CONTEXT_FILES
from reconciler.spec.document import Keys

if TYPE_CHECKING:
    from reconciler.kinds import Spec

API_VERSION = "2026-05-01"
FOLDER = "reconcile/environments"
DOCKERFILE = "Dockerfile"
PLAIN = 2
"""How many keys lead to an environment of the section; more to one that stands in a job."""
MOVING = "moving-tag"
CONTEXT = Purpose(
    "build context",
    "build.path",
    "an image gets no keys when it is built",
    most_files=CONTEXT_FILES,
    most_entries=4 * CONTEXT_FILES,
    most_bytes=CONTEXT_BYTES,
)
ROUTE_LABELS = {
    f"properties.inferenceConfig.{use}Route.{name}": f"inference_config.{use}_route.{name}"
    for use in ("liveness", "readiness", "scoring")
    for name in ("port", "path")
}
_REMOTE = re.compile(r"(?:https?|git|ssh)://", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What handling an environment takes beyond its body: the files of its build context."""

    workspace: str
    folder: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    digest: str = ""
    """What stands for its content, whatever its name and version are."""


def same_context(observed: Any, desired: Any) -> bool:
    """Compare build contexts: one that we upload has an address that only Azure knows."""
    return _in_datastore(observed) == _in_datastore(desired)


def _in_datastore(uri: Any) -> str:
    head, found, path = str(uri or "").partition(f"/{FOLDER}/")
    return (found + path if found else head).rstrip("/")


class EnvironmentHandler(ArmHandler):
    """Knows the versions of environments that a spec states."""

    kind = "environment"
    section = "environments"
    type = "Microsoft.MachineLearningServices/workspaces/environments/versions"
    api_version = API_VERSION
    keeps_history = True
    within = (Within("workspace", "environments"),)
    attributes = Attributes(frozenset({"id", "name", "version"}))
    read_only = frozenset({"properties.provisioningState", "properties.environmentType"})
    policy: ClassVar[Policy] = Policy(
        rules_of(
            Environment,
            BuildContext,
            immutable={f"{BUILD}.contextUri"},
            same={f"{BUILD}.contextUri": same_context, CONDA: conda.same},
            labels={f"{BUILD}.contextUri": "build.path", **ROUTE_LABELS},
        )
    )

    def listed(self, context: HandlerContext, parent: str, collection: str) -> Iterable[JsonObject]:
        """Return the versions of environments that the spec does not name."""
        return other_versions(context, f"{parent}/{collection}", API_VERSION)

    def key_in(self, body: JsonObject) -> str:
        """Return the name that the version is one of."""
        return str(body["id"]).rpartition("/versions/")[0].rpartition("/")[2]

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each environment, its version computed from its content."""
        for path, settings in _stated(spec):
            workspace = expansion.workspace_id(path)
            _tell_moving(settings.image, expansion, (*path, "image"))
            content, files = _content(settings, expansion, path)
            if workspace:
                expansion.add(_resource(path, settings, workspace, content, files, expansion))

    def observed(self, context: HandlerContext, resource: Resource, body: JsonObject) -> Observed:
        """Return what a body says, with name and version."""
        seen = super().observed(context, resource, body)
        return Observed(
            seen.body,
            {**seen.outputs, **resource.known},
            seen.owner,
            seen.phase,
            seen.message,
            owner_name=seen.owner_name,
        )

    def create(
        self, context: HandlerContext, resource: Resource[Wanted], desired: JsonObject
    ) -> None:
        """Upload the build context, if any, then register the version."""
        wanted, body = resource.settings, desired
        if wanted.files:
            uri = put_folder(
                context, resource.address, wanted.workspace, wanted.folder, wanted.files
            )
            body = overlay(desired, {"properties": {"build": {"contextUri": f"{uri}/"}}})
        context.run.arm.put(resource.resource_id, API_VERSION, body)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Set description and tags; nothing else of a version can change."""
        observed = change.observed.body if change.observed else {}
        shown = desired["properties"]
        changed = {name: shown[name] for name in ("tags", "description") if name in shown}
        body = self.put_body(observed, {"properties": changed})
        context.run.arm.put(change.resource.resource_id, API_VERSION, body)

    def delete(
        self, context: HandlerContext, resource: Resource[Wanted], observed: Observed
    ) -> None:
        """Delete the version, then the files that only it named."""
        context.run.arm.delete(resource.resource_id, API_VERSION)
        if resource.settings.files:
            remove_folder(context, resource.settings.workspace, resource.settings.folder)


def _stated(spec: Spec) -> Iterator[tuple[Keys, Environment]]:
    """Yield each environment: those of the section, and those that stand in what runs in them."""
    for key, settings in spec.environments.items():
        yield ("environments", key), settings
    users: tuple[tuple[str, Mapping[str, object]], ...]
    users = ("jobs", spec.jobs), ("deployments", spec.deployments)
    for section, stated in users:
        for key, user in stated.items():
            inside = getattr(user, "environment", None)
            if isinstance(inside, Environment):
                yield (section, key, "environment"), inside


def _tell_moving(image: str | None, expansion: Expansion, path: Keys) -> None:
    """Warn of an image that may be another one tomorrow."""
    if image is None or "@sha256:" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag not in ("", "latest"):
        return
    said = "`latest`, which moves" if tag else "no tag, which means `latest`"
    expansion.warning(
        MOVING,
        f"the image has {said}: the same version may run something else tomorrow",
        path,
        hint="write a tag that stays, or best the digest: `NAME@sha256:...`",
    )


def _content(
    settings: Environment, expansion: Expansion, path: Keys
) -> tuple[JsonObject, LocalFolder | None]:
    """Return the properties that never change, and the folder to upload, if any."""
    content: JsonObject = {}
    if settings.image:
        content["image"] = settings.image
    if settings.conda_file is not None:
        content["condaFile"] = conda.text_of(settings.conda_file, expansion, (*path, "conda_file"))
    if settings.os_type:
        content["osType"] = settings.os_type.title()
    if settings.inference_config:
        config = settings.inference_config
        content["inferenceConfig"] = {
            "livenessRoute": _route(config.liveness_route),
            "readinessRoute": _route(config.readiness_route),
            "scoringRoute": _route(config.scoring_route),
        }
    folder = None
    if settings.build:
        content["build"], folder = _build(settings.build, expansion, (*path, "build", "path"))
    return content, folder


def _route(route: Route) -> JsonObject:
    return {"port": route.port, "path": route.path}


def _build(
    build: BuildContext, expansion: Expansion, path: Keys
) -> tuple[JsonObject, LocalFolder | None]:
    body: JsonObject = {"contextUri": build.path}
    if build.dockerfile_path:
        body["dockerfilePath"] = build.dockerfile_path
    if _REMOTE.match(build.path):
        return body, None
    folder = folder_beside(expansion.document, build.path, CONTEXT)
    dockerfile = build.dockerfile_path or DOCKERFILE
    problems = [*folder.problems, *in_context(folder.files, folder.shown, dockerfile)]
    expansion.problems += [p.at(expansion.document.position(path)) for p in problems]
    if not folder.problems and dockerfile not in folder.files:
        expansion.problem(
            f"there is no {dockerfile} in {folder.shown}",
            path,
            hint="add it, or name it with `dockerfile_path`",
        )
    return body, folder


def _resource(
    path: Keys,
    settings: Environment,
    workspace: str,
    content: JsonObject,
    files: LocalFolder | None,
    expansion: Expansion,
) -> Resource[Wanted]:
    user = f"{str(path[0]).removesuffix('s')}-" if len(path) > PLAIN else ""
    name = settings.name or f"{user}{path[1]}"
    digest = fingerprint({**content, "build": _identity(content, files)})
    version = settings.version or digest
    folder = f"{FOLDER}/{name}/{version}/{digest}"
    resource_id = f"{workspace}/environments/{name}/versions/{version}"
    properties = {**content, "tags": expansion.tracked_tags(resource_id, settings.tags)}
    if files:
        uri = f"azureml://datastores/workspaceblobstore/paths/{folder}/"
        properties["build"] = {**content["build"], "contextUri": uri}
    if settings.description:
        properties["description"] = settings.description
    return Resource(
        ".".join(map(str, path)),
        EnvironmentHandler.kind,
        resource_id,
        {"properties": properties},
        settings=Wanted(workspace, folder, files.files if files else {}, digest),
        position=expansion.document.position(path, of_key=True),
        depends_on=frozenset({"workspace"}),
        known={"name": name, "version": version},
    )


def _identity(content: JsonObject, files: LocalFolder | None) -> JsonObject:
    """Return what stands for a build context in the digest: its files, not where they lie."""
    build = dict(content.get("build") or {})
    return {**build, "contextUri": files.fingerprint()} if files else build
