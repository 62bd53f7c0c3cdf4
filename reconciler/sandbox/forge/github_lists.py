"""Lists in pages, as GitHub's REST API gives them: `per_page`, `page` and the header `Link`.

Source: docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from reconciler.sandbox.forge.exchange import Ask, Reply

DEFAULT, MOST = 30, 100


def paged(ask: Ask, items: Sequence[Any]) -> Reply:
    """Return the asked page of a list."""
    shown, headers = page_of(ask, items)
    return Reply(200, shown, headers)


def page_of(ask: Ask, items: Sequence[Any]) -> tuple[list[Any], dict[str, str]]:
    """Return the items of the asked page, and the header that leads to the others."""
    size = min(_number(ask.query.get("per_page"), DEFAULT), MOST)
    page = _number(ask.query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    links = []
    if page > 1:
        links += [_link(ask, min(page - 1, last), "prev")]
    if page < last:
        links += [_link(ask, page + 1, "next"), _link(ask, last, "last")]
    if page > 1:
        links += [_link(ask, 1, "first")]
    shown = list(items[(page - 1) * size : page * size])
    return shown, {"Link": ", ".join(links)} if links else {}


def _link(ask: Ask, page: int, relation: str) -> str:
    query = urlencode({**ask.query, "page": page})
    return f'<{ask.url}{ask.path}?{query}>; rel="{relation}"'


def _number(text: str | None, default: int) -> int:
    """Return a positive number of a query; GitHub takes nonsense for the default."""
    return int(text) if text and text.isdecimal() and int(text) else default
