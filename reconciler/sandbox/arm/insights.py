"""Microsoft.Insights: Application Insights components, always workspace-based.

Source: recorded ASO appinsights_crud.json (sync 200, lower-case namespace in id and type, etag in
the body, defaults); azure-facts section 5.
"""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.checks import dig
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.schema import missing
from reconciler.sandbox.arm.types import ResourceType, Route, Write, schema
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = api_versions("Microsoft.Insights/components")


def _prepare(write: Write) -> None:
    if not write.body.get("properties"):  # as the published example ComponentsUpdate sends it
        if write.old is None:
            raise missing("Application_Type", "properties")
        write.body["properties"] = copy.deepcopy(write.old_properties)
    write.hidden.setdefault("app", str(uuid.uuid4()))
    write.hidden.setdefault("key", str(uuid.uuid4()))
    write.hidden.setdefault("created", write.world.clock.iso())
    workspace = dig(write.body, "properties.WorkspaceResourceId")
    if not workspace:
        write.properties["WorkspaceResourceId"] = _managed_workspace(write)
    elif write.world.store.get(workspace) is None and write.old is None:
        raise ArmError(
            400, "BadRequest", f"The workspace '{workspace}' of the component does not exist."
        )
    if write.properties.get("RetentionInDays") is not None:  # only what was sent is repeated
        write.hidden["retention"] = write.properties["RetentionInDays"]
    defaults: Json = {
        "Flow_Type": None,
        "Request_Source": None,
        "RetentionInDays": 90,
        "IngestionMode": "LogAnalytics",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "SamplingPercentage": None,
    }
    for key, value in defaults.items():
        if write.properties.get(key) is None:
            write.properties[key] = value


def _managed_workspace(write: Write) -> str:
    """Return the id of the workspace that Azure makes, out of the caller's sight, for a component
    created without one (recorded July 2025).
    """
    subscription, app = write.id.split("/")[2], write.hidden["app"]
    return (
        f"/subscriptions/{subscription}/resourceGroups/ai_{write.name}_{app}_managed/providers/"
        f"Microsoft.OperationalInsights/workspaces/managed-{write.name}-ws"
    )


def _present(world: World, record: Record, body: Json) -> None:
    body["id"] = record.id.replace("/Microsoft.Insights/", "/microsoft.insights/")
    body["type"] = "microsoft.insights/components"
    body.setdefault("tags", {})
    key, app, location = record.hidden["key"], record.hidden["app"], body["location"]
    body["properties"] |= {
        "ApplicationId": record.name,
        "AppId": app,
        "InstrumentationKey": key,
        "ConnectionString": (
            f"InstrumentationKey={key};"
            f"IngestionEndpoint=https://{location}-0.in.applicationinsights.sandbox.test/;"
            f"ApplicationId={app}"
        ),
        "Name": record.name,
        "CreationDate": record.hidden["created"],
        "TenantId": world.identity.tenant_id,
        "Ver": "v2",
        **({"Retention": f"P{days}D"} if (days := record.hidden.get("retention")) else {}),
    }


COMPONENT = ResourceType(
    type="Microsoft.Insights/components",
    schema=schema(
        """
        location!: str
        kind!: str
        tags: map
        properties:
          Application_Type!: web|other
          Flow_Type: Bluefield
          Request_Source: rest
          SamplingPercentage: num
          RetentionInDays: int
          DisableIpMasking: bool
          ImmediatePurgeDataOn30Days: bool
          WorkspaceResourceId: str
          publicNetworkAccessForIngestion: Enabled|Disabled|SecuredByPerimeter
          publicNetworkAccessForQuery: Enabled|Disabled|SecuredByPerimeter
          IngestionMode: ApplicationInsights|ApplicationInsightsWithDiagnosticSettings|LogAnalytics
          DisableLocalAuth: bool
          ForceCustomerStorageForProfiler: bool
          HockeyAppId: str
          AppId-: str
          ApplicationId-: str
          ConnectionString-: str
          CreationDate-: str
          InstrumentationKey-: str
          Name-: str
          TenantId-: str
          Ver-: str
          provisioningState-: str
        """
    ),
    patch_schema=schema("tags: map"),
    name_pattern=r"^[^%&\\?/\x00-\x1f]{0,259}[^%&\\?/\x00-\x1f .]$",
    create_status=200,
    immutable=("kind", "properties.Application_Type"),
    etag_in_body=True,
    system_data=False,
    prepare=_prepare,
    present=_present,
)
TYPES = (COMPONENT,)
ROUTES: tuple[Route, ...] = ()
