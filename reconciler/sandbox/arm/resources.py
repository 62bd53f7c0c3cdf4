"""Microsoft.Resources: resource groups, the resource list, providers, subscriptions.

Sources: recorded azure-cli resource_group.json, ASO resource_group_crud.json (bodies, 201/200/202,
`Location` deletion); azure-facts section 1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import catalog
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
    versions,
)
from reconciler.sandbox.entra import SUBSCRIPTION
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = versions(
    "2020-06-01 2020-10-01 2021-04-01 2022-09-01 2023-07-01 2024-03-01 2024-07-01 2024-11-01 "
    "2025-03-01 2025-04-01"
)
SUBSCRIPTION_VERSIONS = versions("2016-06-01 2019-06-01 2020-01-01 2021-01-01 2022-12-01")


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
    wanted = tag_filter(call.query.get("$filter"))
    return [record for record in records if wanted is None or has_tag(record, *wanted)]


GROUP = ResourceType(
    type=GROUPS,
    versions=VERSIONS,
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


def tag_filter(text: str | None) -> tuple[str, str | None] | None:
    """Return (name, value or None) of a `tagName eq 'a' and tagValue eq 'b'` filter."""
    if not text:
        return None
    name = re.search(r"tagname\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    value = re.search(r"tagvalue\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    if name is None:
        raise ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}'.")
    return name[1], value[1] if value else None


def has_tag(record: Record, name: str, value: str | None) -> bool:
    """Whether a record carries a tag (name in any case), with this value if one is given."""
    tags = record.body.get("tags") or {}
    return any(k.lower() == name.lower() and value in (None, v) for k, v in tags.items())


def _list_resources(world: World, call: Call, path: dict[str, str]) -> Answer:
    group = path.get("group")
    under = f"/subscriptions/{path['sub']}" + (f"/resourceGroups/{group}" if group else "")
    if group and world.store.get(under) is None:
        raise group_not_found(group)
    records = [record for record in world.store.below(under) if _is_listed(world, record)]
    found = _matching(records, call.query.get("$filter"))
    return Answer(200, page(world, call, found, lambda record: _brief(world, record)))


def _is_listed(world: World, record: Record) -> bool:
    type_ = world.arm.types[record.type.lower()]
    return type_.tracked and record.type != GROUPS and record.type.count("/") == 1


def _matching(records: list[Record], text: str | None) -> list[Record]:
    if not text:
        return records
    type_ = re.search(r"resourcetype\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    if type_ is not None:
        return [record for record in records if record.type.lower() == type_[1].lower()]
    name = re.search(r"(?<![\w])name\s+eq\s+'([^']*)'", text, re.IGNORECASE)
    if name is not None:
        return [record for record in records if record.name.lower() == name[1].lower()]
    wanted = tag_filter(text)
    return [record for record in records if wanted is None or has_tag(record, *wanted)]


def _brief(world: World, record: Record) -> Json:
    whole = world.arm.present(record)
    keys = ("id", "name", "type", "kind", "location", "sku", "identity", "tags", "systemData")
    return {key: whole[key] for key in keys if whole.get(key) is not None}


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
    if not types:
        raise ArmError(
            404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
        )
    proper = types[0].namespace
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
    Route("GET", _SUB + "/resources", VERSIONS, _list_resources),
    Route("GET", _SUB + "/resourceGroups/{group}/resources", VERSIONS, _list_resources),
    Route("GET", _SUB + "/providers", VERSIONS, _providers),
    Route("GET", _SUB + "/providers/{ns}", VERSIONS, _one_provider),
    Route("GET", _SUB + "/providers/{ns}/resourceTypes", VERSIONS, _provider_types),
    Route("GET", "/providers/{ns}", VERSIONS, _tenant_provider),
    Route("POST", _SUB + "/providers/{ns}/register", VERSIONS, _register("Registered")),
    Route("POST", _SUB + "/providers/{ns}/unregister", VERSIONS, _register("Unregistered")),
)
