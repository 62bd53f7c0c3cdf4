"""The end of an apply or destroy: what is there, what failed and why, what is still running."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, ReconcileError
from reconciler.engine.types import Outcome, Status
from reconciler.render import diagnostics_text
from reconciler.render.diagnostics_text import Source, lines_of_file
from reconciler.render.event_lines import STYLES as ENDINGS
from reconciler.render.plan_json import diagnostic
from reconciler.render.plan_text import STYLES
from reconciler.render.reason_text import because, first_of
from reconciler.render.terminal import Line, Span, Style, clean, line, step
from reconciler.render.words import DONE, duration, ended, is_running, is_unfinished, things

if TYPE_CHECKING:
    from reconciler.operations.apply.executor import Report

COUNTED = {"finished": "run to completion"}
BAD = (Status.FAILED, Status.REFUSED)
KEPT_BY = {Status.PENDING: "is not ready yet", Status.REFUSED: "was refused"}
"""Why others were not begun, by how the first of them ended; all else failed."""


def report_lines(
    report: Report,
    *,
    elapsed_s: float,
    next_step: str = "",
    watched: bool = False,
    source: Source = lines_of_file,
) -> list[Line]:
    """Return everything that a reader must know after a run.

    `watched`: each end was already written to the same terminal, only links are new.
    """
    outcomes = report.outcomes
    done = [o for o in outcomes if o.status is Status.DONE]
    shown = [_done(outcome) for outcome in done if outcome.link or not watched]
    problems = [problem for o in outcomes if o.status in BAD for problem in _problems(o)]
    sections = [
        shown,
        diagnostics_text.problems(problems, source) if problems else [],
        list(_skipped(outcomes)),
        list(_pending(outcomes)),
        [line("Azure keeps: ", clean(text), hang=2) for text in report.remains],
        [line(Span(_closing(report, elapsed_s), Style.STRONG), hang=2)],
        step(next_step),
    ]
    return _joined(sections)


def report_json(report: Report, *, elapsed_s: float) -> str:
    """Return the run's end as one JSON document."""
    found = {
        "format_version": "1.0",
        "exit_code": int(report.exit_code),
        "interrupted": report.interrupted,
        "elapsed_s": round(elapsed_s, 3),
        "outcomes": [_outcome(o) for o in report.outcomes],
        "remains": list(report.remains),
        "diagnostics": [],
    }
    return json.dumps(found, indent=2, default=str) + "\n"


def error_json(error: ReconcileError) -> str:
    """Return, in the same form, that nothing was begun, and why."""
    found = {
        "format_version": "1.0",
        "exit_code": int(error.exit_code),
        "interrupted": False,
        "elapsed_s": 0.0,
        "outcomes": [],
        "remains": [],
        "diagnostics": [diagnostic(d) for d in error.diagnostics],
    }
    return json.dumps(found, indent=2, default=str) + "\n"


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "address": outcome.address,
        "action": outcome.action.value,
        "status": outcome.status.value,
        "elapsed_s": round(outcome.elapsed_s, 3),
        "because_of": outcome.because_of,
        "link": outcome.link,
        "diagnostic": diagnostic(outcome.problems[0]) if outcome.problems else None,
        "diagnostics": [diagnostic(problem) for problem in outcome.problems],
    }


def _joined(sections: list[list[Line]]) -> list[Line]:
    """Put a blank line between sections, but keep the last two together."""
    *upper, closing, last = sections
    shown: list[Line] = []
    for section in upper:
        if section:
            shown += [*section, line()]
    return [*shown, *closing, *last]


def _done(outcome: Outcome) -> Line:
    parts: list[str | Span] = [
        Span(f"{outcome.action.sign:>3} ", STYLES[outcome.action]),
        Span(clean(outcome.address), Style.STRONG),
        " ",
        Span(ended(outcome), ENDINGS[Status.DONE]),
        Span(f" ({duration(outcome.elapsed_s)})", Style.QUIET),
    ]
    parts += [f" {clean(because(outcome.reason))}"] if outcome.reason else []
    parts += [Span(f"  {clean(outcome.link)}", Style.QUIET)] if outcome.link else []
    return line(*parts, hang=6)


def _problems(outcome: Outcome) -> Iterator[Diagnostic]:
    """Yield why it failed; a problem that does not name its resource gets the name."""
    verb = "failed" if outcome.status is Status.FAILED else "was refused"
    for problem in outcome.problems or (Diagnostic("Azure gave no reason"),):
        named = f"`{outcome.address}` {verb}: {problem.summary}"
        is_named = outcome.address in problem.summary
        yield problem if is_named else replace(problem, summary=named)


def _skipped(outcomes: Sequence[Outcome]) -> Iterator[Line]:
    """Yield one line for each failure that kept others from being tried."""
    culprits: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.status is Status.SKIPPED:
            culprits.setdefault(outcome.because_of, []).append(clean(outcome.address))
    state = {o.address: o.status for o in outcomes}
    for culprit, addresses in culprits.items():
        why = "Not started, because the run was stopped: "
        if culprit:
            verb = KEPT_BY.get(state.get(culprit, Status.FAILED), "failed")
            why = f"Not started, because {clean(culprit)} {verb}: "
        yield line(why, ", ".join(addresses), hang=2)


def _pending(outcomes: Sequence[Outcome]) -> Iterator[Line]:
    """Yield what Azure goes on with, and what nobody goes on with until the next run."""
    for heading, is_told in (
        ("Still running in Azure:", is_running),
        ("Begun, and not finished when the run was stopped:", is_unfinished),
    ):
        told = [o for o in outcomes if is_told(o)]
        if told:
            yield line(heading)
        for outcome in told:
            what = f": {clean(first_of(outcome.problems))}" if outcome.problems else ""
            link = f"  {clean(outcome.link)}" if outcome.link else ""
            yield line("  ", Span(clean(outcome.address), Style.STRONG), what, link, hang=4)


def _closing(report: Report, elapsed_s: float) -> str:
    done = Counter(DONE[o.action] for o in report.outcomes if o.status is Status.DONE)
    other = Counter(o.status for o in report.outcomes)
    words = [f"{count} {COUNTED.get(word, word)}" for word, count in done.items()]
    words += [f"{other[s]} unchanged" for s in (Status.UNCHANGED,) if other[s]]
    words += [f"{other[s]} failed" for s in (Status.FAILED,) if other[s]]
    words += [f"{other[s]} refused" for s in (Status.REFUSED,) if other[s]]
    words += [f"{other[s]} not started" for s in (Status.SKIPPED,) if other[s]]
    running = sum(map(is_running, report.outcomes))
    words += [f"{running} still running"] if running else []
    left = other[Status.PENDING] - running
    words += [f"{left} not finished"] if left else []
    total = things(len(report.outcomes), "resource")
    start = "Stopped after" if report.interrupted else "Done in"
    if any(other[s] for s in BAD) and not report.interrupted:
        start = "Ended with errors after"
    return f"{start} {duration(elapsed_s)}. {total}: {', '.join(words) or 'nothing to do'}."
