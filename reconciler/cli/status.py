"""`reconcile status`: whether each resource is what the spec says, and whether it is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.arguments import add_output, add_parallelism, add_spec, add_timeout
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ReconcileError

SUMMARY = "Show for each resource whether it is in sync with the spec and healthy."
EXAMPLES = (
    "reconcile status specs/phi3-ultrachat.yaml --sandbox",
    "reconcile status spec.yaml -o json",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("text", "json"))
    add_parallelism(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Read everything and show a row for each resource."""
    session.start_sandbox()
    from reconciler.cli.session import parallelism
    from reconciler.operations.load import load
    from reconciler.operations.status import exit_code, status
    from reconciler.render.status_text import status_json, status_lines

    loaded = load(session.options.spec)
    session.warn(loaded.warnings)
    run = session.connect(loaded, read_only=True)
    rows = status(loaded, run, **parallelism(session.options))
    if session.options.output == "json":
        session.out.raw(status_json(rows))
        return exit_code(rows)
    differs = any(row.synced != "Synced" for row in rows)
    step = f"To see the differences: {session.command('plan')}" if differs else ""
    session.out.write(status_lines(rows, next_step=step))
    return exit_code(rows)


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a status that nobody knows."""
    from reconciler.render.status_text import failed_status_json

    return failed_status_json(error)
