"""What may follow on a command line: asked for by the scripts of `reconcile completion`.

A shell calls `reconcile __complete WORD...` with the words behind `reconcile`, the one at the
cursor last, and gets one word a line; `@files` stands for the shell's own file names. It reads
the spec that the line names, and nothing else; it sends nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.arguments import COLOURS, Parser, split_command
from reconciler.cli.command_modules import module_of
from reconciler.diagnostics import ReconcileError

if TYPE_CHECKING:
    from reconciler.spec.document import Document

FILES = "@files"
OF_FILES = ("SPEC", "FILE", "DIR")
"""What a parser calls an argument that is a file."""
ADDRESS = "ADDRESS"
HARMLESS = re.compile(r"[A-Za-z0-9@_][A-Za-z0-9@_.,:/=*+-]*|--?[a-z][a-z0-9=.,_-]*", re.ASCII)
"""What a shell takes as it stands. A spec of somebody else may hold `$(...)` where names are."""
GLOBAL = ("--sandbox", "--verbose", "--quiet", "--color", "--help", "--version")


@dataclass(frozen=True)
class CommandLine:
    """A command line up to the cursor."""

    parser: Parser
    before: Sequence[str]
    """The words after the command's name, without the one at the cursor."""
    current: str

    @property
    def option(self) -> argparse.Action | None:
        """The option whose value stands at the cursor, if one does."""
        for index in range(len(self.before) - 1, -1, -1):
            if self.before[index].startswith("-"):
                found = self.parser.option(self.before[index])
                is_last = index == len(self.before) - 1
                return found if found and _takes(found, is_last=is_last) else None
        return None

    @property
    def argument(self) -> argparse.Action | None:
        """The argument that stands at the cursor."""
        count = 0
        for previous, word in zip(("", *self.before), self.before, strict=False):
            option = self.parser.option(previous)
            is_value = option is not None and _takes(option, is_last=True)
            count += not word.startswith("-") and not is_value
        arguments = self.parser.arguments()
        last = arguments[-1] if arguments and arguments[-1].nargs == "*" else None
        return arguments[count] if count < len(arguments) else last


def complete(words: Sequence[str], commands: Iterable[str]) -> None:
    """Write what may stand at the last of the words; nothing where nobody can tell."""
    *before, current = [word for word in words if word != "="] or [""]
    if words[-1:] == ["="]:
        before, current = [*before, current], ""
    found = [word for word in candidates(before, current, [*commands]) if _fits(word, current)]
    sys.stdout.write("".join(f"{word}\n" for word in dict.fromkeys(found)))


def candidates(before: Sequence[str], current: str, commands: Sequence[str]) -> Iterable[str]:
    """Return what may follow some words, for the start of the next one."""
    command, rest = split_command(before)
    if not command and before[-1:] == ["--color"]:
        return COLOURS
    if command in ("", "help"):
        return (
            GLOBAL if current.startswith("-") else (*commands, *(["help"] if not command else []))
        )
    if command not in commands:
        return ()
    return _of_command(CommandLine(parser_of(command), rest, current))


def parser_of(command: str) -> Parser:
    """Return the parser of a command, as `reconcile COMMAND` makes it."""
    module = module_of(command)
    parser = Parser(command, module.SUMMARY, module.EXAMPLES)
    module.add_arguments(parser)
    return parser


def _of_command(line: CommandLine) -> Iterable[str]:
    name, sign, value = line.current.partition("=")
    option = line.parser.option(name) if sign else line.option
    if sign:
        return [f"{name}={v}" for v in _values(option, line, value)] if option else ()
    if option and not line.current.startswith("-"):
        found = [*_values(option, line, line.current)]
        # A list of addresses may end where the spec begins.
        return [*found, FILES] if option.nargs == "+" else found
    if line.current.startswith("-"):
        return line.parser.long_options()
    return _values(line.argument, line, line.current)


def _takes(option: argparse.Action, *, is_last: bool) -> bool:
    """Return whether a word after an option is its value: the next one, or all of a list."""
    return option.nargs == "+" or (is_last and option.nargs != 0 and option.nargs != "?")


def _values(action: argparse.Action | None, line: CommandLine, start: str) -> Iterable[str]:
    """Return what an option or argument takes."""
    match action:
        case None:
            return ()
        case argparse.Action(choices=choices) if choices:
            return [str(choice) for choice in choices]
        case argparse.Action(metavar=word) if word == ADDRESS:
            return _addresses(line.before)
        case argparse.Action(metavar="PATH"):
            return _paths(start)
        case argparse.Action(metavar=word) if word in OF_FILES:
            return (FILES,)
    return ()


def _addresses(words: Sequence[str]) -> list[str]:
    """Return the addresses and sections of the spec that a line names; of a broken one its keys."""
    from reconciler.operations.load import load
    from reconciler.spec import document as documents

    spec = next((word for word in words if Path(word).is_file()), None)
    if spec is None:
        return []
    try:
        found = list(load(spec).resources)
    except ReconcileError:
        try:
            found = _keys(documents.load(spec))
        except ReconcileError:
            return []
    return [*found, *dict.fromkeys(word.partition(".")[0] for word in found)]


def _keys(document: Document) -> list[str]:
    """Return `section.key` for each section of a document, whether it is valid or not."""
    data = document.data if isinstance(document.data, dict) else {}
    return [
        f"{section}.{key}"
        for section, part in data.items()
        if isinstance(part, dict) and section not in ("target", "tags", "lifecycle")
        for key, value in part.items()
        if isinstance(value, dict)
    ]


def _paths(start: str) -> Iterator[str]:
    """Yield the fields of the spec one step below what is typed."""
    from reconciler.kinds.spec_places import find

    known, dot, _ = start.rpartition(".")
    place = find(known)
    for name in place.names if place else ():
        yield f"{known}{dot}{name}"
    whole = find(start) if start else None
    for name in whole.names if whole else ():
        yield f"{start}.{name}"


def _fits(word: str, current: str) -> bool:
    """Return whether a word goes on from what is typed, and can be typed without quotes."""
    return word == FILES or (word.startswith(current) and HARMLESS.fullmatch(word) is not None)
