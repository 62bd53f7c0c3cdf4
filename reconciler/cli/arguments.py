"""The grammar of the command line: which command, its options, and kind errors.

argparse does the parsing, one parser for the one command that was named, so that start-up
stays short and global options may stand before and after the command. Two things are done
before: the command's word is found, and a bare `--sandbox` is told from `--sandbox URL`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from reconciler.diagnostics import UsageError

OTHER_WORDS = {
    "--var": "`--set FIELD=VALUE` sets one field of the spec",
    "--auto-approve": "did you mean --yes?",
    "--assume-yes": "did you mean --yes?",
    "--dry-run": "`reconcile plan` shows what apply would do",
    "--what-if": "`reconcile plan` shows what apply would do",
    "--json": "did you mean --output json?",
    "--format": "did you mean --output?",
    "--debug": "did you mean --verbose?",
    "--no-color": "did you mean --color never?",
    "--force": "each risk has an option of its own: --allow-outage, --adopt, --unprotect",
}
"""What other tools call an option of ours, or something that no option does."""
EMBEDDED = "embedded"
"""The value of `--sandbox` without a URL."""

COLOURS = ("auto", "always", "never")


class Parser(argparse.ArgumentParser):
    """An argparse parser whose help begins with examples and whose errors are `UsageError`s."""

    def __init__(self, command: str, summary: str, examples: Sequence[str]) -> None:
        """Make the parser of one command, with the global options in it."""
        super().__init__(
            prog=f"reconcile {command}",
            allow_abbrev=False,
            add_help=False,
            formatter_class=_Formatter,
        )
        self.command = command
        self.summary = summary
        self.examples = examples
        self.own = self.add_argument_group("options")
        _add_global(self)

    def format_help(self) -> str:
        """Return what it does, examples, then the grammar."""
        examples = "\n".join(f"  {example}" for example in self.examples)
        words = [str(a.metavar) for a in self._actions if not a.option_strings]
        self.usage = " ".join([self.prog, *words, "[options]"])
        rest = super().format_help().removeprefix("usage:").strip()
        return f"{self.summary}\n\nExamples:\n{examples}\n\nUsage: {rest}\n"

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with the nearest valid word."""
        raise UsageError.because(_plain(message), hint=self._hint(message))

    def refuse_unknown(self, words: Sequence[str]) -> None:
        """Raise `UsageError` for words that no option or argument took."""
        if not words:
            return
        option = next((w.split("=")[0] for w in words if w.startswith("-")), None)
        if option is None:
            raise UsageError.because(f"too many arguments: {words[0]}", hint=self._see_help)
        known = [s for action in self._actions for s in action.option_strings]
        raise UsageError.because(
            f"`reconcile {self.command}` has no option {option}",
            hint=OTHER_WORDS.get(option) or nearest_option(option, known) or self._see_help,
        )

    def long_options(self) -> list[str]:
        """Return every option in its long form."""
        return sorted(
            s for action in self._actions for s in action.option_strings if s.startswith("--")
        )

    def option(self, word: str) -> argparse.Action | None:
        """Return the option of this name, in its long or short form."""
        return next((a for a in self._actions if word in a.option_strings), None)

    def arguments(self) -> list[argparse.Action]:
        """Return what stands without an option's name, in its order."""
        return [action for action in self._actions if not action.option_strings]

    def _hint(self, message: str) -> str:
        wrong = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if not wrong:
            return self._see_help
        choices = re.findall(r"[\w-]+", wrong[2])
        return nearest(wrong[1], choices) or f"one of: {', '.join(choices)}"

    @property
    def _see_help(self) -> str:
        return f"see `reconcile {self.command} --help`"


class _Formatter(argparse.HelpFormatter):
    """argparse's layout at a steady width, so that help reads the same in a pipe."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=80)


def _add_global(parser: Parser) -> None:
    group = parser.add_argument_group("global options")
    group.add_argument(
        "--sandbox",
        nargs="?",
        const=EMBEDDED,
        type=sandbox_url,
        metavar="URL",
        help="use the embedded Azure emulator (state in .reconcile/sandbox), or the one at URL",
    )
    group.add_argument(
        "--sandbox-runs-code",
        action="store_true",
        help="let the sandbox run the commands of jobs on this machine, as you",
    )
    group.add_argument("-v", "--verbose", action="store_true", help="log each request to Azure")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress, no warnings")
    group.add_argument("--color", choices=COLOURS, default="auto", help="when to use colour")
    group.add_argument("-h", "--help", action="help", help="show this help")


def sandbox_url(text: str) -> str:
    """Return the value of `--sandbox`; argparse reports the error otherwise."""
    if text == EMBEDDED or text.startswith("https://"):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not an https:// address")


def with_sandbox_value(words: Sequence[str]) -> list[str]:
    """Return the words with `--sandbox` and its value as one, so that it never eats the spec."""
    result: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*result, word, *rest]
        if word == "--sandbox":
            is_url = bool(rest) and re.match(r"https?://", rest[0])
            word = f"--sandbox={rest.pop(0) if is_url else EMBEDDED}"
        result.append(word)
    return result


def split_command(words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the first word that is not an option ("" if there is none), and all other words."""
    rest = list(words)
    for index, word in enumerate(rest):
        is_value = index > 0 and rest[index - 1] == "--color"
        if not word.startswith("-") and not is_value:
            return word, rest[:index] + rest[index + 1 :]
    return "", rest


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return `did you mean ...?` for a wrong word, "" when nothing is close."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else ""


def nearest_option(option: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?` for an option; its dashes make no two alike."""
    from difflib import get_close_matches

    names = {name.lstrip("-"): name for name in known if name.startswith("--")}
    found = get_close_matches(option.lstrip("-"), names, n=1, cutoff=0.65)
    return f"did you mean {names[found[0]]}?" if found else ""


def _plain(message: str) -> str:
    """Return argparse's message without its repetition of the choices."""
    message = re.sub(r"argument (?:-\w+/)?(--?[\w-]+|[A-Z]+):", r"\1:", message)
    message = re.sub(r"invalid choice: ('.*?') \(choose from .*\)", r"invalid value \1", message)
    return message.replace("the following arguments are required:", "missing:")
