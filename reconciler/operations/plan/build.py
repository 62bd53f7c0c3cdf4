"""Make a plan: observe everything, resolve what is known, decide each pair.

A plan sends GET and HEAD only (and name checks), reads no secret, and for the same world
is the same. It covers every resource, unchanged ones too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    DeniedError,
    Diagnostic,
    ExitCode,
    InterruptedRun,
    ReconcileError,
    Severity,
    UsageError,
)
from reconciler.engine.attribution import Attribution, with_others
from reconciler.engine.decisions import Change
from reconciler.engine.effect import effect_of
from reconciler.engine.findings import Finding, Level
from reconciler.engine.graph import Edges, with_dependencies
from reconciler.engine.money import PlanCost
from reconciler.engine.policy import NO_POLICY, Policy
from reconciler.engine.types import Action, Address
from reconciler.kinds import KINDS
from reconciler.operations.failures import exit_code_of
from reconciler.operations.load import Loaded
from reconciler.operations.plan.base import Base, held_against
from reconciler.operations.plan.checks.alternatives import with_alternatives
from reconciler.operations.plan.checks.cost import USD, cost_of_plan
from reconciler.operations.plan.checks.facts import Asking, Facts
from reconciler.operations.plan.checks.run import Allowed, blocked_by, findings_of, region_of
from reconciler.operations.plan.decide import decide_all
from reconciler.operations.plan.dependents import block_if_foreign_children
from reconciler.operations.plan.leftovers import everything_listed, lookups
from reconciler.operations.plan.preflight import with_preflight
from reconciler.operations.plan.providers import first_register, registrations
from reconciler.operations.plan.prune import is_history, leftovers, refuse_empty, with_pruned
from reconciler.operations.plan.references import Shown
from reconciler.operations.progress import NullProgress
from reconciler.operations.refresh import (
    PARALLELISM,
    Snapshot,
    context_of,
    observe_all,
)
from reconciler.spec.model import Target

RUNS = frozenset(handler.kind for handler in KINDS if handler.policy.runs)


@dataclass(frozen=True)
class Plan:
    """What apply would do, in the order in which it would do it."""

    spec_name: str
    target: Target
    changes: tuple[Change, ...]
    graph: Edges
    warnings: tuple[Diagnostic, ...] = ()
    destroys: bool = False
    leftovers: tuple[Change, ...] = ()
    """What is ours and not in the spec any more, as `--prune` would decide it. With `--prune`
    these are among the changes; records of work stay here, since nothing is done about them."""
    lenient: bool = False
    """Whether apply goes on although the checks say what would fail (`lenient.lenient`)."""
    cost: PlanCost | None = None
    """What it does to the costs; None where it changes nothing of machines."""
    findings: tuple[Finding, ...] = ()
    """What was checked beforehand: blockers too, which stand with their changes as well."""
    allowed_outages: frozenset[Address] = frozenset()
    """What may leave an endpoint without an answer for a while."""
    targets: tuple[str, ...] = ()
    """What it was limited to, as the user said it; nothing where it is of the whole spec."""
    held: frozenset[Address] = frozenset()
    """What is left as it is for now, whatever its decision: nothing is done about it."""
    attribution: Attribution | None = None
    """Which of the changes come from the change of the spec; None without a base."""

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that stop nothing."""
        return tuple(f for f in self.findings if f.level is not Level.BLOCKER)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do and nothing in the way."""
        return not any(c.action.is_change or c.is_blocked for c in self.changes)

    @property
    def effect(self) -> str:
        """The digest of what it does: what a reviewer approves."""
        return effect_of(self.changes)

    @property
    def blocked(self) -> list[Diagnostic]:
        """Every problem that keeps something of the plan from being done."""
        return [problem for c in self.changes for problem in c.problems]

    @property
    def stopping(self) -> list[Change]:
        """The blocked changes that keep the plan from being started.

        A run that failed before is not among them: it stops only what needs it. One that
        cannot be read is: it may have finished, or be running.
        """
        return [
            c
            for c in self.changes
            if c.is_blocked
            and (c.is_unread or c.resource.kind not in RUNS)
            and c.address not in self.held
        ]

    @property
    def exit_code(self) -> ExitCode:
        """What to leave with where this plan cannot be carried out; 0 where it can."""
        return exit_code_of(c.failure for c in self.stopping)

    def change_of(self, address: Address) -> Change:
        """Return the change of one address."""
        return next(c for c in self.changes if c.address == address)

    def count(self, action: Action) -> int:
        """Return how many changes have this action."""
        return sum(1 for c in self.changes if c.action is action and not c.is_blocked)


@dataclass(frozen=True)
class PlanOptions:
    """What a plan covers, what it may do, and what is asked for it.

    They are the options of the command line of these names; `currency` is an ISO code.
    """

    targets: Collection[str] = ()
    retry: Collection[str] = ()
    prune: bool = False
    allow_outage: Collection[str] = ()
    currency: str = USD
    ask_prices: bool = True
    check_policy: bool = False
    alternatives: bool = False
    policy: Policy = NO_POLICY
    base: Base | None = None
    leftovers: bool = True
    """Whether to look for what is ours and not in the spec any more; not for a part of it."""
    parallelism: int = PARALLELISM


DEFAULT = PlanOptions()


def plan(loaded: Loaded, run: RunScope, options: PlanOptions = DEFAULT) -> Plan:
    """Return what it takes to make Azure what the spec says; what is unread is blocked.

    Raises `DeniedError` when sign-in fails, `UsageError` for `prune` of a part (`targets`).
    """
    decided = _decided(loaded, run, options)
    changes, facts = decided.changes, decided.facts
    allowed = Allowed(frozenset(options.allow_outage))
    region = replace(region_of(loaded, changes, decided.graph, facts), policy=options.policy)
    found = findings_of(run, region, allowed)
    told = with_alternatives(run, region, found, all_of=options.alternatives)
    currency, ask_prices = options.currency, options.ask_prices
    return Plan(
        loaded.spec.name,
        loaded.spec.target,
        tuple(blocked_by(changes, told).values()),
        decided.graph,
        (*loaded.warnings, *decided.warnings),
        leftovers=tuple(decided.left),
        cost=cost_of_plan(loaded, run, changes, facts, currency, ask_prices=ask_prices),
        findings=(*decided.named, *told),
        allowed_outages=allowed.addresses,
        targets=tuple(options.targets),
        attribution=decided.attribution,
    )


@dataclass(frozen=True)
class _Decided:
    """What is done with each resource, in which order, before the checks have their say.

    `named` is what is in the way of creates, `left` what is ours and not in the spec any more.
    """

    changes: dict[Address, Change]
    graph: dict[Address, frozenset[Address]]
    facts: Facts
    named: list[Finding]
    left: list[Change]
    warnings: tuple[Diagnostic, ...]
    attribution: Attribution | None


def _decided(loaded: Loaded, run: RunScope, options: PlanOptions) -> _Decided:
    """Read what Azure holds of the spec, or of the part that is wanted, and decide on it.

    What the checks will need is asked for meanwhile.
    """
    parallelism, prune = options.parallelism, options.prune
    wanted = _wanted(loaded, options.targets, prune=prune)
    retry = frozenset(loaded.select(options.retry, "--retry"))
    addresses = [a for a in loaded.resources if not wanted or a in wanted]
    is_partial = bool(wanted) or not options.leftovers
    beside = (lambda context: ()) if is_partial else partial(lookups, loaded)
    snapshot = observe_all(loaded, run, addresses, parallelism=parallelism, beside=beside)
    changes = decide_all(loaded, snapshot, addresses, retry)
    by = held_against(options.base, loaded, run, snapshot, changes, retry)
    policy = options.check_policy
    with Asking(loaded, run, snapshot.reads, parallelism, asks_policy=policy) as asking:
        asking.about(changes.values())
        changes, graph, named = _looked_into(loaded, run, changes, snapshot, parallelism)
        left, warnings = (
            ([], ()) if is_partial else _left(loaded, run, snapshot, changes, prune=prune)
        )
        if prune:
            refuse_empty(loaded)
            graph = with_pruned(graph, changes, [c for c in left if not is_history(c)])
            left = [c for c in left if is_history(c)]
            asking.about(changes.values())
    if by is not None:
        by = with_others(by, list(changes.values()), left, graph)
        warnings = (*warnings, *([by.problem] if by.problem else []))
    return _Decided(changes, graph, asking.facts, named, left, warnings, by)


def _wanted(loaded: Loaded, targets: Iterable[str], *, prune: bool) -> set[Address]:
    """Return the targets and what they need, nothing where all is wanted."""
    wanted = with_dependencies(loaded.graph, loaded.select(targets, "--target"))
    if prune and wanted:
        raise UsageError.because(
            "--prune cannot be given with --target",
            hint="run --prune without --target: resources that are no longer in the spec belong to no target",
        )
    return wanted


def _looked_into(
    loaded: Loaded,
    run: RunScope,
    changes: dict[Address, Change],
    snapshot: Snapshot,
    parallelism: int,
) -> tuple[dict[Address, Change], dict[Address, frozenset[Address]], list[Finding]]:
    """Return the changes with what else must be known of them, their order, what blocks names."""
    changes = block_if_foreign_children(run, changes)
    steps = registrations(run, changes.values(), parallelism=parallelism)
    graph = {a: frozenset(b for b in loaded.graph[a] if b in changes) for a in changes}
    graph = first_register(graph, changes, steps)
    unprepared = {a for a, before in graph.items() if before & steps.keys()}
    changes, found = with_preflight(loaded, run, changes, snapshot, parallelism, unprepared)
    return {**steps, **changes}, graph, found


def _left(
    loaded: Loaded,
    run: RunScope,
    snapshot: Snapshot,
    changes: Mapping[Address, Change],
    *,
    prune: bool,
) -> tuple[list[Change], tuple[Diagnostic, ...]]:
    """Return what is ours and not in the spec; where it cannot be looked for, a warning.

    Raises `ReconcileError` instead where it is to be pruned.
    """
    context = context_of(loaded, run, snapshot.reads, snapshot.observed.get, NullProgress())
    try:
        found = everything_listed(context, loaded, snapshot.observed)
        return leftovers(found, loaded, Shown(run.arm.get, changes)), ()
    except ReconcileError as error:
        if prune or isinstance(error, DeniedError | InterruptedRun):
            raise
        first = error.diagnostics[0]
        what = "could not check for resources that are no longer in the spec"
        told = Diagnostic(what, detail=first.summary, severity=Severity.WARNING, id="leftovers")
        return [], (told,)
