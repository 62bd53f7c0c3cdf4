"""Hold a plan against the base of its spec: one observation, decided a second time.

What both specs have by the same id is not asked for again. What only the base has is read too:
what it has decides what the base would do with whatever needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, InterruptedRun, ReconcileError, Severity, SpecError
from reconciler.engine.attribution import Attribution, attributed
from reconciler.engine.decisions import Change
from reconciler.engine.graph import with_dependencies
from reconciler.engine.types import Address, Observed, Resource
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.decide import decide_all
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import Snapshot, context_of, observe_fresh
from reconciler.spec import document as documents
from reconciler.spec.overlay import overlaid

WITHOUT = "the base spec could not be used, so every change counts as one of this spec"


@dataclass(frozen=True)
class Base:
    """The spec as it was before the change; None where `problem` says why it cannot be used."""

    loaded: Loaded | None
    problem: Diagnostic | None = None


def load_base(source: str, head: Loaded, adopt: Iterable[Address] = ()) -> Base:
    """Return the base of a spec; what is taken over for the spec is for the base too.

    A base that was taken out of its folder (`git show COMMIT:spec.yaml > base.yaml`) finds its
    files where the spec finds them. A spec with another name owns other resources, so it cannot be the base.
    """
    try:
        document = overlaid(documents.load(source), head.document.inputs)
        try:
            found = load_document(document)
        except SpecError:
            found = load_document(replace(document, folder=head.document.folder))
    except SpecError as error:
        first = error.diagnostics[0]
        where = f"{first.position}: " if first.position else ""
        return _unusable(f"{where}{first.summary}")
    if found.spec.name != head.spec.name:
        return _unusable(f"its name is `{found.spec.name}`, not `{head.spec.name}`")
    both = [address for address in adopt if address in found.resources]
    return Base(load_document(found.document, adopt=both) if both else found)


def _unusable(why: str) -> Base:
    return Base(None, Diagnostic(WITHOUT, detail=why, severity=Severity.WARNING))


def held_against(
    base: Base | None,
    head: Loaded,
    run: RunScope,
    seen: Snapshot,
    changes: Mapping[Address, Change],
    retry: frozenset[Address],
) -> Attribution | None:
    """Return where the changes come from, as they were decided; None without a base.

    Of a part of the spec, it tells only what the base would do to the same part.
    """
    if base is None:
        return None
    if base.loaded is None:
        return replace(attributed(changes.values(), ()), problem=base.problem)
    theirs = base.loaded
    names = {_id(change.resource): address for address, change in changes.items()}
    shared = [a for a, resource in theirs.resources.items() if _id(resource) in names]
    told = set(shared) if len(changes) < len(head.resources) else set(theirs.resources)
    needed = with_dependencies(theirs.graph, told)
    addresses = [address for address in theirs.resources if address in needed]
    world = _seen_by(theirs, addresses, names, run, seen)
    decided = decide_all(theirs, world, addresses, retry.intersection(addresses))
    return attributed(changes.values(), (decided[a] for a in addresses if a in told))


def _seen_by(
    base: Loaded,
    addresses: Iterable[Address],
    names: Mapping[str, Address],
    run: RunScope,
    seen: Snapshot,
) -> Snapshot:
    """Return the world as the base names it; `names` are the spec's addresses of what was read."""
    observed: dict[Address, Observed | None] = {}
    problems: dict[Address, ReconcileError] = {}
    context = context_of(base, run, seen.reads, observed.get, NullProgress())
    for address in addresses:
        resource = base.resources[address]
        own = names.get(_id(resource))
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


def _id(resource: Resource) -> str:
    return resource.resource_id.casefold()
