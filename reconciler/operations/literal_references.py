"""References in fields that take none: found, since Azure would get them word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Resource
from reconciler.kinds import HANDLERS
from reconciler.secrets import shortened
from reconciler.spec.document import Document, Keys

OPENS = "${{"


def literal_references(resources: Iterable[Resource], document: Document) -> list[Diagnostic]:
    """Return a problem for each text of the spec that would be sent with its `${{` in it."""
    sent = {text for one in resources for text in _sent(one)}
    if not sent:
        return []
    return [
        Diagnostic(
            f"`{'.'.join(map(str, path))}` takes no reference: {shortened(text, 80)!r}",
            document.position(path),
            "Azure would get it word for word",
            "write the value itself",
        )
        for path, text in _texts(document.data, ())
        if OPENS in text and any(text in whole for whole in sent)
    ]


def _sent(resource: Resource) -> Iterator[str]:
    """Yield each text of a body with a reference in it that is none of Azure's own."""
    own = HANDLERS[resource.kind].own_expressions
    known = re.compile(rf"\$\{{\{{\s*+(?:{'|'.join(sorted(own))})\.") if own else None
    for _, text in _texts(resource.desired, ()):
        if OPENS in (known.sub("", text) if known else text):
            yield text


def _texts(value: Any, path: Keys) -> Iterator[tuple[Keys, str]]:
    """Yield every text within a value, keys of maps too, and where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, str(key)), str(key)
            yield from _texts(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, number))
