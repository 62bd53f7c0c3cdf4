"""`reconcile status`: whether each resource is what the spec says, and whether it is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_output, add_parallelism, add_spec, add_timeout, inputs_of
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ReconcileError
    from reconciler.operations.status import StatusRow

SUMMARY = "Show for each resource whether it is in sync with the spec and healthy."
EXAMPLES = (
    "reconcile status specs/phi3-ultrachat.yaml --sandbox",
    "reconcile status spec.yaml -o json",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("text", "json"))
    parser.own.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit 2 when anything is out of sync or not healthy",
    )
    add_parallelism(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Read everything and show a row for each resource."""
    session.start_sandbox()
    from reconciler.cli.session import parallelism
    from reconciler.operations.load import load
    from reconciler.operations.status import status
    from reconciler.render.status_text import status_json, status_lines

    loaded = load(session.options.spec, inputs=inputs_of(session.options))
    session.warn(loaded.open_warnings)
    run = session.connect(loaded, read_only=True)
    rows = status(loaded, run, **parallelism(session.options))
    if session.options.output == "json":
        session.out.raw(status_json(rows))
        return _exit_code(session, rows)
    differs = any(row.synced != "Synced" for row in rows)
    step = f"To see the differences: {session.command('plan')}" if differs else ""
    session.out.write(status_lines(rows, next_step=step, verbose=session.options.verbose))
    return _exit_code(session, rows)


def _exit_code(session: Session, rows: Sequence[StatusRow]) -> ExitCode:
    """Return why something is not known, or whether anything differs where that is asked for."""
    from reconciler.operations.status import exit_code

    code = exit_code(rows)
    is_well = all(row.synced == "Synced" and row.health == "Healthy" for row in rows)
    if code is not ExitCode.OK or is_well or not session.options.detailed_exitcode:
        return code
    return ExitCode.CHANGES


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a status that nobody knows."""
    from reconciler.render.status_text import failed_status_json

    return failed_status_json(error)
