"""The record of requests: what was asked, what was answered, without any secret.

Kinds keep apart what a reader wants apart: `arm`, `data` (data planes), `token`, `forge` (GitHub
and Azure DevOps).
"""

from __future__ import annotations

import json
from typing import Any

from reconciler.sandbox.store import Store

Json = dict[str, Any]
HIDDEN = "***"
PUBLIC = {"credentialsType", "secretsType", "tenantId", "clientId", "authorityUrl", "resourceUrl"}
"""The members of a credentials block that are not secret: their type and whose they are."""
VAULTS = "/_vault/"
NOT_SERVED = {"InvalidResourceType", "InvalidResourceNamespace", "NotEmulated", "NotFound"}
# Lower-cased property names whose values never reach the journal.
SECRETS = frozenset(
    [
        "primarykey",
        "secondarykey",
        "keyvalue",
        "key",
        "key1",
        "key2",
        "accesstoken",
        "access_token",
        "client_secret",
        "client_assertion",
        "password",
        "passwords",
        "credentials",
        "sas",
        "sastoken",
        "connectionstring",
        "instrumentationkey",
        "appinsightsinstrumentationkey",
        "userstoragekey",
        "primaryaccesskey",
        "secondaryaccesskey",
        "accountkey",
        "secret",
        "refresh_token",
        "value2",
        "aadtoken",
    ]
)


class Journal:
    """Append and read entries; `seq` grows and is never reused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: list[tuple[str, str]] = []

    def append(self, kind: str, entry: Json) -> None:
        """Add an entry, durable after the next `flush` and commit; bodies are redacted here."""
        for part in ("request_body", "response_body"):
            body = entry.get(part)
            if str(entry.get("path", "")).startswith(VAULTS):
                body = _without_secret(body)
            entry[part] = redact(body)
        self._pending.append((kind, json.dumps(entry, separators=(",", ":"))))

    def flush(self) -> None:
        """Write what was appended, in the running transaction."""
        for kind, text in self._pending:
            self._store.write_journal(kind, text)
        self._pending.clear()

    def read(self, since: int = 0, kind: str = "", part: str = "") -> list[Json]:
        """Return entries with seq > since, oldest first: of one kind, with `part` in the path."""
        return [json.loads(line) for line in self.lines(since, kind, part)]

    def lines(self, since: int = 0, kind: str = "", part: str = "") -> list[str]:
        """Return the same as JSON, each on a line."""
        self.flush()
        rows = self._store.db.execute(
            "select seq, kind, entry from journal where seq > ?1 and (?2 = '' or kind = ?2)"
            " and instr(lower(entry), ?3) order by seq",
            (since, kind, part.lower()),
        )
        return [
            f'{{"seq":{seq},"kind":"{row_kind}",{text[1:]}'
            for seq, row_kind, text in rows
            if not part or part.lower() in json.loads(text)["path"].lower()
        ]

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._pending.clear()
        self._store.clear_journal()


def summary(entries: list[Json]) -> Json:
    """Count entries: all, by kind, by status class, committed writes, and what is not served.

    `not_served` names, by method and path, requests for operations that this sandbox does not
    have; a client that needs them would get no further here than in an Azure without them.
    """
    counts: Json = {"requests": len(entries), "by_kind": {}, "by_status": {}, "writes": 0}
    missing: dict[str, int] = {}
    for entry in entries:
        status = f"{int(entry['status']) // 100}xx"
        for group, name in (("by_kind", entry["kind"]), ("by_status", status)):
            counts[group][name] = counts[group].get(name, 0) + 1
        counts["writes"] += entry["committed"] and entry["method"] not in ("GET", "HEAD")
        if _error_code(entry) in NOT_SERVED:
            name = f"{entry['method']} {entry['path']}"
            missing[name] = missing.get(name, 0) + 1
    return {**counts, "not_served": missing}


def _error_code(entry: Json) -> str:
    body = entry.get("response_body")
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def redact(value: Any) -> Any:
    """Return a copy of a JSON value with every secret replaced by `***`."""
    if isinstance(value, list):
        return [redact(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "keyName" in value:  # one of a storage account's keys
        return {**value, "value": HIDDEN}
    return {key: _redacted(key, item) for key, item in value.items()}


def _redacted(key: str, item: Any) -> Any:
    if key.lower() not in SECRETS or item is None:
        return redact(item)
    return mask(item)


def _without_secret(body: Any) -> Any:
    """Return a body of a vault without the secret; the `value` of a list is its items."""
    if isinstance(body, dict) and not isinstance(body.get("value"), list | None):
        return {**body, "value": HIDDEN}
    return body


def mask(value: Any) -> Any:
    """Replace every scalar below `value` by `***`, keeping the shape."""
    if isinstance(value, dict):
        return {key: item if key in PUBLIC else mask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item) for item in value]
    return None if value is None else HIDDEN
