"""Read a list whole, or not at all.

What a list does not show decides about creating and deleting, so half a list is a failed read
and never "absent": a page that fails, has no page's shape, or leads back to an earlier one. Pages of one
list may come from replicas that disagree, so an item may be met twice; it is there once. An
item that is left out cannot be noticed here: nothing is deleted or replaced on the word of a
list alone, apply reads each resource by itself first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.cloud.sender import Sender
from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.engine.types import JsonObject

MOST_PAGES = 1000
OK = 200
NOT_FOUND = 404


def whole(
    arm: Sender,
    path: str,
    api_version: str,
    params: Mapping[str, str] | None = None,
    *,
    parent_exists: bool = False,
) -> list[JsonObject]:
    """Return every item of every page, each once.

    A collection of which Azure says 404 is empty, unless its parent is known to be there.
    Raises `ApiError` where the list cannot be read whole.
    """
    try:
        page = arm.send("GET", path, api_version, params=params)[0]
    except ApiError as error:
        if error.status == NOT_FOUND and not parent_exists:
            return []
        raise
    found, links = _items(page, path), set[str]()
    while following := page.get("nextLink"):
        if not _is_new(following, links) or len(links) == MOST_PAGES:
            raise _broken(path, "the link to its next page leads nowhere")
        links.add(following)
        page = _page(arm, following, path)
        found.extend(_items(page, path))
    return list(_once(found))


def _page(arm: Sender, link: str, path: str) -> JsonObject:
    try:
        return arm.send("GET", link, "")[0]
    except ApiError as error:
        first = error.diagnostics[0]
        raise _broken(path, first.summary, error) from error


def _is_new(link: Any, links: set[str]) -> bool:
    return isinstance(link, str) and link.startswith("https://") and link not in links


def _items(page: JsonObject, path: str) -> list[JsonObject]:
    items = page.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _broken(path, "Azure's answer is not a list")
    return list(items)


def _once(items: Iterable[JsonObject]) -> Iterable[JsonObject]:
    """Yield each item once: by id, type and name, or by all that it says where it has no id.

    The usages of a region share ids, and tell dedicated and low-priority cores by their types.
    Source: published example Usage/list.
    """
    seen = set[str]()
    for item in items:
        named = [item.get(key) for key in ("id", "type", "name")]
        key = json.dumps(named if item.get("id") else item, sort_keys=True).casefold()
        if key not in seen:
            seen.add(key)
            yield item


def _broken(path: str, reason: str, cause: ApiError | None = None) -> ApiError:
    what = Diagnostic(
        f"the list {urlsplit(path).path.rpartition('/')[2]} cannot be read whole: {reason}",
        detail=cause.diagnostics[0].detail if cause else urlsplit(path).path,
        hint="run again: a resource may exist although this list does not show it",
    )
    return ApiError(cause.status if cause else OK, cause.code if cause else "", what)
