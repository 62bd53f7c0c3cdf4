"""What an event of the loop says, in one line, and the event itself as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import JsonObject
from reconciler.render.reason_text import headline
from reconciler.render.terminal import clean
from reconciler.render.words import duration, things
from reconciler.secrets import on_one_line

MOST = 1000
"""Characters of a message: what Teams and a line of a log can show."""
MOST_OF_STATUS = 140


def problem_text(problem: Diagnostic) -> str:
    """Return a problem with its place, and what to do about it."""
    hint = f"; {problem.hint}" if problem.hint else ""
    return clean(on_one_line(f"{headline(problem)}{hint}", MOST))


def drift_text(address: str, fields: Sequence[str], changed_by: str, client: str) -> str:
    """Return which fields of a resource somebody else changed, and who."""
    author = f" by {changed_by}" if changed_by else ""
    through = f" with {client}" if changed_by and client else ""
    what = ", ".join(f"`{field}`" for field in fields) or "it"
    were = "were" if len(fields) > 1 else "was"
    return clean(on_one_line(f"`{address}`: {what} {were} changed{author}{through}", MOST))


def contended_text(address: str, field: str, changed_by: str) -> str:
    """Return which field is left to another writer, and what to do about it."""
    what = f"`{field}` of `{address}`" if field else f"`{address}`"
    author = changed_by or "somebody else"
    told = f"{what} is left alone for now: {author} writes it again and again"
    return clean(on_one_line(f"{told}; stop the other writer, or add it to `ignore`", MOST))


def recovered_text(reason: str, address: str, lasted_s: float) -> str:
    """Return what is over, and how long it lasted."""
    where = f" at `{address}`" if address else ""
    return clean(f"{reason}{where} is over after {duration(lasted_s)}")


def applied_text(writes: int, elapsed_s: float, *, is_ready: bool) -> str:
    """Return how much a pass wrote, and in what time; whether all is ready by that."""
    what = f"{things(writes, 'write')} in {duration(elapsed_s)}"
    return f"ready after {what}" if is_ready else f"{what}; Azure is at work, the next pass looks"


def muted_text(listener: str, error: str) -> str:
    """Return that one of those who are told failed."""
    return clean(on_one_line(f"{listener} could not be told: {error}; the loop goes on", MOST))


def json_line(values: JsonObject) -> str:
    """Return an object on one line: no text in it can steer a terminal or a build server."""
    shown = {k: clean(v) if isinstance(v, str) else v for k, v in values.items()}
    return json.dumps(shown, ensure_ascii=True)


def status_text(head: str, message: str) -> str:
    """Return the description of a commit's status: why, then what; as long as GitHub takes."""
    return on_one_line(clean(f"{head}: {message}" if message else head), MOST_OF_STATUS)


def head_of_status(text: str) -> str:
    """Return how such a description begins: the part that is the same for the same state."""
    return text.partition(": ")[0]
