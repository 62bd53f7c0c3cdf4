"""What a spec only uses must be there, be of its kind, and be where the spec goes.

Otherwise everything in it is planned, and fails one by one. Whether clusters and endpoints may
be in another region than their workspace is Azure's to say; a difference is more likely a slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.diagnostics import ReconcileError
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.types import Address, JsonObject
from reconciler.kinds import HANDLERS, children
from reconciler.operations.load import Existing, Loaded
from reconciler.operations.plan.references import ids_in

CHECK = "existing"
CHECKED_BY = "a read of what the spec names by its id"


@dataclass(frozen=True)
class Seen:
    """What was read of something that exists: its body, None where it does not, or why not."""

    body: JsonObject | None = None
    problem: ReconcileError | None = None


def check_existing(
    loaded: Loaded, changes: Mapping[Address, Change], seen: Mapping[Address, Seen]
) -> Iterator[Finding]:
    """Yield a blocker for each that is missing or another thing, at the first that needs it."""
    for item in loaded.existing:
        read = seen.get(item.address)
        first = _first(item, changes.values())
        if read is None or first is None:
            continue
        if read.problem is not None:
            yield _unread(item, read.problem)
        elif read.body is None:
            yield _found(item, first, f"`{item.address}` does not exist", "check the id")
        else:
            yield from _judged(loaded, item, first, read.body)


def _first(item: Existing, changes: Iterable[Change]) -> Change | None:
    """Return the first change that needs something, or else of the plan; None without any."""
    planned = [c for c in changes if c.action.is_change and not c.is_blocked]
    wanted = item.resource_id.rstrip("/").casefold()
    needing = (
        c
        for c in planned
        if is_within(c.resource.resource_id, wanted) or wanted in ids_in(c.resource.desired)
    )
    return next(needing, planned[0] if planned else None)


def _judged(loaded: Loaded, item: Existing, first: Change, body: JsonObject) -> Iterator[Finding]:
    handler = HANDLERS[item.kind]
    typed = {"type": handler.type, **body}
    if not handler.knows(typed):
        what = f"`{item.address}` is no {item.kind}: Azure calls its kind {body.get('kind')}"
        yield _found(item, first, what, f"pass the id of a {item.kind}")
        return
    is_parent = bool(children(item.kind))
    place, wanted = _place(body.get("location")), _place(loaded.spec.target.location)
    if is_parent and place and place != wanted:
        what = f"`{item.address}` is in {place}, and the spec goes to {wanted}"
        yield _found(item, first, what, f"set `target.location: {place}`")


def _place(location: object) -> str:
    return str(location or "").replace(" ", "").casefold()


def _found(item: Existing, first: Change, what: str, hint: str) -> Finding:
    detail = f"{item.resource_id}; `{first.address}` needs it"
    return Finding(
        CHECK, Level.BLOCKER, first.address, what, item.position, detail, hint, CHECKED_BY
    )


def _unread(item: Existing, problem: ReconcileError) -> Finding:
    return Finding(
        CHECK,
        Level.WARNING,
        "",
        f"not checked: whether `{item.address}` exists and is a {item.kind}",
        item.position,
        problem.diagnostics[0].summary,
        "give the identity the right to read it (Reader)",
        CHECKED_BY,
    )
