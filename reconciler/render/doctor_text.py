"""What a doctor found: a line for each check, or one JSON document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.render.plan_json import diagnostic
from reconciler.render.terminal import Line, Span, Style, clean, line

if TYPE_CHECKING:
    from reconciler.diagnostics import ReconcileError
    from reconciler.operations.doctor.check import Check

STYLES = {"ok": Style.GOOD, "warning": Style.CHANGED, "problem": Style.BAD}
LEVEL_WIDTH, NAME_WIDTH = 9, 14


def doctor_lines(checks: Sequence[Check]) -> list[Line]:
    """Return a line for each check, then how many are not well."""
    return [*map(_line, checks), line(), line(Span(_closing(checks), Style.STRONG))]


def doctor_json(checks: Sequence[Check]) -> str:
    """Return the checks as one JSON document."""
    found = [
        {
            "check": check.name,
            "status": check.level.value,
            "summary": check.summary,
            "detail": check.detail,
            "hint": check.hint,
        }
        for check in checks
    ]
    return json.dumps({"format_version": "1.0", "checks": found}, indent=2) + "\n"


def failed_doctor_json(error: ReconcileError) -> str:
    """Return the document where nothing could be looked at, and why."""
    problems = [diagnostic(item) for item in error.diagnostics]
    found = {"format_version": "1.0", "checks": [], "diagnostics": problems}
    return json.dumps(found, indent=2, default=str) + "\n"


def _line(check: Check) -> Line:
    word = check.level.value
    said = ": ".join(filter(None, (check.summary, check.detail)))
    said = "; ".join(filter(None, (said, check.hint)))
    return line(
        Span(f"{word:<{LEVEL_WIDTH}}", STYLES[word]),
        Span(f"{check.name:<{NAME_WIDTH}}", Style.QUIET),
        clean(said),
        hang=LEVEL_WIDTH + NAME_WIDTH,
    )


def _closing(checks: Sequence[Check]) -> str:
    counts = Counter(check.level.value for check in checks)
    words = [
        f"{counts[word]} {word}{'s' if counts[word] > 1 else ''}"
        for word in ("problem", "warning")
        if counts[word]
    ]
    return f"{', '.join(words)}." if words else "All is well."
