"""Walk a graph in parallel: each node as soon as its own dependencies are done.

Knows nothing of Azure: `visit` does the work and returns an outcome. A node whose
dependency failed is not visited; its outcome is SKIPPED and names the culprit. When
`stopping()` turns true nothing new is started.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from reconciler.engine.graph import Edges
from reconciler.engine.types import Action, Address, Outcome, Status
from reconciler.reasons import Interrupted

Visit = Callable[[Address], Outcome]

BLOCKING = (Status.FAILED, Status.REFUSED, Status.SKIPPED, Status.PENDING)


def walk(
    graph: Edges,
    visit: Visit,
    *,
    parallelism: int,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[Address, Outcome]:
    """Visit every node once, dependencies first, at most `parallelism` at a time.

    Returns the outcome of each address. `visit` must not raise for an expected failure;
    an exception that escapes it ends the walk after what runs has finished.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    outcomes: dict[Address, Outcome] = {}
    running: dict[Future[Outcome], Address] = {}
    with ThreadPoolExecutor(max_workers=max(1, parallelism), thread_name_prefix="walk") as pool:
        while sorter.is_active():
            for address in sorter.get_ready():
                skipped = _skipped(address, graph, outcomes, stopping=stopping())
                if skipped:
                    outcomes[address] = skipped
                    sorter.done(address)
                else:
                    running[pool.submit(visit, address)] = address
            if running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    address = running.pop(future)
                    outcomes[address] = future.result()
                    sorter.done(address)
    return outcomes


def _skipped(
    address: Address, graph: Edges, outcomes: dict[Address, Outcome], *, stopping: bool
) -> Outcome | None:
    """Return the outcome of a node that must not be visited, or None when it may be."""
    kept = [before for before in sorted(graph[address]) if outcomes[before].status in BLOCKING]
    culprits = [_culprit(outcomes[before]) for before in kept]
    culprit = next((c for c in culprits if c), "")
    if culprit:
        return Outcome(address, Action.NO_OP, Status.SKIPPED, because_of=culprit)
    if kept or stopping:
        return Outcome(address, Action.NO_OP, Status.SKIPPED, reason=Interrupted())
    return None


def _culprit(outcome: Outcome) -> Address:
    """Return what went wrong first; "" where nothing did, and the walk was stopped before it."""
    return outcome.because_of if outcome.status is Status.SKIPPED else outcome.address
