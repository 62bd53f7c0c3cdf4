"""Microsoft.Quota on Azure ML's regions: limits, usages and requests.

Sources: azure-facts section 9 (202 + Location, request states, codes ContactSupport and
InvalidResourceName), published examples getMachineLearningServices*.
A granted request never lowers a limit below what is in use.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import capacity, catalog, pools
from reconciler.sandbox.arm.api_versions import api_versions
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.schema import Check
from reconciler.sandbox.arm.types import Answer, Call, ResourceType, Route, schema

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = api_versions("Microsoft.Quota/quotas")
APPROVAL_S = 180.0
_SCOPE = (
    "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{location}"
    "/providers/Microsoft.Quota"
)


def _base(path: dict[str, str]) -> str:
    return _SCOPE.format(**path)


def _pools() -> tuple[str, ...]:
    return (*catalog.families(), pools.LOW_PRIORITY)


def _resource_type(pool: str) -> str:
    return "lowPriority" if pool == pools.LOW_PRIORITY else "dedicated"


def _family(name: str) -> str:
    found = pools.proper(name)
    if found not in _pools():
        raise ArmError(400, "InvalidResourceName", f"The resource name '{name}' is not valid.")
    return found


def _quota(world: World, path: dict[str, str], family: str) -> Json:
    value = capacity.limit(world, path["sub"], path["location"].lower(), family)
    return {
        "id": f"{_base(path)}/quotas/{family}",
        "name": family,
        "type": "Microsoft.Quota/Quotas",
        "properties": {
            "limit": {"limitObjectType": "LimitValue", "limitType": "Independent", "value": value},
            "unit": "Count",
            "name": {"value": family, "localizedValue": family},
            "resourceType": _resource_type(family),
            "isQuotaApplicable": True,
            "properties": {},
        },
    }


def _usage(world: World, path: dict[str, str], family: str) -> Json:
    value = capacity.used(world, path["sub"], path["location"].lower(), family)
    return {
        "id": f"{_base(path)}/usages/{family}",
        "name": family,
        "type": "Microsoft.Quota/Usages",
        "properties": {
            "usages": {"value": value},
            "unit": "Count",
            "name": {"value": family, "localizedValue": family},
            "resourceType": _resource_type(family),
            "isQuotaApplicable": True,
            "properties": {},
        },
    }


def _list_quotas(world: World, call: Call, path: dict[str, str]) -> Answer:
    capacity.settle_requests(world)
    items = [_quota(world, path, family) for family in _pools()]
    return Answer(200, page(world, call, items))


def _one_quota(world: World, call: Call, path: dict[str, str]) -> Answer:
    capacity.settle_requests(world)
    return Answer(200, _quota(world, path, _family(path["name"])))


def _list_usages(world: World, call: Call, path: dict[str, str]) -> Answer:
    items = [_usage(world, path, family) for family in _pools()]
    return Answer(200, page(world, call, items))


def _one_usage(world: World, call: Call, path: dict[str, str]) -> Answer:
    return Answer(200, _usage(world, path, _family(path["name"])))


def _ask(world: World, call: Call, path: dict[str, str]) -> Answer:
    capacity.settle_requests(world)
    family = _family(path["name"])
    wanted = _wanted(call)
    subscription, location = path["sub"], path["location"].lower()
    if wanted < capacity.used(world, subscription, location, family):
        raise ArmError(
            400,
            "InvalidResourceLimit",
            f"The requested limit {wanted} of '{family}' is below the current usage.",
        )
    if wanted == capacity.limit(world, subscription, location, family):
        return Answer(200, _quota(world, path, family))
    request = str(uuid.uuid4())
    document = {
        "base": _base(path),
        "key": capacity.key(subscription, location, family),
        "family": family,
        "value": wanted,
        "state": "Accepted",
        "submitted": world.clock.iso(),
        "error": None,
        "wait": {"ends": world.clock.steps(APPROVAL_S), "done": 0},
    }
    world.store.put_document(capacity.REQUESTS, request, document)
    url = f"{world.base_url}{_base(path)}/quotaRequests/{request}?api-version={call.version}"
    headers = {"Location": url, **world.clock.retry_headers(30)}
    return Answer(202, _request(request, document), headers)


_BODY = schema(
    """
    properties!:
      limit!:
        limitObjectType!: LimitValue
        limitType: Independent|Shared
        value!: int
      name:
        value: str
        localizedValue: str
      resourceType: str
      unit: str
      quotaPeriod: str
      isQuotaApplicable: bool
      properties: any
    """
)


def _wanted(call: Call) -> int:
    body = call.body
    properties = body.get("properties") if isinstance(body, dict) else None
    limit = properties.get("limit") if isinstance(properties, dict) else None
    value = limit.get("value") if isinstance(limit, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArmError(
            400, "InvalidRequest", "properties.limit.value must be a whole number of at least 0."
        )
    sent = {key: item for key, item in body.items() if key not in ("id", "name", "type")}
    Check(call.version).body(_BODY, sent, None)
    return value


def _request(name: str, found: Json) -> Json:
    properties: Json = {
        "provisioningState": found["state"],
        "message": found["state"],
        "requestSubmitTime": found["submitted"],
        "value": [
            {
                "provisioningState": found["state"],
                "name": {"value": found["family"], "localizedValue": found["family"]},
                "limit": {"limitObjectType": "LimitValue", "value": found["value"]},
                "resourceType": _resource_type(found["family"]),
                "unit": "Count",
            }
        ],
    }
    if found["error"]:
        properties["error"] = found["error"]
    return {
        "id": f"{found['base']}/quotaRequests/{name}",
        "name": name,
        "type": "Microsoft.Quota/quotaRequests",
        "properties": properties,
    }


def _one_request(world: World, call: Call, path: dict[str, str]) -> Answer:
    name = path["name"]
    if world.store.document(capacity.REQUESTS, name) is None:
        raise ArmError(404, "NotFound", f"The quota request '{name}' was not found.")
    capacity.settle_requests(world, name)
    found = world.store.document(capacity.REQUESTS, name)
    headers = {}
    if found["state"] in ("Accepted", "InProgress"):
        headers = world.clock.retry_headers(30)
    return Answer(200, _request(name, found), headers)


def _list_requests(world: World, call: Call, path: dict[str, str]) -> Answer:
    capacity.settle_requests(world)
    base = _base(path).lower()
    found = world.store.documents(capacity.REQUESTS).items()
    items = [_request(name, one) for name, one in found if one["base"].lower() == base]
    return Answer(200, page(world, call, items))


TYPES: tuple[ResourceType, ...] = ()
ROUTES = (
    Route("GET", _SCOPE + "/quotas", VERSIONS, _list_quotas),
    Route("GET", _SCOPE + "/quotas/{name}", VERSIONS, _one_quota),
    Route("PUT", _SCOPE + "/quotas/{name}", VERSIONS, _ask),
    Route("PATCH", _SCOPE + "/quotas/{name}", VERSIONS, _ask),
    Route("GET", _SCOPE + "/usages", VERSIONS, _list_usages),
    Route("GET", _SCOPE + "/usages/{name}", VERSIONS, _one_usage),
    Route("GET", _SCOPE + "/quotaRequests", VERSIONS, _list_requests),
    Route("GET", _SCOPE + "/quotaRequests/{name}", VERSIONS, _one_request),
)
