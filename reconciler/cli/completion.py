"""`reconcile completion`: a static script that completes commands, options and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print a completion script."
EXAMPLES = (
    "reconcile completion bash > ~/.local/share/bash-completion/completions/reconcile",
    "reconcile completion zsh > ~/.zfunc/_reconcile",
)

BASH = """_reconcile() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" command="" w
  for w in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {commands} " in *" $w "*) command="$w"; break;; esac
  done
  local words="{commands}"
  case "$command" in
{cases}
  esac
  if [[ -z "$command" || "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _reconcile reconcile
"""

ZSH = "#compdef reconcile\nautoload -U +X bashcompinit && bashcompinit\n"


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument("shell", choices=("bash", "zsh"), metavar="SHELL", help="bash or zsh")


def run(session: Session) -> ExitCode:
    """Print the script."""
    script = _bash()
    session.out.raw(ZSH + script if session.options.shell == "zsh" else script)
    return ExitCode.OK


def _bash() -> str:
    from reconciler.cli.main import COMMANDS

    cases = "\n".join(f'    {name}) words="{_options(name)}";;' for name in COMMANDS)
    return BASH.format(commands=" ".join(COMMANDS), cases=cases)


def _options(command: str) -> str:
    """Return the long options of a command, from its own parser."""
    from importlib import import_module

    from reconciler.cli.arguments import Parser

    module = import_module(f"reconciler.cli.{command}")
    parser = Parser(command, module.SUMMARY, module.EXAMPLES)
    module.add_arguments(parser)
    return " ".join(parser.long_options())
