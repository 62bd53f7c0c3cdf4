"""Microsoft.ResourceGraph/resources: one query of the change feed, and no other.

Source: published REST specification 2024-04-01 (request, `options`, `data`, `$skipToken`);
learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests (15
queries in 5 s for a user, `x-ms-user-quota-remaining` and `-resets-after` on every answer, 429
RateLimiting); the refusal of a query as its users report it. Only what the caller may read is
shown. There is no Kusto here: a query of another form is refused as one that cannot be parsed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from reconciler.sandbox.arm import permissions
from reconciler.sandbox.arm.errors import ArmError, ContentError
from reconciler.sandbox.arm.ids import segment_after
from reconciler.sandbox.arm.resource_changes import changes
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = ("2019-04-01", "2020-04-01-preview", "2021-03-01", "2022-10-01", "2024-04-01")
QUERIES, WITHIN_S = 15, 5
MOST_ROWS = 1_000
_QUERY = re.compile(
    r"resourcechanges"
    r" \| extend at = todatetime\(properties\.changeAttributes\.timestamp\)"
    r" \| where at > datetime\((?P<after>[0-9T:.Z-]{20,30})\)"
    r" \| project id, targetResourceId = tostring\(properties\.targetResourceId\),"
    r" changeType = tostring\(properties\.changeType\), changes = properties\.changes,"
    r" changeAttributes = properties\.changeAttributes, at"
    r" \| order by at asc, id asc"
)
_asked: WeakKeyDictionary[World, dict[str, list[float]]] = WeakKeyDictionary()


def _resources(world: World, call: Call, path: dict[str, str]) -> Answer:
    headers = _quota(world, call)
    body = call.body or {}
    if not isinstance(body.get("query"), str):
        raise ContentError("Required property 'query' not found in JSON.")
    found = _QUERY.fullmatch(" ".join(body["query"].split()))
    if found is None:
        raise _invalid("InvalidQuery", "ParserFailure")
    wanted = {str(one).lower() for one in body.get("subscriptions") or ()}
    rows = [row for row in _rows(world, found["after"]) if _is_shown(world, call, row, wanted)]
    return Answer(200, _page(rows, body.get("options") or {}), headers)


def _rows(world: World, after: str) -> list[Json]:
    try:
        since = datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise _invalid("InvalidQuery", "ParserFailure") from error
    rows = changes(world, since, world.clock.now())
    return [{**row, "at": row["changeAttributes"]["timestamp"]} for row in rows]


def _is_shown(world: World, call: Call, row: Json, wanted: set[str]) -> bool:
    """Whether a row is of the subscriptions asked for, and the caller may read its resource."""
    target = row["targetResourceId"]
    if wanted and str(segment_after(target, "subscriptions")).lower() not in wanted:
        return False
    look = Call("GET", target, {}, principal_id=call.principal_id, app_id=call.app_id)
    try:
        permissions.check(world, look)
    except ArmError:
        return False
    return True


def _page(rows: list[Json], options: Json) -> Json:
    """Return one page. A token is where the next begins: what comes meanwhile is at the end."""
    token = str(options.get("$skipToken") or "0")
    most = options.get("$top", MOST_ROWS)
    if not token.isdecimal() or not isinstance(most, int) or not 0 < most <= MOST_ROWS:
        raise _invalid("InvalidOptions", "InvalidPagingOptions")
    start = int(token)
    data = rows[start : start + most]
    more = start + most < len(rows)
    page: Json = {
        "totalRecords": len(rows),
        "count": len(data),
        "data": data,
        "facets": [],
        "resultTruncated": "true" if more else "false",
    }
    return page | ({"$skipToken": str(start + most)} if more else {})


def _quota(world: World, call: Call) -> dict[str, str]:
    """Count a query against the caller's quota. Raises ArmError 429 where that is spent."""
    now = world.clock.waited()
    mine = _asked.setdefault(world, {}).setdefault(call.principal_id, [])
    mine[:] = [at for at in mine if now - at < WITHIN_S]
    headers = {
        "x-ms-user-quota-remaining": str(max(0, QUERIES - len(mine) - 1)),
        "x-ms-user-quota-resets-after": f"00:00:{WITHIN_S:02}",
    }
    if len(mine) >= QUERIES:
        error = _invalid("RateLimiting", "RateLimiting")
        error.status, error.code = 429, "RateLimiting"
        error.headers = {**headers, "Retry-After": str(WITHIN_S)}
        raise error
    mine.append(now)
    return headers


class _QueryError(ArmError):
    """Resource Graph's refusal: the reasons are in the details."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        text = "Please provide below info when asking for support: timestamp, correlationId."
        super().__init__(400, "BadRequest", text)
        self._codes = codes

    def body(self, time: str = "", location: str = "") -> Json:
        """Return the error document."""
        details = [{"code": code, "message": _SAYS.get(code, code)} for code in self._codes]
        error = {"code": self.code, "message": self.message, "details": details}
        return {"error": error}


_SAYS = {
    "InvalidQuery": "Query is invalid. Please refer to the documentation for the Azure Resource "
    "Graph service and fix the error before retrying.",
    "RateLimiting": "Client application has been throttled and should not attempt to repeat the "
    "request until an amount of time has elapsed. Please see "
    "https://aka.ms/resourcegraph-throttling for help.",
}


def _invalid(*codes: str) -> ArmError:
    return _QueryError(tuple(dict.fromkeys(codes)))


ROUTES = (Route("POST", "/providers/Microsoft.ResourceGraph/resources", VERSIONS, _resources),)
