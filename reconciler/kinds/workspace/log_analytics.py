"""Log Analytics workspace: where Application Insights keeps its records.

Stated through `application_insights`; classic (workspace-less) Application Insights is
retired. Source: learn.microsoft.com/rest/api/loganalytics/workspaces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded
from reconciler.engine.types import Address, JsonObject, Resource
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.soft_delete import kept_until, refuse_replace
from reconciler.kinds.workspace.application_insights import (
    LOGS_NAME,
    LOGS_WORDS,
    ApplicationInsights,
)
from reconciler.kinds.workspace.linked import OWNERS, LinkedHandler

if TYPE_CHECKING:
    from reconciler.kinds import Spec

KEPT_DAYS = 14
"""How long Azure keeps a deleted one."""

READ_ONLY = frozenset(
    {
        "properties.provisioningState",
        "properties.customerId",
        "properties.sku.lastSkuUpdate",
        "properties.workspaceCapping.quotaNextResetTime",
        "properties.workspaceCapping.dataIngestionStatus",
        "properties.createdDate",
        "properties.modifiedDate",
        "properties.privateLinkScopedResources",
        "properties.features.unifiedSentinelBillingOnly",
        "properties.features.associations",
        "properties.replication.provisioningState",
        "properties.replication.createdDate",
        "properties.replication.lastModifiedDate",
        "properties.failover",
    }
)
"""What Azure fills in and a PUT must not send back, as in the published type."""


class LogAnalyticsHandler(LinkedHandler[ApplicationInsights]):
    """Knows Log Analytics workspaces."""

    kind = "log analytics workspace"
    section = "workspace.application_insights"
    field = "application_insights"
    type = "Microsoft.OperationalInsights/workspaces"
    api_version = "2025-07-01"
    read_only = READ_ONLY
    costs_money = True
    policy: ClassVar[Policy] = Policy(
        Rules(
            immutable=frozenset({"location"}),
            same={"properties.sku.name": same_folded},
            labels={"properties.retentionInDays": "retention_in_days"},
        )
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add one for each Application Insights that brings none."""
        for owner in OWNERS:
            insights = getattr(getattr(spec, owner), self.field, None)
            if insights is None or isinstance(insights, str):
                continue
            if insights.log_analytics_workspace:
                existing = insights.log_analytics_workspace
                expansion.external(self.address(owner), self.kind, existing)
                continue
            name = insights.log_analytics_name or f"{insights.name}-logs"
            if not re.fullmatch(LOGS_NAME, name):
                expansion.problem(
                    f"invalid name of its Log Analytics workspace: `{name}`: {LOGS_WORDS}",
                    (owner, self.field, "name"),
                    hint="give it a name of its own in `log_analytics_name`",
                )
            self.add(owner, insights, name, expansion)

    def address(self, owner: str) -> Address:
        """Return the address of the one behind the Application Insights of a workspace or hub."""
        return f"{owner}.log_analytics"

    def body(self, settings: ApplicationInsights, owner: str, expansion: Expansion) -> JsonObject:
        """Return a workspace that is paid by what it takes in."""
        return {
            "properties": {
                "sku": {"name": "PerGB2018"},
                "retentionInDays": settings.retention_in_days,
            }
        }

    def review(self, change: Change) -> Change:
        """Refuse a replace: the soft-deleted one would come back as it was."""
        return refuse_replace(change, KEPT_DAYS)

    def remains(self, resource: Resource) -> str:
        """Say what Azure keeps."""
        name = resource.resource_id.rpartition("/")[2]
        return (
            f"log analytics workspace {name}: soft-deleted until {kept_until(KEPT_DAYS)}, "
            "a new one of its name recovers it"
        )
