"""What a template deployment would change in its group, without changing anything.

Source: learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if (change types,
property changes, result formats) and the published shape of WhatIfOperationResult. Of a resource
that exists, what the template states is compared; Azure's own guesses about what it leaves out, the
"noise" of that page, are not made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.ids import GROUPS

if TYPE_CHECKING:
    from reconciler.sandbox.store import Record
    from reconciler.sandbox.world import World

Json = dict[str, Any]
_ENVELOPE = ("apiVersion", "id", "name", "type")
_CASELESS = ("location",)


def changes(
    world: World, group: str, wanted: list[tuple[Json, Json | None]], sent: Json
) -> list[Json]:
    """Return a change for each resource of the template, and for what else the group holds."""
    named = {step["id"].lower() for step, _ in wanted}
    other = "Delete" if str(sent.get("mode", "")).lower() == "complete" else "Ignore"
    found = [_change(world, step, body) for step, body in wanted]
    found += [
        {"resourceId": one.id, "changeType": other, "before": world.arm.present(one)}
        for one in world.store.below(group)
        if one.id.lower() not in named and _is_listed(world, one)
    ]
    brief = str((sent.get("whatIfSettings") or {}).get("resultFormat")).lower() == "resourceidonly"
    return [_brief(one) for one in found] if brief else found


def _is_listed(world: World, record: Record) -> bool:
    type_ = world.arm.types.get(record.type.lower())
    return type_ is not None and type_.tracked and record.type != GROUPS


def _brief(change: Json) -> Json:
    """With ids alone, what would be written is not told apart: all of it is deployed."""
    kind = change["changeType"]
    kept = kind if kind in ("Delete", "Ignore", "Unsupported") else "Deploy"
    return {"resourceId": change["resourceId"], "changeType": kept}


def _change(world: World, step: Json, body: Json | None) -> Json:
    before = world.resource(step["id"])
    if body is None:
        why = "The resource uses a value that is known only when the deployment runs."
        return {
            "resourceId": step["id"],
            "changeType": "Unsupported",
            "unsupportedReason": why,
        }
    after = {"apiVersion": step["apiVersion"], "id": step["id"], "name": step["id"].split("/")[-1]}
    after |= {"type": step["type"], **{k: v for k, v in body.items() if k not in _ENVELOPE}}
    if before is None:
        return {"resourceId": step["id"], "changeType": "Create", "after": after}
    delta = _delta(before, {key: value for key, value in body.items() if key not in _ENVELOPE})
    told: Json = {"changeType": "Modify", "delta": delta} if delta else {"changeType": "NoChange"}
    return {"resourceId": before["id"], "before": before, "after": after, **told}


def _delta(before: Json, after: Json) -> list[Json]:
    """The property changes from what is there to what the template states."""
    found = [_property(key, before.get(key), value) for key, value in after.items()]
    if "tags" in after:
        found += [
            {"path": f"tags.{key}", "propertyChangeType": "Delete", "before": value}
            for key, value in (before.get("tags") or {}).items()
            if key not in (after["tags"] or {})
        ]
    return [change for change in found if change is not None]


def _property(path: str, before: Any, after: Any) -> Json | None:
    if after is None or _alike(path, before, after):
        return None
    if isinstance(before, dict) and isinstance(after, dict):
        children = [_property(key, before.get(key), value) for key, value in after.items()]
        changed = [child for child in children if child is not None]
        told = {"path": path, "propertyChangeType": "Modify", "children": changed}
        return told if changed else None
    if isinstance(before, list) and isinstance(after, list):
        return {"path": path, "propertyChangeType": "Array", "children": _items(before, after)}
    if before is None:
        return {"path": path, "propertyChangeType": "Create", "after": after}
    return {"path": path, "propertyChangeType": "Modify", "before": before, "after": after}


def _items(before: list[Any], after: list[Any]) -> list[Json]:
    pairs = [_property(str(n), *pair) for n, pair in enumerate(zip(before, after, strict=False))]
    found = [change for change in pairs if change is not None]
    for kind, side, longer, shorter in (
        ("Create", "after", after, before),
        ("Delete", "before", before, after),
    ):
        found += [
            {"path": str(n), "propertyChangeType": kind, side: longer[n]}
            for n in range(len(shorter), len(longer))
        ]
    return found


def _alike(path: str, before: Any, after: Any) -> bool:
    if path in _CASELESS and isinstance(before, str) and isinstance(after, str):
        return before.replace(" ", "").lower() == after.replace(" ", "").lower()
    return bool(before == after)
