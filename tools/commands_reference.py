"""The generated parts of docs/commands.md, from the parsers of the command line."""
# ruff: noqa: SLF001 - argparse offers no public list of its arguments

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from reconciler.cli.arguments import Parser
from reconciler.cli.complete import parser_of
from reconciler.cli.main import COMMANDS
from reconciler.diagnostics import ExitCode

MEANINGS = {
    ExitCode.OK: "Done. For `plan`: planned. For `status`: everything could be read.",
    ExitCode.FAILED: "The run finished, and at least one resource failed.",
    ExitCode.CHANGES: "Only `plan --detailed-exitcode`: there are changes, or a run that failed "
    "before.",
    ExitCode.PENDING: "Nothing failed, but Azure is still working. Run it again to resume.",
    ExitCode.DENIED: "Sign-in failed, or a permission is missing.",
    ExitCode.REFUSED: "Refused for safety: stale plan, protected, not ours, not confirmed.",
    ExitCode.USAGE: "The command line is wrong.",
    ExitCode.INVALID_SPEC: "The spec is invalid.",
    ExitCode.INTERNAL: "An internal error: please report it.",
    ExitCode.UNAVAILABLE: "Azure cannot be reached, or has throttled us for too long.",
    ExitCode.HUNG_UP: "Stopped: the terminal was closed.",
    ExitCode.INTERRUPTED: "Stopped by Ctrl-C.",
    ExitCode.TERMINATED: "Stopped by SIGTERM.",
}


def commands() -> str:
    """Return a section for each command, then the options that every command takes."""
    parsers = [parser_of(command) for command in COMMANDS]
    sections = [block for parser in parsers for block in _section(parser)]
    shared = next(g for g in _groups(parsers[0]) if g.title == "global options")
    return "\n\n".join([*sections, "## Options of every command", _options(shared)])


def exit_codes() -> str:
    """Return the table of exit codes. Raises `KeyError` for one that is not explained."""
    rows = [("Code", "Meaning"), *((str(int(code)), MEANINGS[code]) for code in ExitCode)]
    return _table(rows)


def _section(parser: Parser) -> Iterator[str]:
    words = [str(action.metavar) for action in parser._actions if not action.option_strings]
    yield f"## `{' '.join([parser.prog, *words])}`"
    yield parser.summary
    for group in _groups(parser):
        if group.title != "global options" and group._group_actions:
            if group.title != "options":
                yield f"{str(group.title)[:1].upper()}{str(group.title)[1:]}:"
            yield _options(group)
    examples = "\n".join(parser.examples)
    yield f"```console\n{examples}\n```"


def _groups(parser: Parser) -> list[argparse._ArgumentGroup]:
    return parser._action_groups


def _options(group: argparse._ArgumentGroup) -> str:
    rows = [("Argument", "Meaning")]
    rows += [(_spelling(action), _meaning(action)) for action in group._group_actions]
    return _table(rows)


def _spelling(action: argparse.Action) -> str:
    """Return an argument as a user types it: `-o, --output FORMAT`."""
    takes_value = action.nargs != 0
    value = f" {_value(action)}" if takes_value else ""
    if not action.option_strings:
        return f"`{_value(action)}`"
    return f"`{', '.join(action.option_strings)}{value}`"


def _value(action: argparse.Action) -> str:
    word = str(action.metavar or ("FORMAT" if action.dest == "output" else action.dest.upper()))
    return f"[{word}]" if action.nargs in ("?", "*") and action.option_strings else word


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("|", "\\|")
    text = f"{text[:1].upper()}{text[1:]}"
    if action.choices:
        text += f"{': ' if text else ''}{', '.join(f'`{choice}`' for choice in action.choices)}"
    return f"{text}."


def _table(rows: Iterable[tuple[str, str]]) -> str:
    first, *rest = rows
    lines = [first, ("---",) * len(first), *rest]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
