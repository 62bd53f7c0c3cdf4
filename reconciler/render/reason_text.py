"""Reasons and notes in words: the only place that makes them, and nobody reads them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import assert_never

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import (
    Adopt,
    Blocked,
    Change,
    Create,
    Decision,
    Delete,
    NoOp,
    Replace,
    Run,
    Update,
    Wait,
)
from reconciler.engine.protection import PROTECT_TAG
from reconciler.reasons import (
    Because,
    CannotUpdateInPlace,
    DataCompared,
    DeletedSincePlan,
    DependencyReplaced,
    EndpointStays,
    GoesWith,
    HoldsData,
    HoldsForeign,
    InputChange,
    InputsChanged,
    Interrupted,
    IsHistory,
    Kept,
    KeptBecause,
    LastOperationFailed,
    LinkedFrom,
    NameNotChecked,
    NeededByOthers,
    NoLongerInSpec,
    NoRunYet,
    NotDeletable,
    Note,
    NotMadeAgain,
    NotOurs,
    NotRegistered,
    OtherRun,
    OwnedBy,
    ParentReplaced,
    ProtectedBySpec,
    ProtectedByTag,
    QuotaShort,
    Recovered,
    RetryOf,
    RoleAt,
    SecretsDiffer,
    SomethingInside,
    Unmarked,
    UsedAsIs,
)

MADE_AGAIN = "it is created again once it is gone"
MOST_FILES = 5
"""So many files that changed are named."""
SHOWN_AGAIN = "a new plan then shows what to create again"


def explanations(change: Change) -> tuple[str, ...]:
    """Return what a plan tells of a change below its headline: the reason, then the notes."""
    reason = () if change.reason is None else (because(change.reason),)
    return (*reason, *(text for text in _notes(change, change.decision) if text))


def _notes(change: Change, decision: Decision) -> tuple[str, ...]:
    match decision:
        case NoOp(note=found):
            return () if found is None else (note(found),)
        case Create(notes=notes) | Run(notes=notes):
            return tuple(map(note, notes))
        case Wait() as wait:
            return _waiting(change, wait)
        case Blocked(of=inner):
            return _notes(change, inner)
        case Adopt() | Update() | Replace() | Delete():
            return ()
        case never:
            assert_never(never)


def _waiting(change: Change, wait: Wait) -> tuple[str, ...]:
    what = wait.phase
    if wait.parent:
        what = f"`{wait.parent}` is being deleted, and this with it"
    if not change.is_going:
        return (what,)
    return (what, MADE_AGAIN if isinstance(wait.then, Create) else SHOWN_AGAIN)


def summary_of(problem: Diagnostic) -> str:
    """Return what is wrong in one line: the summary, and what completes it."""
    return f"{problem.summary}: {because(problem.because)}" if problem.because else problem.summary


def headline(problem: Diagnostic) -> str:
    """Return `file:line:col: error: what`, on one line, with what completes the summary."""
    return replace(problem, summary=summary_of(problem)).headline


def first_of(problems: Sequence[Diagnostic]) -> str:
    """Return the first problem in one line, and how many more there are."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{summary_of(problems[0])}{more}" if problems else ""


def detail_of(problem: Diagnostic) -> str:
    """Return why, a line each: the typed details first, then the text."""
    return "\n".join(
        [*map(because, problem.details), *([problem.detail] if problem.detail else [])]
    )


def because(reason: Because) -> str:
    """Return a reason in words, without a full stop."""
    match reason:
        case ProtectedBySpec() | ProtectedByTag() | HoldsData():
            return kept_because(reason)
        case NotMadeAgain(missed=missed):
            return f"{kept_because(missed)}: it is not recreated without a plan that shows it"
        case NoRunYet() | InputsChanged() | OtherRun() | RetryOf():
            return _run(reason)
        case ParentReplaced(parent=parent):
            return f"its parent `{parent}` is being replaced"
        case DependencyReplaced(dependency=dependency):
            return f"must be set again: `{dependency}` is being replaced"
        case CannotUpdateInPlace() | LastOperationFailed() | SecretsDiffer() | QuotaShort():
            return _difference(reason)
        case Unmarked() | DeletedSincePlan() | NoLongerInSpec() | NotRegistered() | Interrupted():
            return _existence(reason)
        case never:
            assert_never(never)


