"""Lines of a spec that state a field: from a shipped spec, else made of what may stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from reconciler.kinds.spec_fields import Field
from reconciler.kinds.spec_places import Place, find
from reconciler.spec import document as documents
from reconciler.spec.document import Document, Keys
from reconciler.spec.shipped import root, specs

LONGEST = 8
"""How many lines of a shipped spec are shown."""
A_REGISTERED_ID = "/subscriptions/.../resourceGroups/.../providers/..."


@dataclass(frozen=True)
class Sample:
    """Lines to write, and the shipped file that they are from, if any."""

    lines: tuple[str, ...]
    source: str = ""


def sample(place: Place) -> Sample | None:
    """Return how a field is written, None where nothing can be said."""
    fields = tuple((s.path, f.name) for s, f in place.fields)
    for document in _shipped():
        for keys, position in document.keys.items():
            if _fields_at(keys) == fields:
                lines = _block(document, position.line, position.column)
                return Sample(lines, str(_relative(document)))
    made = _made(place.fields[0][1])
    return Sample((made,)) if made else None


@cache
def _shipped() -> tuple[Document, ...]:
    return tuple(documents.load(str(file)) for file in specs())


def _relative(document: Document) -> str:
    return Path(document.file).relative_to(root()).as_posix()


@cache
def _fields_at(keys: Keys) -> tuple[tuple[str, str], ...]:
    """Return the fields that stand at a place of a document; none for a key that names a thing."""
    found = find(".".join(map(str, keys)))
    is_field = found and not found.is_item
    return tuple((s.path, f.name) for s, f in found.fields) if found and is_field else ()


def _block(document: Document, line: int, column: int) -> tuple[str, ...]:
    """Return the line of a key and those below that belong to it, without their margin."""
    first = document.lines[line - 1]
    margin = len(first) - len(first.lstrip())
    block = [first]
    for text in document.lines[line:] if margin == column - 1 else ():
        if text.strip() and len(text) - len(text.lstrip()) <= margin:
            break
        block.append(text)
    while not block[-1].strip():
        block.pop()
    shown = [text[margin:] for text in islice(block, LONGEST)]
    return (*shown, "  ...") if len(block) > LONGEST else tuple(shown)


def _made(field: Field) -> str:
    """Return a line made of a field's default, or of the values that it takes."""
    if field.default.startswith("`") and field.default not in ("`[]`", "`{}`"):
        return f"{field.name}: {field.default.strip('`')}"
    quoted = re.search(r"`([^`]+)`", field.type)
    if quoted:
        return f"{field.name}: {quoted[1]}"
    number = re.match(r"(?:whole )?number, (?:at least )?(\d+)", field.type)
    if number:
        return f"{field.name}: {number[1]}"
    return f"{field.name}: {A_REGISTERED_ID}" if "resource id" in field.type else ""
