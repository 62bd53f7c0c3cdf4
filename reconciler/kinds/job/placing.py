"""What every type of job takes of an expansion: its workspace, its cluster, its place in there."""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.diff import same_id
from reconciler.engine.types import Resource
from reconciler.kinds.asset_references import cluster_id
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.job.settings import Wanted
from reconciler.spec.document import Keys

KEY_MAX = 240


def home_of_job(key: str, expansion: Expansion) -> str:
    """Return the workspace that a job is in; a name that no job can have is noted."""
    path: Keys = ("jobs", key)
    if len(key) > KEY_MAX:
        expansion.problem(f"`{key}` is too long to be the name of a job", path)
    return expansion.workspace_id(path)


def add_job(resource: Resource[Wanted], expansion: Expansion) -> None:
    """Add a job. A retried one has another id (`...-a2`): only Azure knows which one counts."""
    made = expansion.add(resource)
    expansion.resources[made.address] = replace(made, known={})


def cluster_named(text: str, workspace: str, expansion: Expansion) -> str:
    """Return the id of a cluster of the workspace, the reference where this spec makes it."""
    named = cluster_id(text, workspace)
    made = (a for a, r in expansion.resources.items() if same_id(r.resource_id, named))
    return next((f"${{{{ {address} }}}}" for address in made), named)
