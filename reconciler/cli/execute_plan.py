"""Show a plan, ask, carry it out, report: what `apply` and `destroy` have in common."""

from __future__ import annotations

import gc
import time
from typing import assert_never

from reconciler.cli.confirm import confirm
from reconciler.cli.in_flight import InFlight
from reconciler.cli.repeat_options import same_options
from reconciler.cli.session import Session, parallelism
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.kinds import HANDLERS
from reconciler.operations.apply.executor import Report, apply, not_begun
from reconciler.operations.approval import approve_plan
from reconciler.operations.load import Loaded
from reconciler.operations.plan.build import Plan
from reconciler.render.fields import Views
from reconciler.render.kind_views import kind_views
from reconciler.render.plan_text import plan_lines
from reconciler.render.report import report_json, report_lines
from reconciler.render.terminal import clean
from reconciler.render.words import things
from reconciler.spec.sections import sections_of

QUESTION = '"your question"'


def execute_plan(
    session: Session, loaded: Loaded, run: RunScope, plan: Plan, question: str
) -> ExitCode:
    """Return the exit code of a plan that was shown, agreed to and carried out."""
    views = Views(plan, kind_views(), loaded.spec.tags, sections_of(loaded.spec))
    as_text = session.options.output == "text"
    shown = session.out if as_text else session.err
    shown.write(plan_lines(views, verbose=session.options.verbose))
    if plan.stopping:
        session.err.say("Nothing was changed: fix the errors above first.")
        report = not_begun(plan)
        if not as_text:
            _report(session, plan, report, 0.0)
        return report.exit_code
    if not _has_work(views):
        if not as_text:
            _report(session, plan, Report(()), 0.0)
        return ExitCode.OK
    written = [change for change in plan.changes if _may_write(views, change)]
    asked = _asked(views, written) or question
    approve_plan(run, plan, lambda _: not written or confirm(session, asked))
    began = time.monotonic()
    report = _watched(session, loaded, run, plan)
    _report(session, plan, report, time.monotonic() - began)
    return session.signals.received or report.exit_code


def _has_work(views: Views) -> bool:
    """Whether apply has anything to write, to wait for or to compare."""
    changes = views.plan.changes
    return any(
        c.action.is_change or c.is_pending or c.is_blocked or views.compares(c) for c in changes
    )


def _may_write(views: Views, change: Change) -> bool:
    """Whether apply may write a resource, now, or after a wait or a comparison."""
    match change.decision:
        case Blocked():
            return False
        case Wait():
            settles = not HANDLERS[change.resource.kind].policy.runs
            return settles or change.action.is_change or views.compares(change)
        case NoOp():
            return views.compares(change)
        case Create() | Adopt() | Update() | Replace() | Delete() | Run():
            return True
        case never:
            assert_never(never)


def _asked(views: Views, written: list[Change]) -> str:
    """Return what else to ask where no change is known, and only secrets are compared."""
    if any(change.is_pending or change not in views.compared for change in written):
        return ""
    what = clean(written[0].address) if len(written) == 1 else things(len(written), "resource")
    return f"Compare the secrets of {what} and write what differs?"


def _watched(session: Session, loaded: Loaded, run: RunScope, plan: Plan) -> Report:
    gc.enable()
    total = sum(1 for c in plan.changes if c.action.is_change or c.is_pending)
    if not session.options.quiet:
        session.err.say("")
    with session.progress(total) as watcher:
        progress = InFlight(watcher)
        session.signals.guard(run.stop, session.err.say, progress.names)
        return apply(
            loaded,
            run,
            plan,
            progress=progress,
            no_wait=getattr(session.options, "no_wait", False),
            **parallelism(session.options),
        )


def _report(session: Session, plan: Plan, report: Report, elapsed_s: float) -> None:
    if session.options.output == "json":
        session.out.raw(report_json(report, elapsed_s=elapsed_s))
        return
    session.out.say("")
    watched = session.is_live and session.out.is_live
    step = _next_step(session, plan, report)
    lines = report_lines(report, elapsed_s=elapsed_s, next_step=step, watched=watched)
    session.out.write(lines)


def _next_step(session: Session, plan: Plan, report: Report) -> str:
    """Return what to type next: go on, look, or use what was made."""
    name = "destroy" if plan.destroys else "apply"
    same = session.command(name, *same_options(vars(session.options)))
    if report.exit_code is ExitCode.PENDING or report.interrupted:
        return f"To continue where this stopped: {same}"
    if report.exit_code is not ExitCode.OK:
        return f"When that is fixed, continue with: {same}"
    if plan.destroys:
        return ""
    if any(HANDLERS[change.resource.kind].asks_model for change in plan.changes):
        return f"To ask the model: {session.command('chat', QUESTION)}"
    return f"To look at it: {session.command('status')}"
