"""Microsoft.Insights/diagnosticSettings: where the logs and metrics of any resource are sent.

Sources: published types 2021-05-01-preview; learn.microsoft.com/azure/azure-monitor/platform/
diagnostic-settings (a category goes once to a destination; a setting outlives its resource and is
there again when the resource is made anew). What is sent where is kept, and nothing is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError, conflict
from reconciler.sandbox.arm.scoped import keep_scope, listing
from reconciler.sandbox.arm.types import ResourceType, Write, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
TYPE = "Microsoft.Insights/diagnosticSettings"
_SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")


def _prepare(write: Write) -> None:
    keep_scope(write)
    properties = write.properties
    if not any(properties.get(sink) for sink in _SINKS):
        raise ArmError(400, "BadRequest", "At least one data sink needs to be specified.")
    for part in ("logs", "metrics"):
        properties[part] = properties.get(part) or []
    wanted = dict.fromkeys(_sent(properties))
    for other in write.world.store.of_type(TYPE, write.hidden["scope"]):
        if other.hidden["scope"].lower() != write.hidden["scope"].lower():
            continue
        for sink, category in _sent(other.body["properties"]):
            if (sink, category) in wanted and other.name.lower() != write.name.lower():
                raise conflict(
                    "Conflict",
                    f"Data sink '{sink}' is already used in diagnostic setting '{other.name}' for "
                    f"category '{category}'. Data sinks can't be reused in different settings on "
                    f"the same category for the same resource.",
                )


def _sent(properties: Json) -> Iterator[tuple[str, str]]:
    """Each destination with each category that is sent there."""
    for sink in _SINKS:
        for one in (*properties.get("logs", ()), *properties.get("metrics", ())):
            if properties.get(sink) and one["enabled"]:
                name = one.get("category") or one.get("categoryGroup") or ""
                yield str(properties[sink]).lower(), str(name)


def _not_found(name: str, resource_id: str) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"The resource '{resource_id}' could not be found.")


_SETTINGS = """
    category: str
    enabled!: bool
    retentionPolicy:
      enabled!: bool
      days!: int
"""
SETTINGS = ResourceType(
    type=TYPE,
    schema=schema(
        f"""
properties!:
  storageAccountId: str
  serviceBusRuleId: str
  eventHubAuthorizationRuleId: str
  eventHubName: str
  workspaceId: str
  marketplacePartnerId: str
  logAnalyticsDestinationType: str
  metrics: []
    timeGrain: str{_SETTINGS}
  logs: []
    categoryGroup: str{_SETTINGS}
"""
    ),
    name_pattern=r"^[^<>*%&:\\?+/]{1,260}$",
    tracked=False,
    extension=True,
    outlives_scope=True,
    can_patch=False,
    create_status=200,
    shows_state=False,
    system_data=False,
    not_found=_not_found,
    prepare=_prepare,
)
TYPES = (SETTINGS,)
ROUTES = (listing(TYPE, api_versions(TYPE), exact=True),)
