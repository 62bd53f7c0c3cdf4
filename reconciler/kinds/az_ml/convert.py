"""One az ml file as one item of a section, and what of it could not be taken.

Field names of a spec are az ml's, so most fields are taken as they are. The model of the section
is the judge: a field that it refuses is left out, and named with its line and the reason.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from reconciler.diagnostics import Diagnostic, Position, Severity, SpecError
from reconciler.engine.types import JsonObject
from reconciler.kinds import Spec
from reconciler.kinds.az_ml.recognise import section_of
from reconciler.kinds.az_ml.reshape import reshaped
from reconciler.kinds.az_ml.stand_ins import filled
from reconciler.spec.document import Document, Keys
from reconciler.spec.problems import diagnostics, real_path

MOST_TRIES = 20
"""How often a file may be judged anew without what was refused: errors hide others."""
SINGLE = frozenset({"workspace", "hub", "project"})
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Taken:
    """What became of one file: an item of a section, what stands beside it, and what is told.

    `beside` has items of other sections, by section and key; `left` a warning for each field that
    is left out, `told` one for each that is said otherwise.
    """

    document: Document
    section: str
    key: str
    item: JsonObject
    beside: dict[str, dict[str, JsonObject]]
    left: tuple[Diagnostic, ...] = ()
    told: tuple[Diagnostic, ...] = ()


def take(document: Document) -> Taken:
    """Return what an az ml file states as an item of its section.

    Raises `SpecError` for a file that no section has a place for, or that lacks what one needs.
    """
    section = section_of(document)
    stated = {k: v for k, v in document.data.items() if k != "$schema"}
    named, told = filled(copy.deepcopy(stated), document)
    key = _key(document, section, named)
    shaped = reshaped(section, named, document, key)
    if section not in SINGLE:
        name = shaped.item.pop("name", None)
        if name is not None and name != key:
            shaped.item["name"] = name
    left = shaped.left + _fit(section, shaped.item, document)
    for other, items in shaped.beside.items():
        for item in items.values():
            left += _fit(other, item, document)
    return Taken(
        document, section, key, shaped.item, shaped.beside, tuple(left), (*told, *shaped.told)
    )


def _key(document: Document, section: str, stated: JsonObject) -> str:
    """Return the key of an item: the name in Azure, else that of the file, of a flow its folder's."""
    file = document.folder.name if section == "flows" else document.file.rpartition("/")[2]
    name = stated.get("name") or file.partition(".")[0]
    return _UNFIT.sub("-", str(name)).strip("-_") or "unnamed"


def model_of(section: str) -> Any:
    """Return the type of one item of a section, or of the section where it is single."""
    annotation = Spec.model_fields[section].annotation
    if section in SINGLE:
        return annotation
    return get_args(annotation)[-1]


def _fit(section: str, stated: JsonObject, document: Document) -> list[Diagnostic]:
    """Take out of an item what the section's model refuses, and return a warning for each."""
    judge: TypeAdapter[Any] = TypeAdapter(model_of(section))
    left: list[Diagnostic] = []
    for _ in range(MOST_TRIES):
        try:
            judge.validate_python(stated)
        except ValidationError as error:
            found = _refused(error, stated)
            told = diagnostics(error, replace(document, data=stated), BaseModel)
            if not found:
                raise SpecError(*_said_first(left, told)) from None
            left += [_left_out(path, told, document) for path in found]
            for path in reversed(found):
                _remove(stated, path)
        else:
            return left
    raise SpecError.because("too much of it has no place in a spec")


def _said_first(left: list[Diagnostic], told: list[Diagnostic]) -> list[Diagnostic]:
    """Return why a file cannot be taken: what was refused of it says more than what it then lacks."""
    refused = [replace(d, summary=d.detail or d.summary, detail="") for d in left]
    return [replace(d, severity=Severity.ERROR) for d in refused] or told


def _refused(error: ValidationError, stated: JsonObject) -> list[Keys]:
    """Return where the fields stand that are to be left out; none where something is missing."""
    paths: dict[Keys, None] = {}
    for item in error.errors(include_url=False, include_input=False):
        path = real_path(item["loc"], stated, item["type"])
        if item["type"] == "missing":
            path = path[:-1]  # what lacks something goes as a whole
            if not path:
                return []
        if path and _holds(stated, path):
            paths[path] = None
    return [p for p in paths if not any(p[: len(q)] == q for q in paths if len(q) < len(p))]


def _holds(node: Any, path: Keys) -> bool:
    for part in path:
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _remove(node: Any, path: Keys) -> None:
    for part in path[:-1]:
        node = node[part]
    del node[path[-1]]


def _left_out(path: Keys, told: list[Diagnostic], document: Document) -> Diagnostic:
    position: Position = document.position(path, of_key=True)
    why = next((d for d in told if d.position and d.position.line == position.line), None)
    words = ".".join(map(str, path))
    return Diagnostic(
        f"`{words}` is left out",
        position,
        detail=why.summary if why else "",
        hint=why.hint if why else "",
        severity=Severity.WARNING,
    )