def _difference(
    reason: CannotUpdateInPlace | LastOperationFailed | SecretsDiffer | QuotaShort,
) -> str:
    match reason:
        case CannotUpdateInPlace(labels=labels):
            return f"Azure cannot change {', '.join(f'`{label}`' for label in labels)} in place"
        case LastOperationFailed(message=message):
            return f"its last operation failed: {message}"
        case SecretsDiffer(labels=labels):
            return f"{', '.join(labels)} changed"
        case QuotaShort():
            asks = "requests more and waits" if reason.asks else "waits"
            return (
                f"{reason.limit} cores allowed, {reason.used} in use, {reason.needed} needed: "
                f"{asks} up to {reason.wait_minutes} min"
            )
        case never:
            assert_never(never)


def _existence(
    reason: Unmarked | DeletedSincePlan | NoLongerInSpec | NotRegistered | Interrupted,
) -> str:
    match reason:
        case Unmarked():
            return "exists but is not marked as ours"
        case DeletedSincePlan():
            return "deleted since the plan"
        case NoLongerInSpec():
            return "no longer in the spec (--prune)"
        case NotRegistered(namespace=namespace):
            return f"register provider {namespace}: this subscription has not used it yet"
        case Interrupted():
            return "interrupted"
        case never:
            assert_never(never)


def _run(reason: NoRunYet | InputsChanged | OtherRun | RetryOf) -> str:
    match reason:
        case NoRunYet():
            return "no run with these inputs yet"
        case InputsChanged(fields=fields, since=run, status=status):
            return f"inputs changed since {run} ({status}): {'; '.join(map(_input, fields))}"
        case OtherRun(run=run, status=status):
            return f"a run other than {run} ({status})"
        case RetryOf(run=run):
            return f"run again as requested (--retry): {run or 'the last run'} failed"
        case never:
            assert_never(never)


def _input(change: InputChange) -> str:
    if change.files:
        more = len(change.files) - MOST_FILES
        rest = f" and {more} more" if more > 0 else ""
        return f"{change.name} changed: {', '.join(islice(change.files, MOST_FILES))}{rest}"
    before, after = ("(none)" if v is None else v for v in (change.before, change.after))
    return f"{change.name}: {before} -> {after}"


def note(found: Note) -> str:
    """Return a note in words."""
    match found:
        case UsedAsIs():
            return "exists and is used as it is"
        case Kept():
            return _kept(found)
        case RoleAt(scope=scope):
            return f"on {scope}"
        case NameNotChecked(answer=answer):
            return f"could not check whether its name is available: {answer}"
        case DataCompared(unseen=unseen) if unseen:
            return f"not compared with its list: {unseen}"
        case DataCompared(files=files, size=size):
            return f"{files:,} files of {size:,} bytes are there, as listed"
        case GoesWith(parent=parent):
            return f"no longer in the spec: goes with `{parent}`"
        case Recovered(until=until):
            return f"the soft-deleted vault of this name is recovered (kept until {until})"
        case never:
            assert_never(never)


def _kept(found: Kept) -> str:
    left = "no longer in the spec, but " if found.left_spec else ""
    hint = f" ({found.hint})" if found.hint else ""
    return f"kept: {left}{kept_because(found.why)}{hint}"


def kept_because(why: KeptBecause) -> str:
    """Return in words why something stays."""
    match why:
        case ProtectedBySpec():
            return "the spec protects it"
        case ProtectedByTag(value=value):
            return f"its tag `{PROTECT_TAG}` says {value!r}"
        case HoldsData(gone=gone):
            return "it held data" if gone else "it holds data"
        case NotDeletable():
            return "it cannot be deleted"
        case IsHistory():
            return "it is a record of work"
        case OwnedBy(spec=spec):
            return f"it belongs to the spec {spec!r}"
        case NotOurs():
            return "it is not marked as ours"
        case NeededByOthers() | LinkedFrom() | HoldsForeign() | SomethingInside() | EndpointStays():
            return _needed(why)
        case never:
            assert_never(never)


def _needed(
    why: NeededByOthers | LinkedFrom | HoldsForeign | SomethingInside | EndpointStays,
) -> str:
    match why:
        case NeededByOthers():
            return "something that is kept depends on it"
        case LinkedFrom(name=name):
            return f"{name} refers to it"
        case HoldsForeign(names=names):
            return f"it contains things that this run does not delete ({names})"
        case SomethingInside():
            return "something inside it is kept"
        case EndpointStays():
            return "its endpoint is kept"
        case never:
            assert_never(never)
