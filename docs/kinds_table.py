"""Print the table of kinds that stands in the README: `python docs/kinds_table.py`."""

from reconciler.kinds import KINDS
from reconciler.kinds.base import Handler

HEAD = ["Kind", "Stated in", "Azure type, api-version", "Replaced when this changes"]


def table() -> str:
    """Return the Markdown table, one row a kind, in the order in which they are made."""
    rows = [HEAD, ["---"] * len(HEAD), *(row(handler) for handler in KINDS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(handler: Handler) -> list[str]:
    """Return the cells of one kind, from what its handler declares."""
    type_, version = getattr(handler, "type", ""), getattr(handler, "api_version", "")
    rules = handler.policy.rules
    immutable = sorted({rules.labels.get(path, path) for path in rules.immutable})
    return [
        handler.kind,
        f"`{handler.section}`",
        f"{type_} {version}".strip() or "data plane",
        ", ".join(f"`{label}`" for label in immutable) or "-",
    ]


if __name__ == "__main__":
    print(table())  # noqa: T201 - this script's only output
