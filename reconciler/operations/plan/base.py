"""Hold a plan against the base of its spec: one observation, decided a second time.

What both specs have by the same id is not asked for again. What only the base has is read too:
what it has decides what the base would do with whatever needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, InterruptedRun, ReconcileError, Severity, SpecError
from reconciler.engine.attribution import Attribution, attributed
from reconciler.engine.decisions import Change
from reconciler.engine.types import Address, Observed
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.decide import decide_all
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import Snapshot, context_of, observe_fresh
from reconciler.spec import document as documents

WITHOUT = "the base spec could not be used, so every change counts as one of this spec"


@dataclass(frozen=True)
class Base:
    """The spec as it was before the change; None where `problem` says why it cannot be used."""

    loaded: Loaded | None
    problem: Diagnostic | None = None


def load_base(source: str, head: Loaded) -> Base:
    """Return the base of a spec.

    A base that was taken out of its folder (`git show COMMIT:spec.yaml > base.yaml`) finds its
    files where the spec finds them.
    """
    try:
        document = documents.load(source)
        try:
            return Base(load_document(document))
        except SpecError:
            return Base(load_document(replace(document, folder=head.document.folder)))
    except SpecError as error:
        first = error.diagnostics[0]
        where = f"{first.position}: " if first.position else ""
        detail = f"{where}{first.summary}"
        return Base(None, Diagnostic(WITHOUT, detail=detail, severity=Severity.WARNING))


def held_against(
    base: Base | None,
    head: Loaded,
    run: RunScope,
    seen: Snapshot,
    changes: Mapping[Address, Change],
) -> Attribution | None:
    """Return where the changes come from, as they were decided; None without a base."""
    if base is None:
        return None
    if base.loaded is None:
        return replace(attributed(changes.values(), ()), problem=base.problem)
    theirs = _seen_by(base.loaded, head, run, seen, changes)
    decided = decide_all(base.loaded, theirs, list(base.loaded.resources), frozenset())
    return attributed(changes.values(), decided.values())


def _seen_by(
    base: Loaded, head: Loaded, run: RunScope, seen: Snapshot, changes: Mapping[Address, Change]
) -> Snapshot:
    """Return the world as the addresses of the base name it."""
    names = {head.resources[a].resource_id.casefold(): a for a in changes if a in head.resources}
    observed: dict[Address, Observed | None] = {}
    problems: dict[Address, ReconcileError] = {}
    context = context_of(base, run, seen.reads, observed.get, NullProgress())
    for address, resource in base.resources.items():
        own = names.get(resource.resource_id.casefold())
        if own and own in seen.problems:
            problems[address] = seen.problems[own]
        elif own:
            observed[address] = seen.observed.get(own)
        else:
            try:
                observed[address] = observe_fresh(context, resource)
            except InterruptedRun:
                raise
            except ReconcileError as error:
                problems[address] = error
    return Snapshot(observed, problems, seen.reads)
