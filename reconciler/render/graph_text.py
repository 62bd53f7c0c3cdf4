"""The dependency graph as Mermaid and as DOT, with every name escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from reconciler.engine.graph import Edges
from reconciler.engine.types import Address
from reconciler.render.terminal import clean


def mermaid(graph: Edges, kinds: Mapping[Address, str]) -> str:
    """Return the graph as a Mermaid flowchart; an arrow points at what comes later."""
    names = {address: f"n{index}" for index, address in enumerate(graph)}
    rows = ["flowchart LR"]
    for address, name in names.items():
        label = f"{_mermaid(address)}<br/><small>{_mermaid(kinds.get(address, ''))}</small>"
        rows.append(f'    {name}["{label}"]')
    for address, before in arrows(graph):
        rows.append(f"    {names[before]} --> {names[address]}")
    return "\n".join(rows) + "\n"


def dot(graph: Edges, kinds: Mapping[Address, str]) -> str:
    """Return the graph in Graphviz' language."""
    rows = ["digraph reconcile {", "  rankdir=LR;", "  node [shape=box];"]
    for address in graph:
        label = f"{clean(address)}\n{clean(kinds.get(address, ''))}"
        rows.append(f"  {_quoted(address)} [label={json.dumps(label)}];")
    for address, before in arrows(graph):
        rows.append(f"  {_quoted(before)} -> {_quoted(address)};")
    return "\n".join([*rows, "}"]) + "\n"


def arrows(graph: Edges) -> list[tuple[Address, Address]]:
    """Return the edges without those that others imply, in a stable order."""
    below = {address: _reached(graph, before) for address, before in graph.items()}
    return [
        (address, before)
        for address in graph
        for before in sorted(graph[address])
        if before in graph and before not in below[address]
    ]


def _reached(graph: Edges, starts: frozenset[Address]) -> set[Address]:
    """Return everything that the given addresses themselves need."""
    found: set[Address] = set()
    queue = [b for start in starts for b in graph.get(start, ())]
    while queue:
        address = queue.pop()
        if address not in found:
            found.add(address)
            queue.extend(graph.get(address, ()))
    return found


def _mermaid(text: str) -> str:
    """Write everything but plain name characters as Mermaid's entity codes."""
    return re.sub(r"[^A-Za-z0-9 ._/-]", lambda match: f"#{ord(match[0])};", clean(text))


def _quoted(text: str) -> str:
    return json.dumps(clean(text), ensure_ascii=False)
