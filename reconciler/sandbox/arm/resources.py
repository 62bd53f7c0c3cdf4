"""Microsoft.Resources: resource groups, the resource list, providers, subscriptions.

Sources: recorded azure-cli resource_group.json, ASO resource_group_crud.json (bodies, 201/200/202,
`Location` deletion); azure-facts section 1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog, filters, not_emulated
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.checks import registration
from reconciler.sandbox.arm.errors import ArmError, group_not_found
from reconciler.sandbox.arm.ids import GROUPS
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import (
    Answer,
    Call,
    Lro,
    ResourceType,
    Route,
    Write,
    schema,
)
from reconciler.sandbox.entra import SUBSCRIPTION
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
GROUP_VERSIONS = api_versions(GROUPS)
LIST_VERSIONS = api_versions("Microsoft.Resources/resources")
PROVIDER_VERSIONS = api_versions("Microsoft.Resources/providers")
SUBSCRIPTION_VERSIONS = api_versions("Microsoft.Resources/subscriptions")


def _prepare(write: Write) -> None:
    if write.is_patch and write.old is not None:
        write.body["location"] = write.old.body["location"]


def _bad_name(name: str) -> Exception:
    """Source: Azure/azure-cli#14481, microsoft/microsoft-foundry-for-vscode#53."""
    wrong = "".join(dict.fromkeys(re.findall(r"[^-\w.()]", name)))
    return ArmError(
        400,
        "InvalidResourceGroup",
        f"The provided resource group name '{name}' has these invalid characters: '{wrong}'. The "
        "name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
    )


def _filtered(world: World, records: list[Record], call: Call) -> list[Record]:
    passes = filters.group_test(call.query.get("$filter"))
    return [record for record in records if passes(record)]


GROUP = ResourceType(
    type=GROUPS,
    schema=schema(
        """
        location!: str
        managedBy: str
        tags: map
        properties:
          provisioningState-: str
        """
    ),
    patch_schema=schema(
        """
        name: str
        managedBy: str
        tags: map
        properties:
          provisioningState-: str
        """
    ),
    name_pattern=r"^[-\w.()]{0,89}[-\w()]$",
    bad_name=_bad_name,
    delete=Lro.LOCATION,
    delete_s=60.0,
    retry_after_s=15,
    missing_delete_status=404,
    system_data=False,
    prepare=_prepare,
    list_filter=_filtered,
)


