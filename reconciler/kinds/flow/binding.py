"""Put the names of connections into the copy of a flow file that is uploaded.

What it includes is uploaded in its folder, so the copy does not name it any more.

The text is edited in place, so that comments and layout stay as their author wrote them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from reconciler.kinds.flow.dag import nodes_of
from reconciler.kinds.flow.includes import without_includes
from reconciler.spec.document import Document, Keys

_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|[^\s,#}\]][^,#}\]\n]*')
_KEY = re.compile(r'\A(?:"[^"]*"|\'[^\']*\'|[^:\s]+)\s*:')


def bind(document: Document, connections: Mapping[str, str]) -> bytes:
    """Return the flow file with each bound node input set to its connection's name."""
    lines = list(document.lines)
    places = [(_place(document, path), name) for path, name in _inputs(document, connections)]
    for (row, column), name in sorted(places, reverse=True):
        before, after = lines[row][:column], lines[row][column:]
        match = _SCALAR.match(after)
        rest = after[match.end() :] if match else after
        space = "" if before.endswith(" ") else " "
        comment = " " if rest.startswith("#") else ""
        lines[row] = f"{before}{space}{json.dumps(name)}{comment}{rest}"
    return ("\n".join(without_includes(document, lines)) + "\n").encode()


def _inputs(document: Document, connections: Mapping[str, str]) -> Iterator[tuple[Keys, str]]:
    """Yield where each connection's name belongs."""
    for path, node in nodes_of(document.data):
        inputs = node.get("inputs") or {}
        for name, connection in connections.items():
            if name in inputs:
                yield (*path, "inputs", name), connection
        if "connection" in node and "connection" in connections:
            yield (*path, "connection"), connections["connection"]


def _place(document: Document, path: Keys) -> tuple[int, int]:
    """Return row and column (from 0) where a value starts; an empty one starts after its colon.

    The parser puts an empty value wherever the next thing begins, lines further down.
    """
    place = document.position(path)
    if _value(document, path) is not None:
        return place.line - 1, place.column - 1
    key = document.position(path, of_key=True)
    match = _KEY.match(document.lines[key.line - 1][key.column - 1 :])
    return key.line - 1, key.column - 1 + (match.end() if match else 0)


def _value(document: Document, path: Keys) -> object:
    value = document.data
    for part in path:
        value = value[part]
    found: object = value
    return found
