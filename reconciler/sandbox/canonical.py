"""The state of a sandbox without what the server makes up: what two equal worlds have in common.

Two worlds are equal when their canonical states are. Times, ETags and counters are left out.
GUIDs and generated keys differ from run to run, so each becomes the number of its first
appearance: a role assignment must still name the identity that it named in the other world.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
STATED = "00000000-0000-0000-0000-000000000000"  # the subscription of every spec here
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z?")
NOT_STATE = {
    "createdOn",
    "created",
    "deleted",
    "effective",
    "ends",
    "etag",
    "lastEnabledTime",
    "modified",
    "op",
    "operation",
    "purge",
    "started",
    "submitted",
    "until",
    "systemData",
    "updated",
    "deletedDate",
    "scheduledPurgeDate",
    "_aml_system_ComputeTargetStatus",  # Azure's note on a job, lost in a repeated PUT of it
}
# Records of how a state was reached, and of the harness itself.
NOT_WORLD = {
    "faults",
    "operation_scripts",
    "operations",
    "principals",
    "quota_requests",
    "resource_changes",
    "settings",
    "throttle",
}


def canonical(snapshot: Json) -> list[str]:
    """Return the canonical state of a snapshot, as sorted lines of text."""
    records = [json.loads(text) for _, text in snapshot["resources"]]
    documents = [
        {"document": space, "key": key, "value": _named_by_chance(space, json.loads(text))}
        for space, key, text in snapshot["documents"]
        if space not in NOT_WORLD and not _is_archived(space, text)
    ]
    keys = _generated_keys(records)
    lines = [_line(item, keys) for item in (*records, *documents)]
    return _numbered(sorted(lines, key=lambda line: GUID.sub("", line)))


def _is_archived(space: str, text: str) -> bool:
    """A flow that was archived is gone for everybody; the service has no other delete."""
    return space == "flows" and bool(json.loads(text)["flow"]["isArchived"])


def _named_by_chance(space: str, value: Any) -> Any:
    """Return a document without what the server calls a version of a secret."""
    if space != "vault_secrets":
        return value
    versions = [{k: v for k, v in one.items() if k != "version"} for one in value["versions"]]
    return {**value, "versions": versions}


def _line(item: Json, keys: dict[str, str]) -> str:
    text = json.dumps(_pruned(item), sort_keys=True)
    for key, name in keys.items():
        text = text.replace(json.dumps(key)[1:-1], name)
    return TIME.sub("<time>", text)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _pruned(v) for k, v in value.items() if k not in NOT_STATE}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value


def _generated_keys(records: Iterable[Json]) -> dict[str, str]:
    """Return every secret that the sandbox made up, and a name that says whose it is."""
    found: dict[str, str] = {}
    for record in records:
        keys = record["hidden"].get("keys") or ()
        named = keys.items() if isinstance(keys, dict) else enumerate(keys)
        found.update({key: f"<key {name} of {record['id']}>" for name, key in named})
    return found


def _numbered(lines: Iterable[str]) -> list[str]:
    numbers: defaultdict[str, str] = defaultdict(lambda: f"<guid {len(numbers) + 1}>")

    def name(match: re.Match[str]) -> str:
        return match[0] if match[0] == STATED else numbers[match[0].lower()]

    return [GUID.sub(name, line) for line in lines]


def difference(expected: list[str], found: list[str]) -> str:
    """Return what one canonical state has and the other has not, in a few readable lines."""
    missing = [f"- {line}" for line in expected if line not in set(found)]
    extra = [f"+ {line}" for line in found if line not in set(expected)]
    return "\n".join(line[:1500] for line in missing + extra)
