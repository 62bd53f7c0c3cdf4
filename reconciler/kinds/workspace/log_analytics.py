"""Log Analytics workspace: where Application Insights keeps its records.

Stated through `application_insights`; classic (workspace-less) Application Insights is
retired. Source: learn.microsoft.com/rest/api/loganalytics/workspaces.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Change
from reconciler.engine.diff import Rules, same_folded
from reconciler.engine.types import Resource
from reconciler.kinds.base import ArmHandler
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.soft_delete import kept_until, refuse_replace
from reconciler.kinds.workspace.application_insights import LOGS_NAME, LOGS_WORDS
from reconciler.kinds.workspace.linked import OWNERS

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


class LogAnalyticsHandler(ArmHandler):
    """Knows Log Analytics workspaces."""

    kind = "log analytics workspace"
    section = "workspace.application_insights"
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

    def expand(self, spec: Any, expansion: Expansion) -> None:
        """Add one for each Application Insights that brings none."""
        for section in OWNERS:
            insights = getattr(getattr(spec, section), "application_insights", None)
            if insights is None or isinstance(insights, str):
                continue
            address = f"{section}.log_analytics"
            if insights.log_analytics_workspace:
                expansion.external(address, self.kind, insights.log_analytics_workspace)
                continue
            name = insights.log_analytics_name or f"{insights.name}-logs"
            if not re.fullmatch(LOGS_NAME, name):
                expansion.problem(
                    f"invalid name of its Log Analytics workspace: `{name}`: {LOGS_WORDS}",
                    (section, "application_insights", "name"),
                    hint="give it a name of its own in `log_analytics_name`",
                )
            resource_id = expansion.id_in_group(self.type, name)
            expansion.add(
                Resource(
                    address,
                    self.kind,
                    resource_id,
                    {
                        "location": expansion.location,
                        "tags": expansion.tracked_tags(resource_id, insights.tags),
                        "properties": {
                            "sku": {"name": "PerGB2018"},
                            "retentionInDays": insights.retention_in_days,
                        },
                    },
                    settings=insights,
                    position=expansion.document.position((section, "application_insights")),
                    depends_on=frozenset({"resource_group"}),
                )
            )

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
