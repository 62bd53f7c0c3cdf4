"""Read everything a spec names, all at once, each list only once.

Resources are submitted to one pool, each after what it depends on; a handler that needs another
resource's answer waits for that future, which was submitted before its own, so it cannot
deadlock. Among those that may go next the kinds take turns: hundreds of one kind that wait for
its list would otherwise keep every thread, and the lists would be asked for one by one. Only a real 404 is absence: any other failure is kept as the resource's problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from reconciler.cloud.poll import is_outage
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import (
    FORM_ERRORS,
    DeniedError,
    MalformedError,
    ReconcileError,
    UnavailableError,
    UnforeseenError,
)
from reconciler.engine.types import Address, Observed, Resource
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import HandlerContext, Progress, Reads
from reconciler.operations.load import Loaded
from reconciler.operations.progress import NullProgress

PARALLELISM = 32


@dataclass(frozen=True)
class Snapshot:
    """What was seen of every resource: observed, absent (None), or a problem.

    `reads` keeps the answers, for what a plan looks at afterwards.
    """

    observed: Mapping[Address, Observed | None]
    problems: Mapping[Address, ReconcileError]
    reads: Reads


Beside = Callable[[HandlerContext], Iterable[tuple[Address, Callable[[], object]]]]
"""Yields what to ask beside the resources, each with the address that it waits for, or ""."""


def context_of(
    loaded: Loaded,
    run: RunScope,
    reads: Reads,
    others: Callable[[Address], Observed | None],
    progress: Progress,
    **options: Any,
) -> HandlerContext:
    """Return what handlers see of the outside."""
    target = loaded.spec.target
    return HandlerContext(
        run=run,
        owner=loaded.spec.name,
        subscription_id=target.subscription_id,
        resource_group=target.resource_group,
        location=target.location,
        reads=reads,
        others=others,
        progress=progress,
        resources=loaded.resources,
        **options,
    )


def observe_all(
    loaded: Loaded,
    run: RunScope,
    addresses: list[Address],
    *,
    parallelism: int,
    beside: Beside = lambda context: (),
) -> Snapshot:
    """Observe the given resources at once, sharing lists.

    What is asked `beside` them only fills the reads of the snapshot, with failures too. It is
    begun after what it waits for, never before: one thread alone must come through.

    Raises `DeniedError` when there is no way in at all, `UnavailableError` when nothing at
    all can be reached; every other failure is returned beside the resource it belongs to.
    """
    futures: dict[Address, Future[Observed | None]] = {}

    def others(address: Address) -> Observed | None:
        future = futures.get(address)
        return future.result() if future else None

    reads = Reads(run)
    context = context_of(loaded, run, reads, others, NullProgress())
    with ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="observe") as pool:
        firsts, rest = in_turns(loaded, addresses)
        for address in firsts:
            futures[address] = pool.submit(observe_fresh, context, loaded.resources[address])
        later = [ask for address, ask in beside(context) if not _begun(pool, ask, address, futures)]
        for address in rest:
            futures[address] = pool.submit(observe_fresh, context, loaded.resources[address])
        for ask in later:
            pool.submit(ask)
        out = [address for address, future in futures.items() if is_outage(future.exception())]
        if len(out) * 2 <= len(futures):
            reads.forget_failures()
            for address in _unlucky(out, run):
                resource = loaded.resources[address]
                futures[address] = pool.submit(observe_fresh, context, resource)
    return _collect(futures, reads)


def _begun(
    pool: ThreadPoolExecutor,
    ask: Callable[[], object],
    address: Address,
    futures: Mapping[Address, object],
) -> bool:
    """Begin what waits for an address whose own look was begun, or for none; else return False."""
    if address and address not in futures:
        return False
    pool.submit(ask)
    return True


def in_turns(loaded: Loaded, addresses: list[Address]) -> tuple[list[Address], list[Address]]:
    """Return the addresses, the kinds by turns and each after what it depends on.

    In two parts: the first ends when every kind has had its first turn.
    """
    turn, had = dict[Address, int](), Counter[str]()
    for address in addresses:
        kind = loaded.resources[address].kind
        turn[address] = had[kind]
        had[kind] += 1
    order: dict[Address, None] = {}

    def add(address: Address) -> None:
        for before in sorted(loaded.graph[address]):
            if before in turn and before not in order:
                add(before)
        order[address] = None

    firsts = 0
    for address in sorted(addresses, key=turn.__getitem__):
        if address not in order:
            add(address)
        firsts = len(order) if turn[address] == 0 else firsts
    return list(order)[:firsts], list(order)[firsts:]


def _unlucky(out: Iterable[Address], run: RunScope) -> list[Address]:
    """Return what to look at once more: a few that met an outage beside most that did not.

    One read that failed four times would otherwise cost the whole plan. Where most fail it is an
    outage, and nothing is gained by asking again, for lists either.
    """
    return [address for address in out if run.retry_budget.take()]


def _collect(futures: Mapping[Address, Future[Observed | None]], reads: Reads) -> Snapshot:
    observed: dict[Address, Observed | None] = {}
    problems: dict[Address, ReconcileError] = {}
    for address, future in futures.items():
        try:
            observed[address] = future.result()
        except DeniedError:
            raise
        except ReconcileError as error:
            problems[address] = error
    outages = [error for error in problems.values() if isinstance(error, UnavailableError)]
    if outages and len(outages) == len(futures):
        raise outages[0]
    return Snapshot(observed, problems, reads)


def observe_fresh(context: HandlerContext, resource: Resource) -> Observed | None:
    """Read one resource; with fresh `reads` past every cache.

    Raises nothing but our own errors: an answer of a shape that no handler foresees is the
    problem of this resource.
    """
    try:
        found: Observed | None = HANDLERS[resource.kind].observe(context, resource)
    except ReconcileError:
        raise
    except FORM_ERRORS as error:
        raise MalformedError.of(error) from error
    except Exception as error:
        raise UnforeseenError.of(error) from error
    return found
