"""Make a plan: observe everything, resolve what is known, decide each pair.

A plan sends GET and HEAD only (and name checks), reads no secret, and for the same world
is the same. It covers every resource, unchanged ones too.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from reconciler.cloud.connection import Connection
from reconciler.diagnostics import Diagnostic, ExitCode, ReconcileError, RefusedError, UsageError
from reconciler.engine.decide import decide, going_with, resolve
from reconciler.engine.graph import Edges, with_dependencies
from reconciler.engine.ids import is_within
from reconciler.engine.protection import protected
from reconciler.engine.types import (
    Action,
    Address,
    Change,
    JsonObject,
    Observed,
    Owner,
    Phase,
    Reference,
    Resource,
)
from reconciler.kinds import HANDLERS, KINDS
from reconciler.kinds.base import Reads, World
from reconciler.operations.loading import Loaded
from reconciler.operations.observing import (
    PARALLELISM,
    Sight,
    Silent,
    observe_all,
    observe_fresh,
    world_of,
)
from reconciler.operations.providers import first_register, is_unregistered, registrations
from reconciler.operations.pruning import prunable
from reconciler.operations.strangers import shortened, strangers
from reconciler.operations.troubles import unread
from reconciler.spec.model import Target

NEW = (Action.CREATE, Action.REPLACE, Action.RUN)
RUNS = frozenset(handler.kind for handler in KINDS if handler.policy.runs)
AGAIN = "run again on request"


@dataclass(frozen=True)
class Plan:
    """What apply would do, in the order in which it would do it."""

    spec_name: str
    target: Target
    changes: tuple[Change, ...]
    graph: Edges
    warnings: tuple[Diagnostic, ...] = ()
    destroys: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do and nothing in the way."""
        return not any(c.action.is_change or c.blocked for c in self.changes)

    @property
    def blocked(self) -> list[Diagnostic]:
        """Every reason why something of the plan is not done."""
        return [c.blocked for c in self.changes if c.blocked]

    @property
    def stopping(self) -> list[Change]:
        """The blocked changes that keep the plan from being started.

        A run that failed before is not among them: it stops only what needs it. One that
        cannot be read is: it may have finished, or be running.
        """
        return [c for c in self.changes if c.blocked and (c.unread or c.resource.kind not in RUNS)]

    @property
    def exit_code(self) -> ExitCode:
        """What to leave with where this plan cannot be carried out; 0 where it can."""
        return why_blocked(self.stopping)

    def change_of(self, address: Address) -> Change:
        """Return the change of one address."""
        return next(c for c in self.changes if c.address == address)

    def count(self, action: Action) -> int:
        """Return how many changes have this action."""
        return sum(1 for c in self.changes if c.action is action and not c.blocked)


def why_blocked(changes: Iterable[Change]) -> ExitCode:
    """Return the exit code for what is blocked: first what does not pass by itself.

    Refused, as soon as one is; otherwise nothing of it can be read, and the reason counts.
    """
    found = {c.unread or ExitCode.REFUSED for c in changes if c.blocked}
    order = (ExitCode.REFUSED, ExitCode.DENIED, ExitCode.FAILED, ExitCode.UNAVAILABLE)
    return next((code for code in (*order, *sorted(found)) if code in found), ExitCode.OK)


