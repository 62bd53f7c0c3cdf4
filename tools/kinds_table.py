"""Print the table of kinds that stands in the README: `python -m tools.kinds_table`."""

from reconciler.kinds import KINDS
from reconciler.kinds.base import Handler

HEAD = ["Kind", "Stated in", "In Azure", "Made anew when this changes"]
ELSEWHERE = {"traffic": "part of the endpoint", "prompt flow": "prompt flow service, file share"}


def table() -> str:
    """Return the Markdown table, one row a kind, in the order in which they are made."""
    rows = [HEAD, ["---"] * len(HEAD), *(row(handler) for handler in KINDS)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(handler: Handler) -> list[str]:
    """Return the cells of one kind, from what its handler declares."""
    rules = handler.policy.rules
    labels = {rules.labels[path] for path in rules.immutable if path in rules.labels}
    plain = {path for path in rules.immutable if path in ("location", "identity")}
    fields = ", ".join(f"`{label}`" for label in sorted(labels | plain))
    place = ELSEWHERE.get(handler.kind) or f"{handler.type} {handler.api_version}"
    return [handler.kind, f"`{handler.section}`", place, fields or "-"]


if __name__ == "__main__":
    print(table())
