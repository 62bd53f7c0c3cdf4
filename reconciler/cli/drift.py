"""`reconcile drift`: show what was changed outside of the spec; sends reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_output, add_parallelism, add_spec, add_timeout, inputs_of
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import ReconcileError

SUMMARY = "Show what was changed outside of the spec since reconcile wrote it. Changes nothing."
EXAMPLES = (
    "reconcile drift specs/phi3-ultrachat.yaml --sandbox",
    "reconcile drift spec.yaml -o markdown > comment.md",
    "reconcile drift spec.yaml --detailed-exitcode   # 0: none known, 2: drift",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("text", "json", "markdown"))
    parser.own.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 when there is drift"
    )
    add_parallelism(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Plan, and show of the plan what is drift."""
    session.start_sandbox()
    from reconciler.cli.session import parallelism
    from reconciler.operations.load import load
    from reconciler.operations.plan.build import PlanOptions, plan
    from reconciler.operations.refresh import PARALLELISM
    from reconciler.render.drift import drift_json, drift_lines, drifted
    from reconciler.render.drift_markdown import drift_markdown
    from reconciler.render.fields import Views
    from reconciler.render.kind_views import kind_views
    from reconciler.render.plan_json import resource_drift
    from reconciler.spec.sections import sections_of

    loaded = load(session.options.spec, inputs=inputs_of(session.options))
    session.warn(loaded.open_warnings)
    run = session.connect(loaded, read_only=True)
    bound = parallelism(session.options).get("parallelism", PARALLELISM)
    made = plan(loaded, run, PlanOptions(parallelism=bound))
    views = Views(made, kind_views(), loaded.spec.tags, sections_of(loaded.spec))
    match session.options.output:
        case "json":
            session.out.raw(drift_json(views, resource_drift(views)))
        case "markdown":
            session.out.raw(drift_markdown(views))
        case _:
            session.out.write(drift_lines(views))
    if any(change.is_unread for change in made.changes):
        return made.exit_code
    has_drift = session.options.detailed_exitcode and any(drifted(views))
    return ExitCode.CHANGES if has_drift else ExitCode.OK


def failed(options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a drift that nobody knows."""
    from reconciler.render.failed_plan import failed_drift_markdown, failed_plan_json

    write = failed_plan_json if options.output == "json" else failed_drift_markdown
    return write(error, options.spec)
