"""Ask before something is written."""

from __future__ import annotations

import sys

from reconciler.cli.session import Session
from reconciler.diagnostics import Diagnostic, RefusedError


def confirm(session: Session, question: str) -> bool:
    """Return True when the user agrees, with `--yes` or by typing `yes`.

    Raises `RefusedError` for any other answer, and at once where nobody can be asked.
    """
    if session.options.yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise RefusedError(
            Diagnostic(
                "not confirmed, so nothing was changed",
                detail="there is no terminal to ask on",
                hint="review the plan, then pass --yes",
            )
        )
    sys.stderr.write(f"\n{question} Only `yes` is accepted: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError.because("not confirmed, so nothing was changed")
    return True
