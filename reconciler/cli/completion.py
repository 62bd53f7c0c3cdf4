"""`reconcile completion`: a script that completes commands, options, values, files and addresses.

The script asks `reconcile __complete` (`complete.py`) at each Tab, so that it never goes stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print a completion script."
EXAMPLES = (
    "reconcile completion bash > ~/.local/share/bash-completion/completions/reconcile",
    "reconcile completion zsh > ~/.zfunc/_reconcile    # with `fpath+=~/.zfunc` before compinit",
    "reconcile completion fish > ~/.config/fish/completions/reconcile.fish",
)

BASH = """_reconcile() {
  local word="${COMP_WORDS[COMP_CWORD]}" found
  [[ "$word" == "=" ]] && word=""
  COMPREPLY=()
  while IFS= read -r found; do
    if [[ "$found" == @files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("$found")
    fi
  done < <(reconcile __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _reconcile reconcile
"""

ZSH = """#compdef reconcile
_reconcile() {
  local -a found
  found=("${(@f)$(reconcile __complete "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
  (( ${found[(I)@files]} )) && _files
  found=("${(@)found:#@files}")
  found=("${(@)found:#}")
  (( ! ${#found} )) || compadd -- "${found[@]}"
}
if [[ "$funcstack[1]" == _reconcile ]]; then
  _reconcile "$@"
else
  compdef _reconcile reconcile
fi
"""

FISH = """function __reconcile_complete
    set -l words (commandline -opc) (commandline -ct)
    for word in (reconcile __complete $words[2..-1] 2>/dev/null)
        if test $word = @files
            __fish_complete_path (commandline -ct)
        else
            echo $word
        end
    end
end
complete -c reconcile -f -a '(__reconcile_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL")


def run(session: Session) -> ExitCode:
    """Print the script."""
    session.out.raw(SCRIPTS[session.options.shell])
    return ExitCode.OK
