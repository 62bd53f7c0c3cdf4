"""Read a list whole, or not at all.

What a list does not show decides about creating and deleting, so half a list is a failed read
and never "absent": a page that fails, has no page's shape, or leads back to an earlier one. Pages of one
list may come from replicas that disagree, so an item may be met twice; it is there once. An
item that is left out cannot be noticed here: nothing is deleted or replaced on the word of a
list alone, apply reads each resource by itself first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.cloud.sender import Sender
from reconciler.diagnostics import ApiError, Diagnostic
from reconciler.engine.types import JsonObject
from reconciler.limits import LIST_PAGES, LIST_PAGES_WITHOUT_NEWS

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
    found, links = _Found(path), set[str]()
    found.add(page)
    while following := page.get("nextLink"):
        if not _is_new(following, links):
            raise _broken(path, "the link to its next page leads nowhere")
        links.add(following)
        if len(links) == LIST_PAGES:
            raise _broken(path, f"it has more than {LIST_PAGES:,} pages")
        page = _page(arm, following, path)
        found.add(page)
    return found.items()


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


class _Found:
    """The items of a list so far, each once, and for how many pages none was new."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._by_key: dict[str, JsonObject] = {}
        self._idle = 0

    def items(self) -> list[JsonObject]:
        """Return them in the order in which they were met."""
        return list(self._by_key.values())

    def add(self, page: JsonObject) -> None:
        """Take in the items of a page. Raises `ApiError` where the pages have no end."""
        before = len(self._by_key)
        for item in _items(page, self._path):
            self._by_key.setdefault(_key(item), item)
        self._idle = 0 if len(self._by_key) > before else self._idle + 1
        if self._idle > LIST_PAGES_WITHOUT_NEWS:
            reason = f"more than {LIST_PAGES_WITHOUT_NEWS} pages in a row show nothing new"
            raise _broken(self._path, reason)


def _key(item: JsonObject) -> str:
    """Return what an item is the same by: id, type and name, or all that it says without an id.

    The usages of a region share ids, and tell dedicated and low-priority cores by their types.
    Source: published example Usage/list.
    """
    named = [item.get(key) for key in ("id", "type", "name")]
    return json.dumps(named if item.get("id") else item, sort_keys=True).casefold()


def _broken(path: str, reason: str, cause: ApiError | None = None) -> ApiError:
    what = Diagnostic(
        f"the list {urlsplit(path).path.rpartition('/')[2]} cannot be read whole: {reason}",
        detail=cause.diagnostics[0].detail if cause else urlsplit(path).path,
        hint="run again: a resource may exist although this list does not show it",
    )
    return ApiError(cause.status if cause else OK, cause.code if cause else "", what)