def plan(
    loaded: Loaded,
    connection: Connection,
    *,
    targets: Iterable[str] = (),
    retry: Iterable[str] = (),
    prune: bool = False,
    parallelism: int = PARALLELISM,
) -> Plan:
    """Return what it takes to make Azure what the spec says.

    `targets` limits it to these addresses and what they need; `prune` adds what is ours
    and left the spec, to be deleted last and only when all else went well. Raises `DeniedError` when
    sign-in fails, `UsageError` for `prune` of a part; a resource that cannot be read is in the
    plan as blocked.
    """
    wanted = with_dependencies(loaded.graph, loaded.select(targets, "--target"))
    if prune and wanted:
        raise UsageError.because(
            "--prune cannot be given with --target",
            hint="what left the spec is in no part of it: prune in a run of its own",
        )
    addresses = [a for a in loaded.resources if not wanted or a in wanted]
    again = frozenset(loaded.select(retry, "--retry"))
    sight = observe_all(loaded, connection, addresses, parallelism=parallelism)
    changes = _decide_all(loaded, sight, addresses, again)
    changes = _with_strangers(connection, changes)
    steps = registrations(connection, changes.values(), parallelism=parallelism)
    graph = {a: frozenset(b for b in loaded.graph[a] if b in changes) for a in changes}
    graph = first_register(graph, changes, steps)
    unprepared = {a for a, before in graph.items() if before & steps.keys()}
    changes = _prepared(loaded, connection, changes, sight, parallelism, unprepared)
    changes = {**steps, **changes}
    if prune:
        graph = _with_pruned(graph, changes, prunable(loaded, connection, changes))
    return Plan(
        loaded.spec.name, loaded.spec.target, tuple(changes.values()), graph, loaded.warnings
    )


def _with_pruned(
    graph: dict[Address, frozenset[Address]], changes: dict[Address, Change], gone: list[Change]
) -> dict[Address, frozenset[Address]]:
    """Add the deletions: each after everything of the spec and all that may need it.

    A list shows no references, so what may need a kind is every kind that `KINDS` has after
    it: a hub goes after its projects, a storage account after its workspace.
    """
    spec = frozenset(changes)
    rank = {handler.kind: place for place, handler in enumerate(KINDS)}
    for change in gone:
        own = rank[change.resource.kind]
        later = {c.address for c in gone if rank[c.resource.kind] > own}
        graph[change.address] = spec | later
        changes[change.address] = change
    return graph


def _decide_all(
    loaded: Loaded, sight: Sight, addresses: list[Address], retry: frozenset[Address]
) -> dict[Address, Change]:
    changes: dict[Address, Change] = {}
    for address in addresses:
        resource = loaded.resources[address]
        if address in sight.problems and not is_unregistered(sight.problems[address]):
            changes[address] = unread(resource, sight.problems[address])
            continue
        desired = resolve(resource.desired, lambda r: _known(r, loaded, sight, changes))
        observed = sight.observed.get(address)
        changes[address] = _cascaded(
            decide_one(resource, desired, observed, retry=address in retry), loaded, changes
        )
    return changes


def decide_one(
    resource: Resource, desired: JsonObject, observed: Observed | None, *, retry: bool = False
) -> Change:
    """Return the decision for one resource under its kind's policy."""
    policy = HANDLERS[resource.kind].policy
    decided = decide(resource, desired, observed, policy)
    change = protected(HANDLERS[resource.kind].review(decided))
    if retry and change.blocked and policy.runs and observed and _is_our_failure(observed):
        reason = f"{AGAIN} after {observed.outputs.get('name', 'a run')} failed (--retry)"
        return Change(resource, Action.RUN, None, reason=reason)
    return change


def runs_again(change: Change) -> bool:
    """Return whether a change is what `--retry` asked for; its reason names the run that failed."""
    return change.action is Action.RUN and change.reason.startswith(AGAIN)


def _is_our_failure(observed: Observed) -> bool:
    """Whether `--retry` may follow it: never what another spec, or nobody that we know, ran."""
    return observed.owner is Owner.OURS and observed.phase is Phase.FAILED


def _known(
    reference: Reference, loaded: Loaded, sight: Sight, changes: Mapping[Address, Change]
) -> Any:
    """Return what a plan may know of a reference: never a secret, nothing of what is new."""
    target = loaded.resources.get(reference.address)
    if target and reference.attribute in target.known:
        return target.known[reference.attribute]
    change = changes.get(reference.address)
    observed = sight.observed.get(reference.address)
    if reference.secret or observed is None or (change and change.action in NEW):
        return None
    return observed.outputs.get(reference.attribute)


