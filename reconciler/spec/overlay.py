"""One spec for several environments: what differs is laid over it, by key, before it is validated.

`per_environment` of the spec, then the files of `--values`, then `--set`: the last word wins. A
mapping is merged, anything else replaced, and null takes a key out, as kustomize and Helm do it.
What comes from elsewhere keeps the place where it stands, so that errors point there.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, SpecError, UsageError
from reconciler.secrets import shortened
from reconciler.spec import document as documents
from reconciler.spec.document import Document, Inputs, Keys

SECTION = "per_environment"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.ASCII)
EXPRESSION = re.compile(r"\$\{\{\s*environment\s*\}\}")
_KEYS = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)


def environments_of(document: Document) -> list[str]:
    """Return the environments that a spec has, in its order."""
    section = document.data.get(SECTION)
    return [str(name) for name in section] if isinstance(section, dict) else []


def overlaid(document: Document, inputs: Inputs) -> Document:
    """Return a document as it is in an environment, with the values that were given laid over it.

    Raises `SpecError` for an environment that it does not have, or when it has some and none is
    chosen; `UsageError` for a `--set` that names no field.
    """
    plain = _without_section(document)
    named = environments_of(document)
    if inputs.environment_name or named:
        plain = _in_environment(plain, document, inputs.environment_name, named)
    for file in inputs.values:
        over = documents.load(file)
        _refuse_nested(over)
        plain = _laid_over(plain, over, ())
    for one in inputs.sets:
        plain = _set(plain, one)
    return replace(_filled(plain, inputs.environment_name), inputs=inputs)


def _without_section(document: Document) -> Document:
    if SECTION not in document.data:
        return document
    return replace(document, data={k: v for k, v in document.data.items() if k != SECTION})


def _in_environment(plain: Document, document: Document, name: str, named: list[str]) -> Document:
    """Return the spec with the section of one environment laid over it, under a name of its own."""
    place = document.position((SECTION,), of_key=True)
    if not name:
        raise SpecError(
            Diagnostic(
                f"this spec has environments ({', '.join(named)}): say which one is meant",
                place,
                hint=f"pass `--environment {named[0]}`",
            )
        )
    _check(document, name, named, place)
    over = document.data[SECTION][name]
    laid = _laid_over(plain, document, (SECTION, name)) if over else plain
    stated = isinstance(over, dict) and "name" in over
    base = str(plain.data.get("name", ""))
    if stated or EXPRESSION.search(base) or not base:
        return laid
    return replace(laid, data={**laid.data, "name": f"{base}-{name}"})


def _check(document: Document, name: str, named: list[str], place: Position) -> None:
    section = document.data.get(SECTION)
    if not isinstance(section, dict) or name not in named:
        known = (
            f"one of: {', '.join(named)}" if named else f"add `{SECTION}: {{{name}: {{}}}}` to it"
        )
        raise SpecError(
            Diagnostic(f"this spec has no environment {shortened(name, 60)!r}", place, hint=known)
        )
    for one in named:
        if not NAME.fullmatch(one):
            raise SpecError(
                Diagnostic(
                    f"invalid name of an environment {shortened(one, 60)!r}",
                    document.position((SECTION, one), of_key=True),
                    hint="1 to 31 lower-case letters, digits and hyphens",
                )
            )
        if section[one] is not None and not isinstance(section[one], dict):
            raise SpecError(
                Diagnostic(
                    f"`{SECTION}.{one}` must be a mapping of sections",
                    document.position((SECTION, one)),
                )
            )


def _refuse_nested(over: Document) -> None:
    if SECTION in over.data:
        raise SpecError(
            Diagnostic(
                f"a file of values has no `{SECTION}`",
                over.position((SECTION,), of_key=True),
                hint="put it into the spec",
            )
        )


def _laid_over(base: Document, over: Document, at: Keys) -> Document:
    """Return a document with the part of another one laid over it, and the places of both."""
    part: Any = over.data
    for key in at:
        part = part[key]
    keys, values = dict(base.keys), dict(base.values)
    data = _merged(base.data, part, (), at, _Places(keys, values, over))
    return replace(
        base, data=data, keys=keys, values=values, warnings=(*base.warnings, *_new(base, over))
    )


def _new(base: Document, over: Document) -> Iterable[Diagnostic]:
    return () if over.file == base.file else over.warnings


@dataclass(frozen=True)
class _Places:
    """The places of what is merged, as it changes, and where the new ones are."""

    keys: dict[Keys, Position]
    values: dict[Keys, Position]
    over: Document

    def take(self, path: Keys, at: Keys) -> None:
        """Let everything at a path have the places that it has in the other document."""
        self.forget(path)
        start = len(at)
        for into, source in ((self.keys, self.over.keys), (self.values, self.over.values)):
            into.update({path + k[start:]: p for k, p in source.items() if k[:start] == at})

    def forget(self, path: Keys) -> None:
        """Forget the places of everything at a path."""
        for places in (self.keys, self.values):
            for key in [k for k in places if k[: len(path)] == path]:
                del places[key]


def _merged(base: Any, part: Any, path: Keys, at: Keys, places: _Places) -> Any:
    if not isinstance(base, dict) or not isinstance(part, dict):
        places.take(path, at)
        return copy.deepcopy(part)
    merged = dict(base)
    for key, value in part.items():
        inner, below = (*path, key), (*at, key)
        if value is None:
            merged.pop(key, None)
            places.forget(inner)
        elif key in merged:
            merged[key] = _merged(merged[key], value, inner, below, places)
        else:
            places.take(inner, below)
            merged[key] = copy.deepcopy(value)
    return merged


def _set(document: Document, text: str) -> Document:
    """Return a document with one field set, as `a.b=c` says; the value is read as YAML."""
    name, sign, value = text.partition("=")
    if not sign or not _KEYS.fullmatch(name):
        raise UsageError.because(
            f"--set {shortened(text, 80)}: write it as FIELD=VALUE",
            hint="for example `--set compute.gpu.max_instances=2`",
        )
    words = name.split(".")
    nested = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(words))
    given = documents.parse(f"{nested.rstrip()} {value}\n", f"--set {name}", Path())
    return _laid_over(document, given, ())


def _filled(document: Document, environment: str) -> Document:
    """Return a document with the name of the environment wherever a text asks for it."""
    found = _first_use(document.data, ())
    if found is None:
        return document
    if not environment:
        raise SpecError(
            Diagnostic(
                "`${{ environment }}` has no value: no environment is chosen",
                document.position(found),
                hint="pass `--environment NAME`, and name it in `per_environment`",
            )
        )
    return replace(document, data=_substituted(document.data, environment))


def _first_use(node: Any, path: Keys) -> Keys | None:
    if isinstance(node, str):
        return path if EXPRESSION.search(node) else None
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(node, Mapping):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    return next((f for k, v in items if (f := _first_use(v, (*path, k))) is not None), None)


def _substituted(node: Any, environment: str) -> Any:
    if isinstance(node, str):
        return EXPRESSION.sub(environment, node)
    if isinstance(node, dict):
        return {key: _substituted(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [_substituted(value, environment) for value in node]
    return node
