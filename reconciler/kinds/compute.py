"""Compute cluster: GPUs that come when a job wants them and go when it is done.

Azure changes only its scale settings in place; everything else is a new cluster. Tags are
therefore written once, and a difference is told: nobody wants a new GPU cluster for a team's name.
Source: learn.microsoft.com/rest/api/azureml/compute (the PATCH takes scale settings; the PUT "will
overwrite a compute if it exists"), the Terraform provider's ForceNew set (hashicorp/
terraform-provider-azurerm#29878, which would PUT the tags, is not merged).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Blocked, Change
from reconciler.engine.diff import same_folded
from reconciler.engine.types import Action, JsonObject, Owner, Resource
from reconciler.kinds.access.identity import attached
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.arm_handler import ArmHandler
from reconciler.kinds.expansion import Attributes, Expansion
from reconciler.kinds.machines import Machines, cluster_machines
from reconciler.kinds.quota.needs import quota_address
from reconciler.kinds.retirements import report_size
from reconciler.kinds.within import Within
from reconciler.kinds.workspace.ml_workspace import API_VERSION
from reconciler.spec.document import Keys
from reconciler.spec.model import Identity, SpecModel, Tags, matching

if TYPE_CHECKING:
    from reconciler.kinds import Spec

NAME = r"[a-zA-Z](?![a-zA-Z0-9-]*-\d+$)[a-zA-Z0-9-]{2,23}"
SCALE = "properties.properties.scaleSettings"
PRIORITIES = {"dedicated": "Dedicated", "low_priority": "LowPriority"}


class Compute(SpecModel):
    """A compute cluster; the key is its name."""

    type: Literal["amlcompute"] = "amlcompute"
    """The type of compute: a cluster."""
    size: Annotated[
        str,
        matching(
            r"^([Ss][Tt][Aa][Nn][Dd][Aa][Rr][Dd]|[Bb][Aa][Ss][Ii][Cc])_[A-Za-z0-9_]+$",
            "a VM size such as `Standard_NC24ads_A100_v4`",
        ),
        Arm("properties.properties.vmSize", immutable=True),
    ]
    """The VM size of each node, for example `Standard_NC24ads_A100_v4`."""
    tier: Annotated[
        Literal["dedicated", "low_priority"],
        Arm("properties.properties.vmPriority", immutable=True),
    ] = "dedicated"
    """Dedicated nodes, or cheaper low-priority nodes that Azure may take back at any time."""
    min_instances: Annotated[int, Field(ge=0, le=65_000), Arm(f"{SCALE}.minNodeCount")] = 0
    """Minimum number of nodes; 0 costs nothing while no job runs."""
    max_instances: Annotated[int, Field(ge=1, le=65_000), Arm(f"{SCALE}.maxNodeCount")] = 1
    """Maximum number of nodes."""
    idle_time_before_scale_down: Annotated[
        int, Field(ge=60, le=86_400), Arm(f"{SCALE}.nodeIdleTimeBeforeScaleDown")
    ] = 120
    """Seconds a node stays idle before it is removed."""
    identity: Identity | None = None
    """The managed identity that jobs on the cluster run as."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec. Azure takes them when the cluster is created; a plan
    says which it will not change."""

    @model_validator(mode="after")
    def _whole(self) -> Compute:
        if self.min_instances > self.max_instances:
            raise ValueError(
                f"`min_instances` is {self.min_instances}, more than "
                f"`max_instances`, {self.max_instances}"
            )
        return self


class ComputeHandler(ArmHandler):
    """Knows Azure ML compute clusters."""

    kind = "compute cluster"
    section = "compute"
    type = "Microsoft.MachineLearningServices/workspaces/computes"
    api_version = API_VERSION
    lists = True
    costs_money = True
    # A project shows the clusters of its hub, but they do not go with it.
    within = (Within("workspace", "computes"), Within("hub", "computes", by_us=False))
    attributes = Attributes(frozenset({"id", "name"}))
    delete_params: ClassVar[Mapping[str, str]] = {"underlyingResourceAction": "Delete"}
    policy: ClassVar[Policy] = Policy(
        rules_of(
            Compute,
            immutable=(
                "location",
                "identity",
                "properties.disableLocalAuth",
                "properties.properties.osType",
            ),
            create_only=("tags",),
            same={
                "properties.computeType": same_folded,
                "properties.properties.vmSize": same_folded,
                "properties.properties.vmPriority": same_folded,
                "properties.properties.osType": same_folded,
            },
        ),
        replaces_failed=True,
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each cluster of the workspace."""
        for name, settings in spec.compute.items():
            path: Keys = ("compute", name)
            workspace = expansion.known_id("workspace")
            if workspace:
                expansion.add(self._resource(name, settings, workspace, expansion))
            elif "workspace" not in expansion.broken:
                expansion.problem(
                    "`compute` needs a `workspace`",
                    path,
                    hint="add `workspace: {name: ...}`, or give the resource id of one",
                )

    def _resource(
        self, name: str, settings: Compute, workspace: str, expansion: Expansion
    ) -> Resource:
        path: Keys = ("compute", name)
        _check_name(name, expansion, path)
        report_size(settings.size, expansion, (*path, "size"))
        resource_id = f"{workspace}/computes/{name}"
        desired = _body(settings, resource_id, expansion)
        depends_on = {"workspace", *quota_address(settings.size, expansion)}
        if settings.identity:
            block, holders, grants = attached(settings.identity, expansion, (*path, "identity"))
            desired["identity"] = block
            depends_on |= {*holders, *grants}
        return Resource(
            f"compute.{name}",
            self.kind,
            resource_id,
            desired,
            settings=settings,
            position=expansion.document.position(path, of_key=True),
            depends_on=frozenset(depends_on),
            known={"name": name},
        )

    def review(self, change: Change) -> Change:
        """Refuse to take over a cluster that is there: it cannot get our mark.

        Not with `--adopt` either, so the hint that offers it is not given.
        """
        seen = change.observed
        if seen is None or seen.owner is not Owner.NOBODY:
            return change
        problem = Diagnostic(
            f"`{change.address}` already exists and is not marked as ours",
            change.resource.position,
            detail="Azure cannot change the tags of a cluster, so it cannot be adopted",
            hint="choose another name, refer to it by its id, or delete it and let apply create it",
        )
        return change.deciding(Blocked((problem,)))

    def machines(self, body: JsonObject) -> Machines | None:
        """Return its nodes, as the scale settings say."""
        return cluster_machines(body)

    def ends_runs(self, change: Change) -> str:
        """Return its workspace where the cluster goes, or has fewer nodes than it has in use."""
        held = cluster_machines(change.observed.body) if change.observed else None
        wanted = cluster_machines(change.resource.desired)
        is_shrunk = change.action is Action.UPDATE and held and wanted and wanted.most < held.now
        is_ended = change.action.is_destructive or is_shrunk
        return change.resource.resource_id.rpartition("/computes/")[0] if is_ended else ""

    def patch_body(self, change: Change, desired: JsonObject) -> JsonObject:
        """Return all scale settings: the only part that Azure takes, and as a whole."""
        scale = desired["properties"]["properties"]["scaleSettings"]
        return {"properties": {"properties": {"scaleSettings": scale}}}


def _check_name(name: str, expansion: Expansion, path: Keys) -> None:
    if not re.fullmatch(NAME, name, re.ASCII):
        expansion.problem(
            f"invalid cluster name `{name}`",
            path,
            hint="3 to 24 letters, digits and hyphens, a letter first, not ending in -<digits>",
        )


def _body(settings: Compute, resource_id: str, expansion: Expansion) -> JsonObject:
    return {
        "location": expansion.location,
        "tags": expansion.tracked_tags(resource_id, settings.tags),
        "properties": {
            "computeType": "AmlCompute",
            "disableLocalAuth": True,
            "properties": {
                "vmSize": settings.size,
                "vmPriority": PRIORITIES[settings.tier],
                "osType": "Linux",
                "scaleSettings": {
                    "minNodeCount": settings.min_instances,
                    "maxNodeCount": settings.max_instances,
                    "nodeIdleTimeBeforeScaleDown": f"PT{settings.idle_time_before_scale_down}S",
                },
            },
        },
    }
