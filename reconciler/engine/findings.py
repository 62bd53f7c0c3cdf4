"""What a plan found out beforehand: what would fail, what may, and what could not be checked.

A blocker keeps its change from being carried out; a warning and a note stop nothing. Each says
how it was checked, so that nobody takes silence for an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from reconciler.diagnostics import Diagnostic, Position, Severity
from reconciler.engine.types import Address

PASTE = "write one of these in the spec:"


class Level(Enum):
    """How much a finding matters."""

    BLOCKER = "blocker"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing found out. `id` is stable, for tools; `checked_by` is the question asked."""

    id: str
    level: Level
    address: Address
    summary: str
    position: Position | None = None
    detail: str = ""
    hint: str = ""
    checked_by: str = ""
    alternatives: tuple[str, ...] = ()
    """Ways out, each checked, as lines that can be pasted into the spec."""
    lifted: bool = False
    """Whether it would stop the plan, had the user not said to go on."""

    @property
    def diagnostic(self) -> Diagnostic:
        """The finding as what every output can show."""
        is_error = self.level is Level.BLOCKER
        severity = Severity.ERROR if is_error else Severity.WARNING
        found = Diagnostic(self.summary, self.position, self.detail, self._hint, severity)
        return replace(found, address=self.address, id="" if self.lifted else self.id)

    @property
    def _hint(self) -> str:
        """What to do; below it the lines to paste, each on its own."""
        if not self.alternatives:
            return self.hint
        head = "; or ".join(part for part in (self.hint, PASTE) if part)
        return "\n".join((head, *self.alternatives))
