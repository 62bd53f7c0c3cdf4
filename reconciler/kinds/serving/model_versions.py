"""What a version of a model in Azure says: whose it is, of which run, and from which path.

Azure may keep the files elsewhere than where they were registered from (recorded: `LocalUpload/...`
became `ServiceReplicated/...`), and shows a run's path as the datastore's. So a version that we
register carries the path as a property, and that is compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reconciler.engine.types import Address, JsonObject, Observed, Owner, Resource, Unknown
from reconciler.kinds.arm_handler import provisioning_phase
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.assets import same_uri
from reconciler.kinds.job.runs import MODEL_OUTPUT
from reconciler.kinds.ownership import OWNER_TAG, mark, tag_owner
from reconciler.kinds.serving.model_files import PATH_PROPERTY, ModelFiles

RUN_PROPERTY = "reconcile.run"
"""The property that names the run of a version that we registered ourselves."""
OF_ITS_RUN = "what the job left behind"
"""Stands for the path of a version that comes from the run in question."""
_OF_A_RUN = re.compile(
    r"(?:azureml://jobs/(?P<job>[^/]+)/outputs/artifacts/paths|runs:/(?P<run>[^/]+))/(?P<rest>.+)"
)


@dataclass(frozen=True)
class Wanted:
    """What handling a model takes beyond its body; `job` is "" and `files` None for a plain path."""

    workspace: str
    name: str
    version: str
    stated_version: str
    job: Address = ""
    files: ModelFiles | None = None
    output: str = MODEL_OUTPUT
    """Which output of the job it is."""


def same_model_uri(observed: Any, desired: Any) -> bool:
    """Compare paths; of what refers to a job it counts whether it is of that run (`seen_version`)."""
    if observed == OF_ITS_RUN:
        return True
    if isinstance(desired, Unknown) or str(desired).startswith("/subscriptions/"):
        return False
    return same_uri(observed, desired) or _is_in_run(str(observed or ""), str(desired))


def _is_in_run(shown: str, path: str) -> bool:
    """Return whether a datastore's path is where the artifacts of the path's run are."""
    wanted = _OF_A_RUN.fullmatch(path.rstrip("/"))
    if not wanted:
        return False
    run = wanted["job"] or wanted["run"]
    return shown.rstrip("/").endswith(f"/dcid.{run}/{wanted['rest']}")


def version_of(body: JsonObject) -> str:
    """Return the version that a body is."""
    return str(body["id"]).rpartition("/")[2]


def job_of(body: JsonObject) -> str:
    """Return the job that Azure says a version was registered by; "" for one by hand."""
    return str((body.get("properties") or {}).get("jobName") or "")


def claim(context: HandlerContext, body: JsonObject) -> tuple[bool, str]:
    """Order versions of one run: ours by its mark first, then the one that came first.

    The platform registers when the run ends; whoever registers the same output again is later.
    """
    owner, _ = tag_owner(body, context.owner, str(body["id"]))
    created = (body.get("systemData") or {}).get("createdAt")
    return owner is not Owner.OURS, str(created or "")


def seen_version(
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
        owner = Owner.OURS if job_of(body) == run.outputs["name"] else owner
    if run and _comes_from(run, body, resource.settings.output):
        properties["modelUri"] = OF_ITS_RUN
    elif PATH_PROPERTY in (properties.get("properties") or {}):
        properties["modelUri"] = properties["properties"][PATH_PROPERTY]
    phase, message = provisioning_phase(body)
    outputs = {"id": actual, "name": resource.settings.name, "version": actual.rpartition("/")[2]}
    shown = {**body, "properties": properties}
    return Observed(shown, outputs, owner, phase, message, owner_name=name)


def is_left_behind(seen: Observed) -> bool:
    """Return whether a version is there that need not be made: the run's own, or somebody's.

    One of ours from another run is what a replace has just deleted: a read that is behind.
    """
    return seen.owner is not Owner.OURS or seen.body["properties"]["modelUri"] == OF_ITS_RUN


def _comes_from(run: Observed, body: JsonObject, of: str) -> bool:
    """Return whether a version is of this run: by Azure's word, by ours, or by its path."""
    name, properties = run.outputs["name"], body["properties"]
    output = (run.body["properties"].get("outputs") or {}).get(of) or {}
    said = (job_of(body), (properties.get("properties") or {}).get(RUN_PROPERTY))
    uri = output.get("uri")
    return name in said or bool(uri and same_uri(properties.get("modelUri"), uri))
