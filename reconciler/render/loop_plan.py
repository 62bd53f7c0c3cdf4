"""The plan of a spec as a fold of the loop's page, made of the plan's JSON."""

from __future__ import annotations

from typing import Any

from reconciler.engine.types import JsonObject
from reconciler.render.plan_html import escaped

MOST_CHANGES = 100
SIGNS = {
    ("create",): ("+", "create"),
    ("update",): ("~", "update"),
    ("delete",): ("-", "delete"),
    ("delete", "create"): ("-/+", "replace"),
}
NO_OP = ["no-op"]


def plan_fold(plan: Any) -> str:
    """Return the changes of a plan, folded; "" where there is no plan or it changes nothing."""
    if not isinstance(plan, dict):
        return ""
    changes = [one for one in plan.get("resource_changes", ()) if _is_change(one)]
    if not changes:
        return ""
    rows = "".join(_change(one) for one in changes[:MOST_CHANGES])
    more = f"<p>and {len(changes) - MOST_CHANGES} more</p>" if len(changes) > MOST_CHANGES else ""
    cost = plan.get("cost_sentence")
    told = f"<p class='cost'>{escaped(cost)}</p>" if cost else ""
    count = f"{len(changes)} {'change' if len(changes) == 1 else 'changes'}"
    return f"<details><summary>the plan: {count}</summary>{told}{rows}{more}</details>"


def _is_change(one: JsonObject) -> bool:
    return bool(one["change"]["actions"] != NO_OP and "shown" in one)


def _change(one: JsonObject) -> str:
    sign, style = SIGNS.get(tuple(one["change"]["actions"]), ("?", ""))
    shown = one["shown"]
    told = dict.fromkeys([*([one["reason"]] if one.get("reason") else []), *shown["notes"]])
    notes = "".join(f"<p>{escaped(note)}</p>" for note in told)
    rows = "".join(_row(row) for row in shown["fields"])
    table = f"<table>{rows}</table>" if rows else ""
    return (
        f"<details class='change'><summary><b class='{style}'>{escaped(sign)}</b> "
        f"<code>{escaped(one['address'])}</code> <span class='quiet'>{escaped(shown['what'])}</span> "
        f"{escaped(shown['intent'])}</summary>{notes}{table}</details>"
    )


def _row(row: JsonObject) -> str:
    before = f"<del>{escaped(row['before'])}</del> " if row["before"] is not None else ""
    after = f"<ins>{escaped(row['after'])}</ins>"
    return f"<tr><th>{escaped(row['name'])}</th><td>{before}{after}</td></tr>"
