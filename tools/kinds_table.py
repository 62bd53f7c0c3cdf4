"""The table of kinds in docs/kinds.md."""

from reconciler.kinds import KINDS
from reconciler.kinds.base import Handler
from reconciler.kinds.field_changes import immutable

HEAD = ["Kind", "Section", "In Azure", "Replaced when this changes", "Protected by default"]
ELSEWHERE = {"traffic": "part of the endpoint", "prompt flow": "prompt flow service, file share"}


def table() -> str:
    """Return the Markdown table, one row a kind, in the order in which they are created."""
    rows = [HEAD, ["---"] * len(HEAD), *(row(handler) for handler in KINDS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(handler: Handler) -> list[str]:
    """Return the cells of one kind, from what its handler declares."""
    fields = sorted(immutable(handler))
    place = ELSEWHERE.get(handler.kind) or f"{handler.type} {handler.api_version}"
    return [
        handler.kind,
        f"`{handler.section}`",
        place,
        ", ".join(f"`{field}`" for field in fields) or "-",
        "yes" if handler.holds_data else "no",
    ]
