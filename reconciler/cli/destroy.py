"""`reconcile destroy`: delete what the spec made, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.arguments import add_output, add_parallelism, add_timeout
from reconciler.diagnostics import ExitCode, UsageError

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Delete what carries this spec's mark, children first. Never anything else."
EXAMPLES = (
    "reconcile destroy spec.yaml --sandbox",
    "reconcile destroy spec.yaml --only endpoints.chat   # stop the serving bill, keep the rest",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    # Optional for argparse only: `--only A B SPEC` would otherwise have eaten it silently.
    parser.own.add_argument("spec", metavar="SPEC", nargs="?", help="the spec, or -")
    add_output(parser, ("text", "json"))
    parser.own.add_argument("--yes", action="store_true", help="do not ask")
    parser.own.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="ADDRESS",
        help="only these resources or sections, and what is in them",
    )
    add_parallelism(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Plan the deletions, show them, ask, delete."""
    _give_back_spec(session.options)
    session.start_sandbox()
    from reconciler.cli.carrying_out import carry_out
    from reconciler.cli.session import parallelism
    from reconciler.operations.destroying import plan_destroy
    from reconciler.operations.loading import load

    options = session.options
    loaded = load(options.spec)
    connection = session.connect(loaded, read_only=True)
    made = plan_destroy(loaded, connection, only=options.only, **parallelism(options))
    where = made.target.resource_group
    return carry_out(session, loaded, connection, made, f"Delete this from {where}?")


def _give_back_spec(options: argparse.Namespace) -> None:
    """Take the spec off the end of `--only`, where argparse put it."""
    if options.spec is None and len(options.only) > 1:
        *options.only, options.spec = options.only
    if options.spec is None:
        raise UsageError.because("missing: SPEC", hint="see `reconcile destroy --help`")
