"""What a change leaves behind that its fields do not show, as each kind knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import TellsConsequences

CHECK = "left-behind"
CHECKED_BY = "what the change writes"


def check_consequences(changes: Iterable[Change]) -> Iterator[Finding]:
    """Yield a warning for each consequence of a change that is to be carried out."""
    for change in changes:
        handler = HANDLERS.get(change.resource.kind)
        if change.is_blocked or not isinstance(handler, TellsConsequences):
            continue
        for told in handler.consequences(change):
            yield Finding(
                CHECK,
                Level.WARNING,
                change.address,
                told,
                change.resource.position,
                checked_by=CHECKED_BY,
            )
