"""The way in for programs: load a spec, plan, approve by a function, apply, read the report.

The command line is made of the same operations. Each call is a run of its own, with its own
limits; what runs share (sign-in, connections, the pace that Azure asks for) is in the `Azure`
that they are given. So runs may go on side by side, in threads, and a plan never writes,
whatever goes on beside it. Nothing of the process is changed: no environment variable, no
logger, no signal handler. docs/library.md has an example.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event

from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode, ReconcileError, RefusedError
from reconciler.engine.types import Action, Status
from reconciler.operations.apply import executor
from reconciler.operations.apply.executor import Report
from reconciler.operations.approval import (
    MAX_DELETIONS,
    approve_plan,
    refuse_too_many_deletions,
)
from reconciler.operations.load import Loaded, load
from reconciler.operations.plan import build
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.operations.progress import Events, NullProgress
from reconciler.operations.refresh import PARALLELISM
from reconciler.render.reason_text import headline

__all__ = [
    "Action",
    "Azure",
    "Cloud",
    "Events",
    "ExitCode",
    "Loaded",
    "NullProgress",
    "Options",
    "Plan",
    "ReconcileError",
    "RefusedError",
    "Report",
    "SandboxAccess",
    "Status",
    "apply",
    "destroy",
    "headline",
    "load",
    "plan",
]

Approve = Callable[[Plan], bool]


@dataclass(frozen=True)
class Options:
    """What a run covers, and how far it may go.

    `targets`, `retry`, `prune`, `allow_outage` and `no_wait` are the options of the command line of these names.
    `timeout_s` bounds the run in time; `stop`, when set, ends it gently: nothing new is begun, and
    what Azure works on is reported as pending. `parallelism` is how many resources are worked on
    at once, `max_deletions` how many may be deleted in all.
    """

    targets: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    prune: bool = False
    allow_outage: tuple[str, ...] = ()
    no_wait: bool = False
    timeout_s: float | None = None
    stop: Event = field(default_factory=Event)
    parallelism: int = PARALLELISM
    max_deletions: int = MAX_DELETIONS
    progress: Events = field(default_factory=NullProgress)


def plan(loaded: Loaded, azure: Azure, options: Options | None = None) -> Plan:
    """Return what `apply` would do. Sends reads only, whatever happens.

    Raises `DeniedError` where nobody can sign in and `UnavailableError` where Azure cannot be
    reached at all; a resource that cannot be read is in the plan as blocked.
    """
    options = options or Options()
    return _planned(loaded, _begun(loaded, azure, options), options)


def apply(loaded: Loaded, azure: Azure, approve: Approve, options: Options | None = None) -> Report:
    """Plan, and carry the plan out once `approve` returns True for it.

    Raises what `plan` raises, and `RefusedError` for a plan that is not approved or deletes more
    than the options allow: nothing was written then. Everything else is in the report, also a
    plan that cannot be begun because of what is blocked in it, for which nobody is asked.
    """
    options = options or Options()
    run = _begun(loaded, azure, options)
    return _carried_out(loaded, run, _planned(loaded, run, options), approve, options)


def destroy(
    loaded: Loaded,
    azure: Azure,
    approve: Approve,
    options: Options | None = None,
    *,
    only: Iterable[str] = (),
    unprotect: Iterable[str] = (),
) -> Report:
    """Delete what the spec made, once `approve` returns True for the plan of it.

    `only` and `unprotect` are the options of `reconcile destroy`. Raises as `apply` does.
    """
    options = options or Options()
    run = _begun(loaded, azure, options)
    made = plan_destroy(
        loaded,
        run,
        only=only,
        unprotect=unprotect,
        allow_outage=options.allow_outage,
        parallelism=options.parallelism,
    )
    return _carried_out(loaded, run, made, approve, options)


def _begun(loaded: Loaded, azure: Azure, options: Options) -> RunScope:
    """Return a read-only run whose time begins now."""
    deadline = None if options.timeout_s is None else time.monotonic() + options.timeout_s
    subscription_id = loaded.spec.target.subscription_id
    run = RunScope(azure, subscription_id, read_only=True, deadline=deadline)
    run.stop = options.stop
    return run


def _planned(loaded: Loaded, run: RunScope, options: Options) -> Plan:
    asked = build.PlanOptions(
        targets=options.targets,
        retry=options.retry,
        prune=options.prune,
        allow_outage=options.allow_outage,
        parallelism=options.parallelism,
    )
    return build.plan(loaded, run, asked)


def _carried_out(
    loaded: Loaded, run: RunScope, made: Plan, approve: Approve, options: Options
) -> Report:
    if made.stopping:
        return executor.not_begun(made)
    refuse_too_many_deletions(made, options.max_deletions)
    approve_plan(run, made, approve)
    return executor.apply(
        loaded,
        run,
        made,
        progress=options.progress,
        parallelism=options.parallelism,
        no_wait=options.no_wait,
    )
