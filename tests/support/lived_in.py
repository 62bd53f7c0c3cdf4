"""A world in which others live: what Azure, policies and other clients make of one that was applied.

Nothing of it contradicts a spec: other spellings of the same values, defaults and members that the
service added, tags of a policy, settings that the spec does not state, nodes that come and go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Json = Any
DURATION = re.compile(r"PT(\d+)S")
ENUM = re.compile(r"[A-Z][A-Za-z]+")
REGIONS = {"eastus": "East US", "westeurope": "West Europe"}
FREE = ("displayName", "description", "azureml.flow.connection_type", "experimentName")
"""Members with words of ours in them: Azure keeps these as they are."""


def lived_in(world: Json) -> Json:
    """Return a snapshot of a sandbox, its resources as others have left them."""
    rows = [[key, _lived_in(json.loads(text))] for key, text in world["resources"]]
    return {**world, "resources": rows}


def _lived_in(record: dict[str, Json]) -> str:
    body = _spelt(record["body"], "")
    for change in (_tagged, _grown, _opened_or_closed, _described, _scaled):
        change(body)
    return json.dumps({**record, "body": body}, separators=(",", ":"))


def _spelt(value: Json, key: str) -> Json:
    """Return a value as another service of Azure would spell it."""
    if isinstance(value, dict):
        return {name: _spelt(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelt(item, key) for item in value]
    if type(value) is int:
        return float(value)
    return _text(value, key) if isinstance(value, str) and key not in FREE else value


def _text(value: str, key: str) -> str:
    if value.startswith("/subscriptions/"):
        return value.upper()
    if key == "location":
        return REGIONS[value]
    length = DURATION.fullmatch(value)
    if length:
        minutes, seconds = divmod(int(length[1]), 60)
        return f"PT{minutes}M{seconds}.000S"
    return value.lower() if ENUM.fullmatch(value) else value


def _inside(body: Json, change: Callable[[dict[str, Json]], None]) -> None:
    if isinstance(body.get("properties"), dict):
        change(body["properties"])


def _tagged(body: Json) -> None:
    """A policy tags what has tags."""
    properties = body.get("properties")
    for holder in (body, properties if isinstance(properties, dict) else {}):
        if isinstance(holder.get("tags"), dict):
            holder["tags"] |= {"CostCenter": "4711", "hidden-link:portal": "x"}


def _grown(body: Json) -> None:
    """A newer version of the service has more to show."""
    body |= {"zones": None, "etag": "W/1"}
    _inside(body, lambda p: p.update({"newDefault": True, "newer": {"a": [1, 2]}, "none": None}))


def _opened_or_closed(body: Json) -> None:
    """Somebody changes what no spec of ours states."""
    others = {
        "publicNetworkAccess": "Disabled",
        "allowSharedKeyAccess": False,
        "adminUserEnabled": True,
    }
    _inside(body, lambda p: p.update({k: v for k, v in others.items() if k in p}))


def _described(body: Json) -> None:
    """Somebody writes down what it is for."""
    for name in ("description", "friendlyName"):
        _inside(body, lambda p, name=name: p.update({name: p.get(name) or "by hand"}))  # type: ignore[misc]


def _scaled(body: Json) -> None:
    """A cluster has nodes."""
    inner = (body.get("properties") or {}).get("properties")
    if isinstance(inner, dict) and "vmSize" in inner:
        inner |= {"currentNodeCount": 1, "targetNodeCount": 1, "allocationState": "Resizing"}
