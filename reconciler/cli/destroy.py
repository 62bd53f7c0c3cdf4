"""`reconcile destroy`: delete what the spec created, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import (
    add_inputs,
    add_output,
    add_parallelism,
    add_policy,
    add_preflight,
    add_timeout,
    add_yes,
    inputs_of,
)
from reconciler.diagnostics import ExitCode, UsageError
from reconciler.operations.approval import MAX_DELETIONS, refuse_too_many_deletions

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ReconcileError

SUMMARY = "Delete what this spec created, children first, and nothing else."
EXAMPLES = (
    "reconcile destroy spec.yaml --sandbox",
    "reconcile destroy spec.yaml --only endpoints.chat   # stop the serving bill, keep the rest",
    "reconcile destroy spec.yaml --unprotect workspace   # with its storage and vault",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    # Optional for argparse only: `--only A B SPEC` would otherwise have eaten it silently.
    parser.own.add_argument(
        "spec", metavar="SPEC", nargs="?", help="the spec: a YAML file, or - for standard input"
    )
    add_inputs(parser)
    add_output(parser, ("text", "json"))
    add_yes(parser)
    parser.own.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="ADDRESS",
        help="only these resources or sections, and what they contain",
    )
    parser.own.add_argument(
        "--unprotect",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="also this protected resource or section (repeatable)",
    )
    parser.own.add_argument(
        "--allow-outage",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="this may go although jobs run on it (repeatable)",
    )
    parser.own.add_argument(
        "--max-deletions",
        type=limit,
        default=MAX_DELETIONS,
        metavar="N",
        help=f"refuse to delete more than N resources, default {MAX_DELETIONS}",
    )
    add_parallelism(parser)
    add_policy(parser)
    add_preflight(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Plan the deletions, show them, ask, delete."""
    _give_back_spec(session.options)
    session.start_sandbox()
    from reconciler.cli.execute_plan import execute_plan
    from reconciler.cli.policy import held, policy_of
    from reconciler.cli.session import parallelism
    from reconciler.operations.load import load
    from reconciler.operations.plan.destroy import plan_destroy
    from reconciler.operations.plan.lenient import lenient

    options = session.options
    loaded = load(options.spec, inputs=inputs_of(options))
    policy = policy_of(session, loaded)
    run = session.connect(loaded, read_only=True)
    made = plan_destroy(
        loaded,
        run,
        only=options.only,
        unprotect=options.unprotect,
        allow_outage=options.allow_outage,
        **parallelism(options),
    )
    made = lenient(made) if options.no_preflight else made
    made = held(policy, loaded, run, made)
    refuse_too_many_deletions(made, options.max_deletions)
    where = made.target.resource_group
    return execute_plan(session, loaded, run, made, f"Delete this from {where}?")


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the report of a run that was never begun."""
    from reconciler.render.report import error_json

    return error_json(error)


def limit(text: str) -> int:
    """Return a number of resources from 1 on."""
    import argparse

    if text.isdecimal() and 1 <= int(text[:7]) <= 100_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100000")


def _give_back_spec(options: argparse.Namespace) -> None:
    """Take the spec off the end of `--only`, where argparse put it."""
    if options.spec is None and len(options.only) > 1:
        *options.only, options.spec = options.only
    if options.spec is None:
        raise UsageError.because("missing: SPEC", hint="see `reconcile destroy --help`")