def _list_resources(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = path.get("group")
    under = f"/subscriptions/{path['sub']}" + (f"/resourceGroups/{group}" if group else "")
    if group and world.store.get(under) is None:
        raise group_not_found(group)
    text, expand = call.query.get("$filter"), call.query.get("$expand", "")
    passes, hides_tags = filters.resource_test(text), filters.names_a_tag(text)
    found = [r for r in world.store.below(under) if _is_listed(world, r) and passes(r)]

    def show(record: Record) -> Json:
        brief = _brief(world, record) | _expanded(world, record, expand)
        return {k: v for k, v in brief.items() if not (hides_tags and k == "tags")}

    return Answer(200, page(world, call, found, show))


def _is_listed(world: World, record: Record) -> bool:
    type_ = world.arm.types[record.type.lower()]
    return type_.tracked and record.type != GROUPS and record.type.count("/") == 1


def _brief(world: World, record: Record) -> Json:
    whole = world.arm.present(record)
    keys = ("id", "name", "type", "kind", "location", "sku", "identity", "tags", "systemData")
    return {key: whole[key] for key in keys if whole.get(key) is not None}


def _expanded(world: World, record: Record, names: str) -> Json:
    """The properties that `$expand` names, of the three that the list can add."""
    whole, stamp = world.arm.present(record), record.hidden.get("systemData") or {}
    extra = {
        "createdTime": stamp.get("createdAt"),
        "changedTime": stamp.get("lastModifiedAt"),
        "provisioningState": (whole.get("properties") or {}).get("provisioningState", "Succeeded"),
    }
    wanted = {word.strip().lower() for word in names.split(",")}
    return {key: value for key, value in extra.items() if key.lower() in wanted and value}


def _subscription(world: World, sub: str) -> Json:
    return {
        "id": f"/subscriptions/{sub}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": sub,
        "tenantId": world.identity.tenant_id,
        "displayName": "Sandbox",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _subscriptions(world: World, call: Call, path: dict[str, str]) -> Answer:
    seen = [found["id"] for found in world.store.documents("subscriptions").values()]
    ids = dict.fromkeys([SUBSCRIPTION, *seen])
    return Answer(200, page(world, call, [_subscription(world, sub) for sub in ids]))


def _one_subscription(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, _subscription(world, path["sub"]))


def _tenants(world: World, call: Call, path: dict[str, str]) -> Answer:
    tenant = world.identity.tenant_id
    item = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Sandbox"}
    return Answer(200, {"value": [item]})


def _locations(world: World, call: Call, path: dict[str, str]) -> Answer:
    items = [
        {"id": f"/subscriptions/{path['sub']}/locations/{name}", "name": name, "displayName": name}
        for name in catalog.REGIONS
        if name != "global"
    ]
    return Answer(200, {"value": items})


def _provider(world: World, sub: str, namespace: str) -> Json:
    types = [t for t in world.arm.types.values() if t.namespace.lower() == namespace.lower()]
    proper = types[0].namespace if types else not_emulated.proper(namespace)
    if proper is None:
        raise ArmError(
            404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
        )
    return {
        "id": f"/subscriptions/{sub}/providers/{proper}",
        "namespace": proper,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": registration(world, sub, proper),
        "resourceTypes": [
            {
                "resourceType": type_.type.split("/", 1)[1],
                "locations": [name for name in catalog.REGIONS if name != "global"],
                "apiVersions": list(reversed(type_.versions)),
                "capabilities": "None",
            }
            for type_ in types
        ],
    }


def _providers(world: World, call: Call, path: dict[str, str]) -> Answer:
    names = dict.fromkeys(type_.namespace for type_ in world.arm.types.values())
    items = [_provider(world, path["sub"], name) for name in names]
    return Answer(200, page(world, call, items))


def _one_provider(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, _provider(world, path["sub"], path["ns"]))


def _provider_types(world: World, call: Call, path: dict[str, str]) -> Answer:
    found = _provider(world, path["sub"], path["ns"])
    return Answer(200, {"value": found["resourceTypes"]})


def _tenant_provider(world: World, call: Call, path: dict[str, str]) -> Answer:
    found = _provider(world, "", path["ns"])
    return Answer(200, {key: found[key] for key in ("namespace", "resourceTypes")})


def _register(state: str) -> Any:
    def run(world: World, call: Call, path: dict[str, str]) -> Answer:
        found = _provider(world, path["sub"], path["ns"])
        key = f"{path['sub']}/{found['namespace']}".lower()
        world.store.put_document("providers", key, state)
        return Answer(200, {**found, "registrationState": state})

    return run


_SUB = "/subscriptions/{sub}"
TYPES = (GROUP,)
ROUTES = (
    Route("GET", "/subscriptions", SUBSCRIPTION_VERSIONS, _subscriptions),
    Route("GET", _SUB, SUBSCRIPTION_VERSIONS, _one_subscription),
    Route("GET", "/tenants", SUBSCRIPTION_VERSIONS, _tenants),
    Route("GET", _SUB + "/locations", SUBSCRIPTION_VERSIONS, _locations),
    Route("GET", _SUB + "/resources", LIST_VERSIONS, _list_resources),
    Route("GET", _SUB + "/resourceGroups/{group}/resources", LIST_VERSIONS, _list_resources),
    Route("GET", _SUB + "/providers", PROVIDER_VERSIONS, _providers),
    Route("GET", _SUB + "/providers/{ns}", PROVIDER_VERSIONS, _one_provider),
    Route("GET", _SUB + "/providers/{ns}/resourceTypes", PROVIDER_VERSIONS, _provider_types),
    Route("GET", "/providers/{ns}", PROVIDER_VERSIONS, _tenant_provider),
    Route("POST", _SUB + "/providers/{ns}/register", PROVIDER_VERSIONS, _register("Registered")),
    Route(
        "POST", _SUB + "/providers/{ns}/unregister", PROVIDER_VERSIONS, _register("Unregistered")
    ),
)
