"""A spec file as plain data, keeping the position of every key and value.

Every problem comes back as a diagnostic; nothing here raises anything but `SpecError`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.limits import SPEC_BYTES
from reconciler.safe_open import real_path
from reconciler.spec.guard import (
    A_FEW_PAGES,
    refuse_control_characters,
    refuse_too_long,
)
from reconciler.spec.yaml_data import Keys as Keys
from reconciler.spec.yaml_data import read


@dataclass(frozen=True)
class Inputs:
    """What a spec is read with: an environment, files of values, and `a.b=c` of the command line."""

    environment_name: str = ""
    values: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


NO_INPUTS = Inputs()


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
    inputs: Inputs = NO_INPUTS

    def position(self, path: Keys, *, of_key: bool = False) -> Position:
        """Return the place of the node at `path`, or of its nearest parent that exists."""
        for end in range(len(path), -1, -1):
            part = path[:end]
            found = self.keys.get(part) if of_key and end == len(path) else None
            found = found or self.values.get(part)
            if found:
                return found
        return Position(self.file, 1, 1)


def load(source: str, name: str = "") -> Document:
    """Read a spec file, or standard input for `-`; messages call it `name`, if one is given.

    Raises `SpecError` when it cannot be read, or with every problem found
    when it is not one clean YAML document.
    """
    name = name or ("<stdin>" if source == "-" else source)
    folder = Path.cwd() if source == "-" else real_path(source).parent
    return parse(_decode(_read(source), name), name, folder)


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(SPEC_BYTES + 1)
    path = Path(source)
    try:
        if path.is_dir():
            raise SpecError.because(
                f"{source} is a directory, not a spec", hint="name a YAML file in it"
            )
        if path.exists() and not path.is_file():
            raise SpecError.because(f"{source} is not a regular file")
        with path.open("rb") as file:
            return file.read(SPEC_BYTES + 1)
    except FileNotFoundError as error:
        raise SpecError.because(
            f"there is no file {source}", hint="check the path; `-` reads standard input"
        ) from error
    except OSError as error:
        raise SpecError.because(f"{source} cannot be read: {error.strerror}") from error


def _decode(content: bytes, name: str) -> str:
    start = Position(name, 1, 1)
    if len(content) > SPEC_BYTES:
        raise SpecError(
            Diagnostic(
                f"the file is larger than {SPEC_BYTES >> 20} MiB",
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
    refuse_control_characters(text, name)
    refuse_too_long(text, name)
    found = read(text, name)
    if not isinstance(found.data, dict):
        raise SpecError(
            Diagnostic(
                "a spec is a mapping of sections",
                Position(name, 1, 1),
                hint="start with `version: 1`, see examples/",
            )
        )
    return Document(
        name,
        found.data,
        folder,
        tuple(text.splitlines()),
        found.keys,
        found.values,
        tuple(found.warnings),
    )
