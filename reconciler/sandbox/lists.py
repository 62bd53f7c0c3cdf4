"""Lists that lie: items left out or shown twice, small pages, a `nextLink` that leads astray.

ARM answers a list from replicas and caches, and the pages of one list may come from different
ones: what moved between them is missed or met twice, and a link may outlive what it points into
(learn.microsoft.com/rest/api/azure: "nextLink" is opaque; a collection may change between pages).
"""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

Json = dict[str, Any]
LIES = {"omit", "repeat", "next_link"}
_OF_THE_BODY = ("content-type", "content-length")


def lie(action: Json, url: str, response: web.Response) -> web.Response | None:
    """Return a list's answer as the action spoils it; None for an answer that is no list."""
    body = response.get("json", _json_of(response))
    items = body.get("value") if isinstance(body, dict) else body
    if response.status != 200 or not isinstance(items, list):
        return None
    spoilt: Any = _spoilt(action, items)
    if isinstance(body, dict):
        spoilt = {**body, "value": spoilt}
        if "next_link" in action:
            spoilt["nextLink"] = str(action["next_link"]).replace("{url}", url)
    headers = {k: v for k, v in response.headers.items() if k.lower() not in _OF_THE_BODY}
    return web.json_response(spoilt, headers=headers)


def page_size(strikes: list[Json]) -> int | None:
    """Return how many items the struck list may show at once."""
    sizes = [int(fault["action"]["pages"]) for fault in strikes if "pages" in fault["action"]]
    return min(sizes, default=None)


def _spoilt(action: Json, items: list[Any]) -> list[Any]:
    if "omit" in action:
        return [item for item in items if not _is_meant(action["omit"], item)]
    if "repeat" in action:
        return [*items, *(item for item in items if _is_meant(action["repeat"], item))]
    return items


def _is_meant(expression: str, item: Any) -> bool:
    """Return whether an item is meant: by its id, or by the name of what has no ARM id."""
    shown = item if isinstance(item, dict) else {}
    name = next((shown[key] for key in ("id", "flowName", "name") if key in shown), "")
    return re.search(expression, str(name), re.IGNORECASE) is not None


def _json_of(response: web.Response) -> Any:
    if response.content_type != "application/json" or not isinstance(response.body, bytes):
        return None
    return json.loads(response.body or b"null")
