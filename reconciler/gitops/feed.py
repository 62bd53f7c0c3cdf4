"""The change feed: who changed what in Azure lately, from Resource Graph, for the whole fleet at once.

It hurries a pass and names an author, and nothing else: it comes minutes late, and of Azure ML it
knows workspaces, endpoints and deployments only. What is decided is decided on what was read.
Source: learn.microsoft.com/azure/governance/resource-graph/changes/get-resource-changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.cloud.azure import Azure
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.tokens import app_of, caller_of
from reconciler.engine.types import JsonObject
from reconciler.gitops.records import Drift

PATH = "/providers/Microsoft.ResourceGraph/resources"
API_VERSION = "2024-04-01"
QUERY = (
    "resourcechanges"
    " | extend at = todatetime(properties.changeAttributes.timestamp)"
    " | where at > datetime({since})"
    " | project id, targetResourceId = tostring(properties.targetResourceId),"
    " changeType = tostring(properties.changeType), changes = properties.changes,"
    " changeAttributes = properties.changeAttributes, at"
    " | order by at asc, id asc"
)
REQUEST_S = 30.0
ROWS_A_PAGE = 1000
MOST_PAGES = 10
"""What is more than that in ten minutes is no news of single fields any more."""


@dataclass(frozen=True)
class FeedChange:
    """One change of one resource. `fields`: paths in its body; none where it came or went."""

    id: str
    resource_id: str
    time: datetime
    changed_by: str = ""
    client: str = ""
    operation: str = ""
    fields: frozenset[str] = field(default_factory=frozenset)

    @property
    def group(self) -> str:
        """The id of the resource group that it is in, in small letters."""
        return "/".join(self.resource_id.casefold().split("/")[:5])

    def author_of(self, path: str) -> Drift | None:
        """Return who changed a field (`properties.a.b`, or what is above it), where this did."""
        own = not self.fields or not path or any(_touches(one, path) for one in self.fields)
        if not own or not self.changed_by:
            return None
        return Drift("", path, self.changed_by, self.client, self.operation, self.time)


class ResourceGraph:
    """Asks for changes, as the identity of the loop; what that one changed itself is left out."""

    def __init__(self, azure: Azure) -> None:
        """Ask for nothing yet."""
        self._azure = azure

    def changes(self, since: datetime, subscriptions: Iterable[str]) -> list[FeedChange]:
        """Return what others changed since then, oldest first. Raises `ReconcileError`."""
        run = RunScope(self._azure, "", read_only=True, deadline=time.monotonic() + REQUEST_S)
        token = str(run.tokens.get_token(run.cloud.arm_scope).token)
        own = {caller_of(token).lower(), app_of(token).lower()} - {""}
        query = QUERY.format(since=f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z")
        body: JsonObject = {"query": query, "subscriptions": sorted(subscriptions)}
        found = (_change(row) for row in _rows(run, body))
        return [one for one in found if one is not None and one.changed_by.lower() not in own]


def _rows(run: RunScope, body: JsonObject) -> Iterator[JsonObject]:
    options: JsonObject = {"resultFormat": "objectArray", "$top": ROWS_A_PAGE}
    for _ in range(MOST_PAGES):
        page, _, _ = run.arm.send("POST", PATH, API_VERSION, body={**body, "options": options})
        rows = page.get("data")
        yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
        if not page.get("$skipToken"):
            return
        options = {**options, "$skipToken": page["$skipToken"]}


def _change(row: JsonObject) -> FeedChange | None:
    """Return a change; None for a row that does not say what changed when."""
    by, fields = row.get("changeAttributes"), row.get("changes")
    said: Mapping[str, object] = by if isinstance(by, dict) else {}
    at = _moment(said.get("timestamp"))
    if at is None or not row.get("id") or not row.get("targetResourceId"):
        return None
    return FeedChange(
        str(row["id"]),
        str(row["targetResourceId"]),
        at,
        str(said.get("changedBy") or ""),
        str(said.get("clientType") or ""),
        str(said.get("operation") or ""),
        frozenset(fields) if isinstance(fields, dict) else frozenset(),
    )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _touches(changed: str, path: str) -> bool:
    """Whether a changed path is a field, in it, or above it."""
    one, other = changed.casefold(), path.casefold()
    return one == other or one.startswith((f"{other}.", f"{other}[")) or other.startswith(f"{one}.")
