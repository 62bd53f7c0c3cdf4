"""Application Insights: a workspace's monitoring, on top of Log Analytics.

A PATCH changes tags only, so updates are a PUT of the whole. Source:
learn.microsoft.com/rest/api/application-insights/components.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from reconciler.engine.decide import Policy
from reconciler.engine.diff import Rules, overlay
from reconciler.engine.types import Address, JsonObject
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.workspace.linked import LinkedHandler
from reconciler.spec.model import ResourceId, SpecModel, Tags, matching

SENT_BACK = (
    "Application_Type",
    "DisableIpMasking",
    "DisableLocalAuth",
    "Flow_Type",
    "ForceCustomerStorageForProfiler",
    "HockeyAppId",
    "ImmediatePurgeDataOn30Days",
    "IngestionMode",
    "Request_Source",
    "RetentionInDays",
    "SamplingPercentage",
    "WorkspaceResourceId",
    "publicNetworkAccessForIngestion",
    "publicNetworkAccessForQuery",
)
"""What a PUT repeats of the observed properties: one left out falls back to its default.

All that may be written, as in the published type; the rest is Azure's and refused.
"""


LOGS_NAME = r"^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$"
LOGS_WORDS = "4 to 63 letters, digits and hyphens, no hyphen at either end"


class ApplicationInsights(SpecModel):
    """Application Insights to create, with the Log Analytics workspace it needs."""

    name: Annotated[
        str,
        matching(
            r"^[-A-Za-z0-9_.()]{0,254}[-A-Za-z0-9_()]$",
            "1 to 255 letters, digits and -_.(), no period at the end",
        ),
    ]
    """The name in the resource group."""
    log_analytics_name: Annotated[str, matching(LOGS_NAME, LOGS_WORDS)] | None = None
    """Name of the Log Analytics workspace to create. Default: `<name>-logs`."""
    log_analytics_workspace: ResourceId | None = None
    """Resource id of an existing Log Analytics workspace to use instead of creating one."""
    retention_in_days: Annotated[int, Field(ge=30, le=730)] = 30
    """How many days logs are kept."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="after")
    def _whole(self) -> ApplicationInsights:
        of_new = {"log_analytics_name", "retention_in_days"} & self.model_fields_set
        if self.log_analytics_workspace and of_new:
            words = " and ".join(f"`{name}`" for name in sorted(of_new))
            raise ValueError(
                f"{words} cannot be set for an existing Log Analytics workspace "
                "(`log_analytics_workspace`)"
            )
        return self


class ApplicationInsightsHandler(LinkedHandler[ApplicationInsights]):
    """Knows workspace-based Application Insights."""

    kind = "application insights"
    section = "workspace.application_insights"
    field = "application_insights"
    type = "Microsoft.Insights/components"
    api_version = "2020-02-02"
    patches = False
    links = frozenset({"WorkspaceResourceId"})
    shows_links = False
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"location", "kind", "properties.Application_Type"}),
            labels={"properties.WorkspaceResourceId": "log_analytics_workspace"},
        )
    )

    def needs(self, owner: str) -> tuple[Address, ...]:
        """Return the Log Analytics workspace that it keeps its records in."""
        return (f"{owner}.log_analytics",)

    def body(self, settings: ApplicationInsights, owner: str, expansion: Expansion) -> JsonObject:
        """Return a component that reports to that workspace."""
        (logs,) = self.needs(owner)
        return {
            "kind": "web",
            "properties": {
                "Application_Type": "web",
                "WorkspaceResourceId": expansion.known_id(logs),
            },
        }

    def fills_in(self, path: str) -> bool:
        """Return whether a property cannot be written: some of these are in no published type."""
        place, _, name = path.partition(".")
        return place == "properties" and bool(name) and name not in SENT_BACK

    def put_body(self, observed: JsonObject, desired: JsonObject) -> JsonObject:
        """Return the desired body with everybody's tags and the observed writable properties."""
        shown = observed.get("properties") or {}
        kept = {name: shown[name] for name in SENT_BACK if shown.get(name) is not None}
        tags = observed.get("tags") or {}
        body: JsonObject = overlay({"tags": tags, "properties": kept}, desired)
        return body
