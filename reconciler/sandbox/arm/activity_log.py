"""The activity log of a subscription: who wrote what when, by the sandbox's own journal.

Sources: learn.microsoft.com/rest/api/monitor/activity-logs/list (2015-04-01): `$filter` needs the
time from which on, and takes `and` with one group, resource, provider, correlation or caller;
`$select` names members; newest first; .../azure-monitor/platform/activity-log-schema (a DELETE of
`vaults` is `Microsoft.KeyVault/vaults/delete`, reads are not logged, what failed is). Azure shows an
event some minutes late and keeps it for 90 days; here it is there at once, until a reset.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import ids
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.paging import page
from reconciler.sandbox.arm.types import Answer, Call, Route

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
VERSIONS = ("2014-04-01", "2015-04-01", "2017-03-01-preview")
_CLAUSE = re.compile(r"([a-z]{1,40}) (ge|le|eq) '([^']*)'( and |$)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_APP = re.compile(r"appid=(\S+)$")
_NAMES: dict[str, Callable[[Json], str]] = {
    "resourcegroupname": lambda event: event["resourceGroupName"],
    "resourceuri": lambda event: event["resourceId"],
    "resourceid": lambda event: event["resourceId"],
    "resourceprovider": lambda event: event["resourceProviderName"]["value"],
    "resourcetype": lambda event: event["resourceType"]["value"],
    "correlationid": lambda event: event["correlationId"],
    "caller": lambda event: event["caller"],
    "status": lambda event: event["status"]["value"],
    "levels": lambda event: event["level"],
}
_CHANNELS = "eventchannels"


def _list(world: World, call: Call, path: dict[str, str]) -> Answer:
    clauses = _clauses(call.query.get("$filter", ""))
    wanted = [name for name in call.query.get("$select", "").split(",") if name]
    events = [event for event in _events(world, path["sub"]) if _fits(event, clauses)]
    events.reverse()
    return Answer(200, page(world, call, events, lambda event: _selected(event, wanted)))


def _selected(event: Json, wanted: list[str]) -> Json:
    names = {name.strip().lower() for name in wanted}
    return {key: value for key, value in event.items() if not names or key.lower() in names}


def _clauses(text: str) -> list[tuple[str, str, str]]:
    """Return name, operator and value of each part of a filter. Raises `ArmError`."""
    found: list[tuple[str, str, str]] = []
    plain, at = _SPACES.sub(" ", text.strip()), 0
    while at < len(plain) or not found:
        match = _CLAUSE.match(plain, at)
        if match is None:
            raise _refused(text)
        name, sign, value = match[1].lower(), match[2].lower(), match[3]
        if name == "eventtimestamp" and sign != "eq":
            _moment(value, text)
        elif sign != "eq" or name not in (*_NAMES, _CHANNELS):
            raise _refused(text)
        found.append((name, sign, value))
        at = match.end()
    if not any(clause[:2] == ("eventtimestamp", "ge") for clause in found):
        raise _refused(text)
    return found


def _fits(event: Json, clauses: list[tuple[str, str, str]]) -> bool:
    return all(_holds(event, *clause) for clause in clauses)


def _holds(event: Json, name: str, sign: str, value: str) -> bool:
    if name == "eventtimestamp":
        at, limit = _moment(event["eventTimestamp"]), _moment(value)
        return at >= limit if sign == "ge" else at <= limit
    if name == _CHANNELS:
        return event["channels"].lower() in re.split(r"\s*,\s*", value.lower())
    return _NAMES[name](event).lower() == value.lower()


def _moment(text: str, whole: str = "") -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refused(whole or text) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refused(text: str) -> ArmError:
    return ArmError(
        400,
        "BadRequest",
        f"The filter '{text}' is not valid: it needs eventTimestamp ge 'TIME', and takes "
        "eventTimestamp le 'TIME' and eq of one other property.",
    )


def _events(world: World, subscription: str) -> Iterator[Json]:
    """Yield the events of a subscription, oldest first: each request that would change it."""
    begin = f"/subscriptions/{subscription}/"
    for entry in world.journal.read(kind="arm", part=begin):
        is_write = entry["method"] not in ("GET", "HEAD", "OPTIONS")
        target = ids.parse(entry["path"]) if is_write else None
        if target is not None and entry["path"].lower().startswith(begin.lower()):
            yield _event(entry, target, subscription)


def _event(entry: Json, target: ids.Target, subscription: str) -> Json:
    status = entry["status"]
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else str(status)
    type_, resource, action = _acted_on(entry["method"], target)
    unique = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{subscription}/{entry['seq']}"))
    caller = _APP.search(entry["client"])
    said = "Failed" if status >= 400 else "Accepted" if status == 202 else "Succeeded"
    at = entry["time"]
    return {
        "authorization": {"action": action, "scope": resource},
        "caller": caller[1] if caller else "",
        "channels": "Operation",
        "claims": {},
        "correlationId": unique,
        "description": "",
        "eventDataId": unique,
        "eventName": _localized("EndRequest", "End request"),
        "category": _localized("Administrative"),
        "httpRequest": {"clientRequestId": unique, "method": entry["method"]},
        "id": f"{resource}/events/{unique}/ticks/{_ticks(at)}",
        "level": "Error" if status >= 400 else "Informational",
        "resourceGroupName": ids.segment_after(resource, "resourceGroups") or "",
        "resourceProviderName": _localized(type_.partition("/")[0]),
        "resourceId": resource,
        "resourceType": _localized(type_),
        "operationId": unique,
        "operationName": _localized(action),
        "properties": {"statusCode": phrase.replace(" ", ""), "entity": resource},
        "status": _localized(said),
        "subStatus": _localized(phrase.replace(" ", ""), f"{phrase} (HTTP Status Code: {status})"),
        "eventTimestamp": at,
        "submissionTimestamp": at,
        "subscriptionId": subscription,
    }


def _acted_on(method: str, target: ids.Target) -> tuple[str, str, str]:
    """Return the type, the resource and the operation of a request.

    A POST acts on the resource before its last word, which is the name of the action.
    """
    if method == "POST":
        above = target.parent
        place = (above.type, above.id) if above else (target.namespace, target.scope)
        return (*place, f"{place[0]}/{target.types[-1]}/action")
    type_ = "/".join((target.namespace, *target.types))
    if type_.lower() == ids.GROUPS.lower():
        type_ = "Microsoft.Resources/subscriptions/resourceGroups"
    return type_, target.id, f"{type_}/{'delete' if method == 'DELETE' else 'write'}"


def _localized(value: str, shown: str = "") -> Json:
    return {"value": value, "localizedValue": shown or value}


def _ticks(at: str) -> int:
    """Return a time as .NET counts it: in tenths of microseconds since the year 1."""
    since = _moment(at) - datetime(1, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


_PATH = "/providers/Microsoft.Insights/eventtypes/management/values"
ROUTES = (Route("GET", f"/subscriptions/{{sub}}{_PATH}", VERSIONS, _list),)
