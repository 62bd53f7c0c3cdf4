"""Read YAML through a guard, keeping the position of every key and value.

Only parser *events* are used, so that a hostile file costs nothing: no object is built
by a YAML library, aliases, tags and merge keys are refused, size, depth and node count
are capped. Scalars follow the YAML 1.2 core schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, Severity, SpecError
from reconciler.limits import SPEC_DEPTH, SPEC_DIGITS, SPEC_VALUES
from reconciler.spec import yaml_events
from reconciler.spec.guard import TOO_DEEP, UNPRINTABLE, bad_escape

WRITE_OUT = "repeat the value where it is needed"
ESCAPED = "remove the escape: a spec cannot contain control characters"
QUOTE_IT = "quote it if it is text"

Keys = tuple[str | int, ...]
"""The way from the top of a document to a node: mapping keys and list indices."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_OLD_BOOLS = re.compile(r"y|yes|n|no|on|off", re.ASCII | re.IGNORECASE)


def read(text: str, name: str) -> YamlData:
    """Return the data of a YAML text with its places. Raises `SpecError` with every problem."""
    found = _quickly(text, name) or _carefully(text, name)
    if found.problems:
        raise SpecError(*found.problems)
    return found


def _quickly(text: str, name: str) -> YamlData | None:
    """Return what libyaml reads, or None for a text with anything to be told."""
    found, events = YamlData(name), yaml_events.quick(text)
    if events is None:
        return None
    try:
        found.build(events)
    except (yaml_events.UnclearError, SpecError):
        return None
    return None if found.problems else found


def _carefully(text: str, name: str) -> YamlData:
    from ruamel.yaml.error import MarkedYAMLError

    found = YamlData(name)
    try:
        found.build(yaml_events.careful(text))
    except MarkedYAMLError as error:
        raise SpecError(*found.problems, _syntax(error, name)) from error
    except (ValueError, OverflowError) as error:
        # ruamel takes an escape beyond Unicode as it is, and falls over it.
        raise SpecError(*found.problems, bad_escape(text, name)) from error
    return found


def _syntax(error: Any, name: str) -> Diagnostic:
    """Word a parser error; the commonest (a tab) gets its own sentence."""
    mark = error.problem_mark or error.context_mark
    place = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name, 1, 1)
    problem = str(error.problem or error.context or "not YAML")
    if "\\t" in problem or "'\t'" in problem:
        return Diagnostic("a tab where YAML needs spaces", place, hint="indent with spaces")
    context = f"{error.context}" if error.context and error.problem else ""
    hint = "look for a missing quote, bracket, colon or space here or just above"
    return Diagnostic(f"not valid YAML: {problem}", place, detail=context, hint=hint)


class YamlData:
    """Plain data, built from parser events, with the places and problems met on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: Any = None
        self.keys: dict[Keys, Position] = {}
        self.values: dict[Keys, Position] = {}
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> None:
        """Consume the events of one document."""
        self.events = events
        documents = 0
        for event in events:
            match type(event).__name__:
                case "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        self._stop(
                            "a second document starts here: a spec is one document",
                            event,
                            "remove the `---`, or move the rest to a file of its own",
                        )
                case "StreamStartEvent" | "StreamEndEvent" | "DocumentEndEvent":
                    pass
                case _:
                    self.data = self._node(event, ())

    def _node(self, event: Any, path: Keys) -> Any:
        self.nodes += 1
        if len(path) > SPEC_DEPTH:
            self._stop(
                f"nested deeper than {SPEC_DEPTH} levels",
                event,
                TOO_DEEP,
            )
        if self.nodes > SPEC_VALUES:
            self._stop(
                f"more than {SPEC_VALUES} values",
                event,
                "split the spec, or keep data in files beside it",
            )
        self.values[path] = self._place(event)
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            self._stop(
                "anchors and aliases (`&`, `*`) are not allowed: write it out", event, WRITE_OUT
            )
        if getattr(event, "tag", None):
            self._stop(
                f"tags are not allowed: {event.tag}",
                event,
                "remove the `!...`; quote the value if it is text",
            )
        if kind == "MappingStartEvent":
            return self._mapping(path)
        if kind == "SequenceStartEvent":
            return self._sequence(path)
        return self._scalar(event)

    def _mapping(self, path: Keys) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._key(event)
            place = self._place(event)
            if key in result:
                first = self.keys[(*path, key)]
                self.problems.append(
                    Diagnostic(
                        f"duplicate key `{key}`",
                        place,
                        detail=f"first defined in line {first.line}",
                    )
                )
            self.keys[(*path, key)] = place
            result[key] = self._node(next(self.events), (*path, key))
        return result

    def _sequence(self, path: Keys) -> list[Any]:
        result: list[Any] = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            result.append(self._node(event, (*path, len(result))))
        return result

    def _key(self, event: Any) -> str:
        if type(event).__name__ != "ScalarEvent":
            self._stop(
                "a key must be plain text",
                event,
                "write `key: value`; quote a key with special characters",
            )
        if event.value == "<<" and not event.style:
            self._stop("merge keys (`<<`) are not allowed: write it out", event, WRITE_OUT)
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            self._stop("anchors, aliases and tags are not allowed: write it out", event, WRITE_OUT)
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style:
            if event.style == '"' and (bad := UNPRINTABLE.search(text)):
                self._note(
                    f"this escape produces the control character U+{ord(bad[0]):04X}",
                    event,
                    ESCAPED,
                )
            return text
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text.lower() in ("true", "false") and text in (text.lower(), text.title(), text.upper()):
            return text.lower() == "true"
        if _INT.fullmatch(text):
            return self._integer(text, event)
        if _FLOAT.fullmatch(text):
            return self._float(text, event)
        if text.lower() in (".inf", "-.inf", "+.inf", ".nan"):
            self._note(f"{text} is not a usable number", event, QUOTE_IT)
            return 0
        if _OLD_BOOLS.fullmatch(text):
            self._warn(f"`{text}` is text here, not true or false: quote it", event)
        return text

    def _integer(self, text: str, event: Any) -> int:
        if len(text) > SPEC_DIGITS:
            self._note(f"a number with more than {SPEC_DIGITS} digits", event, QUOTE_IT)
            return 0
        if re.fullmatch(r"[-+]?0[0-9]+", text, re.ASCII):
            self._warn(f"`{text}` is the number {int(text)} here: quote it if it is text", event)
        if text[:2] in ("0o", "0x"):
            return int(text, 0)
        return int(text)

    def _float(self, text: str, event: Any) -> float:
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self._note(f"{text} is too large a number", event, QUOTE_IT)
            return 0.0
        return number

    def _place(self, event: Any) -> Position:
        mark = event.start_mark
        return Position(self.name, mark.line + 1, mark.column + 1)

    def _warn(self, what: str, event: Any) -> None:
        self.warnings.append(Diagnostic(what, self._place(event), severity=Severity.WARNING))

    def _note(self, what: str, event: Any, hint: str) -> None:
        self.problems.append(Diagnostic(what, self._place(event), hint=hint))

    def _stop(self, what: str, event: Any, hint: str) -> None:
        raise SpecError(*self.problems, Diagnostic(what, self._place(event), hint=hint))
