"""The graph of a plan as inline SVG: what can be done at the same time stands in one column."""

from __future__ import annotations

from graphlib import TopologicalSorter
from html import escape
from typing import TYPE_CHECKING

from reconciler.engine.decisions import Change
from reconciler.engine.types import Address
from reconciler.render.graph_text import arrows
from reconciler.render.lines import cells
from reconciler.render.terminal import clean
from reconciler.secrets import shortened_inside

if TYPE_CHECKING:
    from reconciler.operations.plan.build import Plan

MOST_NODES = 600
MOST_TEXT = 40
CELL, HEIGHT, GAP_X, GAP_Y = 7.5, 26, 60, 12
"""Pixels: of a character, of a box, and between boxes."""


def svg_of(plan: Plan) -> str:
    """Return the drawing, or how large it would be where nobody could read it."""
    changes = {change.address: change for change in plan.changes}
    graph = {a: plan.graph.get(a, frozenset()) & changes.keys() for a in changes}
    if len(graph) > MOST_NODES:
        return f"<p>{len(graph)} resources are too many to draw.</p>"
    labels = {a: shortened_inside(clean(a), MOST_TEXT) for a in graph}
    places, width, height = _places(graph, labels)
    edges = "".join(_edge(places[before], places[after]) for after, before in arrows(graph))
    nodes = "".join(_node(changes[a], labels[a], places[a]) for a in graph)
    return (
        f"<div class='graph'><svg width='{width:.0f}' height='{height:.0f}' role='img' "
        f"aria-label='dependency graph'>{edges}{nodes}</svg></div>"
    )


Place = tuple[float, float, float]
"""Left, top and width of a box."""


def _places(
    graph: dict[Address, frozenset[Address]], labels: dict[Address, str]
) -> tuple[dict[Address, Place], float, float]:
    """Return where each box is, and the size of all of it."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    places: dict[Address, Place] = {}
    left, bottom = float(GAP_Y), 0.0
    while sorter.is_active():
        column = sorted(sorter.get_ready())
        width = max(cells(labels[a]) for a in column) * CELL + 16
        for row, address in enumerate(column):
            places[address] = (left, GAP_Y + row * (HEIGHT + GAP_Y), width)
        bottom = max(bottom, GAP_Y + len(column) * (HEIGHT + GAP_Y))
        left += width + GAP_X
        sorter.done(*column)
    return places, max(left - GAP_X + GAP_Y, 1), bottom


def _edge(before: Place, after: Place) -> str:
    begin, end = before[0] + before[2], after[0]
    top, bottom = before[1] + HEIGHT / 2, after[1] + HEIGHT / 2
    half = (begin + end) / 2
    way = f"M{begin:.0f} {top:.0f}C{half:.0f} {top:.0f} {half:.0f} {bottom:.0f} {end:.0f} {bottom:.0f}"
    return f"<path class='edge' d='{way}'/>"


def _node(change: Change, label: str, place: Place) -> str:
    left, top, width = place
    style = "blocked" if change.is_blocked else change.action.value.replace("_", "-")
    told = escape(f"{clean(change.address)}: {clean(change.action.value)}", quote=True)
    return (
        f"<g class='{style}'><title>{told}</title>"
        f"<rect x='{left:.0f}' y='{top:.0f}' width='{width:.0f}' height='{HEIGHT}' rx='5'/>"
        f"<text x='{left + 8:.0f}' y='{top + 17:.0f}'>{escape(label, quote=True)}</text></g>"
    )
