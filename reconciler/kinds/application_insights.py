"""Application Insights: a workspace's monitoring, on top of Log Analytics.

A PATCH changes tags only, so updates are a PUT of the whole. Source:
learn.microsoft.com/rest/api/application-insights/components.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from reconciler.engine.decide import Policy
from reconciler.engine.diff import Rules
from reconciler.engine.types import JsonObject, Resource
from reconciler.kinds.base import ArmHandler
from reconciler.kinds.linked import linked
from reconciler.kinds.scope import Scope
from reconciler.spec.model import ResourceId, SpecModel, Tags

SENT_BACK = ("Application_Type", "WorkspaceResourceId", "Flow_Type", "Request_Source")
"""What a PUT repeats of the observed properties; all else is Azure's or stays as it is."""


class ApplicationInsights(SpecModel):
    """Application Insights to create, with the Log Analytics workspace it needs."""

    name: Annotated[str, StringConstraints(pattern=r"^[-A-Za-z0-9_.()]{0,254}[-A-Za-z0-9_()]$")]
    """The name in the resource group."""
    log_analytics_name: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$")]
        | None
    ) = None
    """The name of the Log Analytics workspace to create; `<name>-logs` when left out."""
    log_analytics_workspace: ResourceId | None = None
    """The id of an existing Log Analytics workspace, to create none."""
    retention_in_days: Annotated[int, Field(ge=30, le=730)] = 30
    """How long records are kept."""
    tags: Tags = Field(default_factory=dict)
    """Tags besides those of the whole spec."""


class ApplicationInsightsHandler(ArmHandler):
    """Knows workspace-based Application Insights."""

    kind = "application insights"
    section = "workspace.application_insights"
    type = "Microsoft.Insights/components"
    api_version = "2020-02-02"
    patches = False
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"location", "kind", "properties.Application_Type"}),
            labels={"properties.WorkspaceResourceId": "log_analytics_workspace"},
        )
    )

    def expand(self, spec: Any, scope: Scope) -> None:
        """Add the components of workspace and hub."""
        for address, path, settings in linked(spec, scope, "application_insights", self.kind):
            logs = f"{path[0]}.log_analytics"
            resource_id = scope.id_in_group(self.type, settings.name)
            scope.add(
                Resource(
                    address,
                    self.kind,
                    resource_id,
                    {
                        "location": scope.location,
                        "kind": "web",
                        "tags": scope.tracked_tags(resource_id, settings.tags),
                        "properties": {
                            "Application_Type": "web",
                            "WorkspaceResourceId": scope.known_id(logs),
                        },
                    },
                    settings=settings,
                    position=scope.document.position(path),
                    depends_on=frozenset({"resource_group", logs}),
                )
            )

    def put_body(self, observed: JsonObject, desired: JsonObject) -> JsonObject:
        """Return the desired body with everybody's tags and the observed writable properties."""
        shown = observed.get("properties") or {}
        kept = {name: shown[name] for name in SENT_BACK if shown.get(name)}
        return {
            **desired,
            "tags": {**(observed.get("tags") or {}), **desired["tags"]},
            "properties": {**kept, **desired["properties"]},
        }
