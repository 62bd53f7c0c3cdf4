"""Runs `az` command lines in the Azure CLI's own environment, one process for all of them.

Not a test: it runs under the interpreter that has `azure-cli`, and does for each line of standard
input (a JSON list of arguments) what the vendor's `azure/cli/__main__.py` does for `sys.argv`: a
fresh CLI object, `invoke`, an exit code. What is saved is a second of imports a command.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from azure.cli.core import get_default_cli

ERR = io.StringIO()
"""One for all: the CLI's log handlers keep the stream that they met first."""


def run(arguments: list[str]) -> dict[str, object]:
    """Run one command line; returns its exit code and both of its outputs."""
    out = io.StringIO()
    ERR.seek(0)
    ERR.truncate()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(ERR):
        try:
            code = get_default_cli().invoke(arguments, out_file=out)
        except SystemExit as end:
            code = end.code
    return {"exit": code or 0, "out": out.getvalue(), "err": ERR.getvalue()}


def main() -> None:
    """Answer each line with one line, until standard input ends."""
    answers = sys.stdout
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