def _cascaded(change: Change, loaded: Loaded, changes: Mapping[Address, Change]) -> Change:
    """Let the replacement of a parent or a dependency reach the resource.

    A parent that is being deleted is half of one: a run was killed in the middle of it.
    """
    resource = change.resource
    parents = [
        c for c in changes.values() if is_within(resource.resource_id, c.resource.resource_id)
    ]
    parent = next((c for c in parents if c.action is Action.REPLACE), None)
    if parent and change.observed:
        reason = f"`{parent.address}` is replaced, and this with it"
        return protected(replace(change, action=Action.REPLACE, reason=reason))
    gone = next((c for c in parents if c.pending and c.observed and c.observed.is_going), None)
    if gone and not change.blocked:
        return going_with(gone.address, change)
    before = [changes[a] for a in loaded.graph[resource.address] if a in changes]
    replaced = [c.address for c in before if c.action in (Action.REPLACE, Action.RUN)]
    follows = HANDLERS[resource.kind].follows_replacement
    if follows and change.action is Action.NO_OP and change.observed and replaced:
        reason = f"to be set again after `{replaced[0]}` is replaced"
        return replace(change, action=Action.UPDATE, reason=reason)
    return change


def _with_strangers(
    connection: Connection, changes: dict[Address, Change]
) -> dict[Address, Change]:
    """Block each replacement that would take along what is not replaced here."""
    going = [c.resource.resource_id for c in changes.values() if c.action is Action.REPLACE]
    return {
        address: _with_strangers_told(connection, change, going)
        if change.action is Action.REPLACE and not change.blocked
        else change
        for address, change in changes.items()
    }


def _with_strangers_told(connection: Connection, change: Change, going: list[str]) -> Change:
    try:
        found = strangers(connection, change, going)
    except ReconcileError as error:
        return unread(change.resource, error)
    if not found:
        return change
    blocked = Diagnostic(
        f"`{change.address}` would have to be replaced, and things that are not replaced here "
        f"would go with it ({shortened(found)})",
        change.resource.position,
        detail=change.reason,
        hint="undo the change, or take them elsewhere first",
    )
    return replace(change, blocked=blocked)


def _prepared(
    loaded: Loaded,
    connection: Connection,
    changes: dict[Address, Change],
    sight: Sight,
    parallelism: int,
    unprepared: Container[Address],
) -> dict[Address, Change]:
    """Look before each create for what would make it fail (a soft-deleted twin, a taken name).

    Not before what is `unprepared`: its provider must be registered before it answers.
    """
    begins = (Action.CREATE, Action.RUN)
    creates = [
        c
        for c in changes.values()
        if c.action in begins and not c.blocked and c.address not in unprepared
    ]
    if not creates:
        return changes

    def world(reads: Reads) -> World:
        return world_of(loaded, connection, reads, lambda a: sight.observed.get(a), Silent())

    def prepare(change: Change) -> Change:
        resource, before = change.resource, dict(changes)
        try:
            notes = HANDLERS[resource.kind].prepare(shared, resource)
        except RefusedError as error:
            seen = _seen_after_all(world(Reads(connection, fresh=True)), resource)
            if seen is None:
                return replace(change, blocked=error.diagnostics[0].at(resource.position))
            desired = resolve(resource.desired, lambda r: _known(r, loaded, sight, before))
            return decide_one(resource, desired, seen)
        return replace(change, notes=(*change.notes, *notes))

    shared = world(sight.reads)
    with ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="prepare") as pool:
        for change in pool.map(prepare, creates):
            changes[change.address] = change
    return changes


def _seen_after_all(world: World, resource: Resource) -> Observed | None:
    """Look once more at what cannot be created: its name may be taken by itself.

    The read that did not find it may have been behind. One that fails confirms nothing.
    """
    try:
        return observe_fresh(world, resource)
    except ReconcileError:
        return None
