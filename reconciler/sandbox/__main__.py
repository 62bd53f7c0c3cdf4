"""`python -m reconciler.sandbox serve`: one JSON line on stdout when ready, words on a terminal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reconciler.sandbox.clock import parse_mode
from reconciler.sandbox.launch import TAKEN
from reconciler.sandbox.ready import Options
from reconciler.sandbox.server import TakenError, serve
from reconciler.sandbox.store import StateError


def main(arguments: list[str] | None = None) -> int:
    """Serve; returns the exit code: 0 when ended, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("serve", help="serve a state directory over HTTPS on loopback")
    command.add_argument("--state", type=Path, required=True)
    command.add_argument("--port", type=int, default=0)
    command.add_argument("--attached", action="store_true", help="end with the last user")
    command.add_argument("--clock", default="auto", help="auto, instant, frozen or speed=N")
    command.add_argument("--forge", action="store_true", help="serve GitHub and Azure DevOps")
    command.add_argument("--git", action="store_true", help="serve git repositories")
    command.add_argument("--json", action="store_true", help="print JSON on a terminal, too")
    found = parser.parse_args(arguments)
    try:
        parse_mode(found.clock)
        serve(_options(found))
    except (StateError, ValueError) as error:
        sys.stderr.write(_told(error, to_user=not found.attached))
        return TAKEN if found.attached and isinstance(error, TakenError) else 1
    return 0


def _options(found: argparse.Namespace) -> Options:
    return Options(
        found.state,
        found.port,
        found.attached,
        found.clock,
        tells_keys=found.json or not sys.stdout.isatty(),
        forge=found.forge,
        git=found.git,
    )


def _told(error: Exception, *, to_user: bool) -> str:
    """Return an error as every command writes it, or bare for the `launch` that started us."""
    if not to_user:
        return f"{error}\n"
    hint = getattr(error, "hint", "")
    return f"error: {error}\n" + (f"  hint: {hint}\n" if hint else "")


if __name__ == "__main__":
    sys.exit(main())
