"""`reconcile doctor`: whether this machine and identity can do what a spec needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_inputs, add_output, add_timeout, inputs_of

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ExitCode, ReconcileError

SUMMARY = (
    "Check sign-in, rights, clock, certificates and network, and say what to do. Changes nothing."
)
EXAMPLES = (
    "reconcile doctor",
    "reconcile doctor specs/phi3-ultrachat.yaml --sandbox",
    "reconcile doctor spec.yaml -o json",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument(
        "spec",
        metavar="SPEC",
        nargs="?",
        help="a spec: its hosts are asked too, and what the identity may do where it goes",
    )
    add_inputs(parser)
    add_output(parser, ("text", "json"))
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Look at everything and show a line for each."""
    session.start_sandbox()
    from reconciler.operations.doctor.examine import examine, exit_code
    from reconciler.operations.load import load
    from reconciler.render.doctor_text import doctor_json, doctor_lines

    loaded = (
        load(session.options.spec, inputs=inputs_of(session.options))
        if session.options.spec
        else None
    )
    subscription = loaded.spec.target.subscription_id if loaded else ""
    checks = examine(session.run_on(subscription, read_only=True), loaded)
    if session.options.output == "json":
        session.out.raw(doctor_json(checks))
    else:
        session.out.write(doctor_lines(checks))
    return exit_code(checks)


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document where nothing could be looked at."""
    from reconciler.render.doctor_text import failed_doctor_json

    return failed_doctor_json(error)
