"""Read YAML through a guard, keeping the position of every key and value.

Only parser *events* are used, so that a hostile file costs nothing: no object is built
by a YAML library, aliases, tags and merge keys are refused, size, depth and node count
are capped. Scalars follow the YAML 1.2 core schema. Every problem comes back as a
diagnostic; nothing here raises anything but `SpecError`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, Severity, SpecError
from reconciler.spec.guard import (
    A_FEW_PAGES,
    MAX_BYTES,
    MAX_DEPTH,
    TOO_DEEP,
    UNPRINTABLE,
    bad_escape,
    refuse_control_characters,
    refuse_too_long,
)

MAX_NODES = 10_000
MAX_DIGITS = 18
WRITE_OUT = "repeat the value where it is needed"
ESCAPED = "remove the escape: a spec cannot contain control characters"
QUOTE_IT = "quote it if it is text"

Keys = tuple[str | int, ...]
"""The way from the top of a document to a node: mapping keys and list indices."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_OLD_BOOLS = re.compile(r"y|yes|n|no|on|off", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """A YAML document as plain dicts, lists and scalars, with places."""

    file: str
    data: Any
    folder: Path
    lines: tuple[str, ...] = ()
    keys: dict[Keys, Position] = field(default_factory=dict)
    values: dict[Keys, Position] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()

    def position(self, path: Keys, *, of_key: bool = False) -> Position:
        """Return the place of the node at `path`, or of its nearest parent that exists."""
        for end in range(len(path), -1, -1):
            part = path[:end]
            found = self.keys.get(part) if of_key and end == len(path) else None
            found = found or self.values.get(part)
            if found:
                return found
        return Position(self.file, 1, 1)


def load(source: str) -> Document:
    """Read a spec file, or standard input for `-`.

    Raises `SpecError` when it cannot be read, or with every problem found
    when it is not one clean YAML document.
    """
    name = "<stdin>" if source == "-" else source
    folder = Path.cwd() if source == "-" else Path(source).resolve().parent
    return parse(_decode(_read(source), name), name, folder)


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    path = Path(source)
    try:
        if path.is_dir():
            raise SpecError.because(
                f"{source} is a directory, not a spec", hint="name a YAML file in it"
            )
        if path.exists() and not path.is_file():
            raise SpecError.because(f"{source} is not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise SpecError.because(
            f"there is no file {source}", hint="check the path; `-` reads standard input"
        ) from error
    except OSError as error:
        raise SpecError.because(f"{source} cannot be read: {error.strerror}") from error


def _decode(content: bytes, name: str) -> str:
    start = Position(name, 1, 1)
    if len(content) > MAX_BYTES:
        raise SpecError(
            Diagnostic(
                f"the file is larger than {MAX_BYTES >> 20} MiB",
                start,
                hint=A_FEW_PAGES,
            )
        )
    if not content.strip():
        raise SpecError(
            Diagnostic("the file is empty", start, hint="start with `version: 1`, see examples/")
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise SpecError(
            Diagnostic("not UTF-8 text", Position(name, line, column), hint="save it as UTF-8")
        ) from error
    return text


def parse(text: str, name: str, folder: Path) -> Document:
    """Turn YAML text into a document. Raises `SpecError` with every problem found."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    refuse_control_characters(text, name)
    refuse_too_long(text, name)
    builder = _Builder(name)
    try:
        data = builder.build(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        raise SpecError(*builder.problems, _syntax(error, name)) from error
    except (ValueError, OverflowError) as error:
        # ruamel takes an escape beyond Unicode as it is, and falls over it.
        raise SpecError(*builder.problems, bad_escape(text, name)) from error
    if builder.problems:
        raise SpecError(*builder.problems)
    if not isinstance(data, dict):
        raise SpecError(
            Diagnostic(
                "a spec is a mapping of sections",
                Position(name, 1, 1),
                hint="start with `version: 1`, see examples/",
            )
        )
    return Document(
        name,
        data,
        folder,
        tuple(text.splitlines()),
        builder.keys,
        builder.values,
        tuple(builder.warnings),
    )


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


class _Builder:
    """Builds plain data from parser events and notes places and problems on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keys: dict[Keys, Position] = {}
        self.values: dict[Keys, Position] = {}
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> Any:
        """Consume the events of one document and return its data."""
        self.events = events
        data: Any = None
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
                    data = self._node(event, ())
        return data

    def _node(self, event: Any, path: Keys) -> Any:
        self.nodes += 1
        if len(path) > MAX_DEPTH:
            self._stop(
                f"nested deeper than {MAX_DEPTH} levels",
                event,
                TOO_DEEP,
            )
        if self.nodes > MAX_NODES:
            self._stop(
                f"more than {MAX_NODES} values",
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
        if event.value == "<<" and event.style is None:
            self._stop("merge keys (`<<`) are not allowed: write it out", event, WRITE_OUT)
        if getattr(event, "anchor", None) or getattr(event, "tag", None):
            self._stop("anchors, aliases and tags are not allowed: write it out", event, WRITE_OUT)
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style is not None:
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
        if len(text) > MAX_DIGITS:
            self._note(f"a number with {len(text)} digits", event, QUOTE_IT)
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
