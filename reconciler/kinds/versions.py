"""Versions of assets, as lists show them: a list of names, and one of versions for each.

What carries a mark is the version, so the names that the spec does not have must each be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from reconciler.engine.types import JsonObject
from reconciler.kinds.base import HandlerContext

MOST_NAMES = 20
"""So many names are looked into: a workspace may hold thousands of others' models."""


def other_versions(
    context: HandlerContext, collection: str, api_version: str
) -> Iterator[JsonObject]:
    """Yield the versions, not archived, of the names in a collection that the spec has not."""
    resources = context.resources.values()
    ids = [str(one) for r in resources for one in (r.resource_id, *r.known.values())]
    stated = {one.casefold().partition("/versions/")[0] for one in ids}
    names = [str(item["id"]) for item in context.reads.list(collection, api_version)]
    others = [one for one in names if one.casefold() not in stated]
    for one in islice(others, MOST_NAMES):
        yield from context.reads.list(f"{one}/versions", api_version)
