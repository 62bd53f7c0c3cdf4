"""The dependency graph: edges from references, order, cycles.

`graphlib` does the sorting; this module says what an edge is and words a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from reconciler.diagnostics import Diagnostic, SpecError
from reconciler.engine.types import Address, Reference, Resource

Edges = Mapping[Address, frozenset[Address]]
"""Each address with the addresses that must come before it."""


def references_in(value: Any) -> Iterator[Reference]:
    """Yield every reference in a body, in the order of the body."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)


def edges(resources: Iterable[Resource]) -> Edges:
    """Return who must come before whom, from references and stated dependencies.

    Addresses without a resource (existing things named by id) are left out.
    """
    known = {r.address: r for r in resources}
    return {
        address: frozenset(
            a
            for a in (*resource.depends_on, *(r.address for r in references_in(resource.desired)))
            if a in known and a != address
        )
        for address, resource in known.items()
    }


def ordered(graph: Edges) -> list[Address]:
    """Return the addresses, dependencies first, the same for the same graph.

    Raises `SpecError` that names every address of a cycle.
    """
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise SpecError(
            Diagnostic(
                f"these resources refer to each other in a circle: {circle}",
                hint="remove one of the references",
            )
        ) from error
    order: list[Address] = []
    rank = {address: index for index, address in enumerate(graph)}
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=rank.__getitem__)
        order.extend(ready)
        sorter.done(*ready)
    return order


def reverse(graph: Edges) -> Edges:
    """Return the graph with every edge turned round, for deleting."""
    turned: dict[Address, set[Address]] = {address: set() for address in graph}
    for address, before in graph.items():
        for other in before:
            turned[other].add(address)
    return {address: frozenset(others) for address, others in turned.items()}


def with_dependencies(graph: Edges, wanted: Iterable[Address]) -> set[Address]:
    """Return the wanted addresses and all that they need, directly or not."""
    found: set[Address] = set()
    queue = list(wanted)
    while queue:
        address = queue.pop()
        if address not in found:
            found.add(address)
            queue.extend(graph.get(address, ()))
    return found


def needing(graph: Edges, wanted: Iterable[Address]) -> set[Address]:
    """Return the wanted addresses and all that need them, directly or not."""
    return with_dependencies(reverse(graph), wanted)
