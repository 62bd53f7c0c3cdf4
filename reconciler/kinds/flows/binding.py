"""Put the names of connections into the copy of a flow file that is uploaded.

The text is edited in place, so that comments and layout stay as their author wrote them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from reconciler.spec.document import Document, Keys

_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|[^\s,#}\]][^,#}\]\n]*')


def bind(document: Document, connections: Mapping[str, str]) -> bytes:
    """Return the flow file with each bound node input set to its connection's name."""
    lines = list(document.lines)
    places = [(document.position(path), name) for path, name in _places(document, connections)]
    for place, name in sorted(places, key=lambda item: item[0], reverse=True):
        line = lines[place.line - 1]
        before, after = line[: place.column - 1], line[place.column - 1 :]
        match = _SCALAR.match(after)
        rest = after[match.end() :] if match else after
        space = "" if before.endswith(" ") else " "
        comment = " " if rest.startswith("#") else ""
        lines[place.line - 1] = f"{before}{space}{json.dumps(name)}{comment}{rest}"
    return ("\n".join(lines) + "\n").encode()


def _places(document: Document, connections: Mapping[str, str]) -> Iterator[tuple[Keys, str]]:
    """Yield where each connection's name belongs."""
    for index, node in enumerate(document.data.get("nodes") or ()):
        inputs = node.get("inputs") or {}
        for name, connection in connections.items():
            if name in inputs:
                yield ("nodes", index, "inputs", name), connection
        if node.get("connection") and "connection" in connections:
            yield ("nodes", index, "connection"), connections["connection"]
