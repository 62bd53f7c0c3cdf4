"""`reconcile plan`: show what apply would do; sends reads only."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.cli.hosts import HOSTS, publish_failed_plan, publish_plan
from reconciler.cli.options import (
    add_adopt,
    add_check,
    add_currency,
    add_output,
    add_parallelism,
    add_policy,
    add_preflight,
    add_selection,
    add_spec,
    add_timeout,
    inputs_of,
)
from reconciler.cli.repeat_options import same_options
from reconciler.diagnostics import ExitCode, LocalError, UsageError

if TYPE_CHECKING:
    import argparse

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.cloud.run_scope import RunScope
    from reconciler.diagnostics import ReconcileError
    from reconciler.operations.load import Loaded
    from reconciler.operations.plan.build import Plan
    from reconciler.render.fields import Views

SUMMARY = "Show what apply would do. Changes nothing."
EXAMPLES = (
    "reconcile plan specs/phi3-ultrachat.yaml --sandbox",
    "reconcile plan spec.yaml --out plan.json && reconcile apply plan.json",
    "reconcile plan spec.yaml -o markdown > comment.md",
    "reconcile plan spec.yaml -o github               # in GitHub Actions",
    "reconcile plan spec.yaml -o azure-devops         # in Azure Pipelines",
    "reconcile plan 'specs/**/*.yaml' --changed-since origin/main --out-json plans",
    "reconcile plan spec.yaml --environment dev --environment prod   # one table for both",
    "reconcile plan spec.yaml --html plan.html        # a page for a browser",
    "reconcile plan spec.yaml --detailed-exitcode   # 0: nothing to do, 2: changes",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(
        parser,
        "the spec: a YAML file, - for standard input, or a quoted pattern: 'specs/**/*.yaml'",
    )
    add_output(parser, ("text", "json", "markdown", *HOSTS))
    parser.own.add_argument(
        "--out", metavar="FILE", help="save the plan for `reconcile apply FILE`"
    )
    parser.own.add_argument(
        "--html", metavar="FILE", help="also write the plan as one page for a browser"
    )
    parser.own.add_argument(
        "--out-json",
        metavar="FILE",
        help="also write what `-o json` prints, for another job; of several specs a file each into this folder",
    )
    parser.own.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 when there are changes"
    )
    parser.own.add_argument(
        "--base",
        metavar="SPEC",
        help="the spec as it was before: tells which changes come from the change of the spec, "
        "and which are pending anyway",
    )
    parser.own.add_argument(
        "--changed-since",
        metavar="COMMIT",
        help="only the specs that differ from this commit, or whose data and flow folders do",
    )
    parser.own.add_argument(
        "--alternatives",
        action="store_true",
        help="also name other sizes and regions, with cores and price, where nothing is short",
    )
    add_selection(parser)
    add_adopt(parser)
    add_parallelism(parser)
    add_policy(parser)
    add_currency(parser)
    add_check(parser)
    add_preflight(parser)
    add_timeout(parser)


def run(session: Session) -> ExitCode:
    """Load, plan, show, and save where told to."""
    if session.options.out and session.options.spec == "-":
        raise UsageError.because(
            "a plan of standard input cannot be saved",
            hint="put the spec into a file: apply has to read it again",
        )
    if session.options.spec == session.options.base == "-":
        raise UsageError.because(
            "SPEC and --base cannot both be standard input", hint="put one of them into a file"
        )
    if _is_of_several(session.options):
        session.start_sandbox()
        from reconciler.cli.plan_each import plan_each

        return plan_each(session, _of_several)
    _refuse_special(session.options.out, session.options.html, session.options.out_json)
    session.start_sandbox()
    loaded, run, views = _planned(session)
    options = session.options
    # What to type next names the saved plan: it is said when the file is there.
    if options.out:
        _save(session, loaded, run, views)
    _write_forms(options, views)
    _show(session, views)
    return _exit_code(session, views.plan)


def _is_of_several(options: argparse.Namespace) -> bool:
    """Return whether several specs may be meant, without importing much where they are not."""
    if len(options.environments) > 1:
        return True
    if options.changed_since is None and not any(sign in options.spec for sign in "*?["):
        return False
    from reconciler.operations.spec_choice import is_pattern

    return options.changed_since is not None or is_pattern(options.spec)


def _of_several(session: Session) -> tuple[Views, ExitCode]:
    """Return one of several plans, with the exit code that it would have alone."""
    _, _, views = _planned(session)
    return views, _exit_code(session, views.plan)


def _planned(session: Session) -> tuple[Loaded, RunScope, Views]:
    """Return the plan of the spec that the options name."""
    from reconciler.cli.make_plan import choices_of, make_plan
    from reconciler.cli.policy import policy_of
    from reconciler.operations.acceptance import open_warnings
    from reconciler.operations.load import load
    from reconciler.render.fields import Views
    from reconciler.render.kind_views import kind_views
    from reconciler.spec.sections import sections_of

    options = session.options
    loaded = load(options.spec, adopt=options.adopt, inputs=inputs_of(options))
    session.warn(loaded.open_warnings)
    policy = policy_of(session, loaded)
    run = session.connect(loaded, read_only=True)
    made = make_plan(session, loaded, run, choices_of(options), policy)
    later = [w for w in made.warnings if w not in loaded.warnings]
    session.warn(open_warnings(later, loaded.resources))
    return loaded, run, Views(made, kind_views(), loaded.spec.tags, sections_of(loaded.spec))


def _refuse_special(*names: str | None) -> None:
    """Raise `LocalError` before anything is asked, where a plan could not be written."""
    from pathlib import Path

    from reconciler.operations.output_file import refuse_special

    for name in names:
        if name:
            refuse_special(Path(name))


def _save(session: Session, loaded: Loaded, run: RunScope, views: Views) -> None:
    """Write the plan for `apply` and for `show`."""
    from pathlib import Path

    from reconciler.cli.make_plan import choices_of
    from reconciler.operations.saved_plan import Place, save
    from reconciler.render.prints import prints_of

    options = session.options
    saved = (choices_of(options), Place.of(run), prints_of(views))
    save(views.plan, loaded, Path(options.out), *saved)


def _write_forms(options: argparse.Namespace, views: Views) -> None:
    """Write the page and the document that were asked for besides."""
    if options.html:
        from reconciler.render.plan_html import plan_html

        _write_file(options.html, plan_html(views))
    if options.out_json:
        from reconciler.render.plan_json import plan_json

        _write_file(options.out_json, plan_json(views))


def _write_file(name: str, text: str) -> None:
    """Write a file, whole or not at all. Raises `LocalError` when it cannot be written."""
    from pathlib import Path

    from reconciler.operations.output_file import write_whole
    from reconciler.secrets import scrub

    write_whole(Path(name), scrub(text))


def failed(options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a plan that could not be made; for Azure DevOps, that is a file."""
    from reconciler.render.failed_plan import failed_plan_json, failed_plan_markdown

    if options.output == "azure-devops":
        return ""
    write = failed_plan_json if options.output == "json" else failed_plan_markdown
    return write(error, options.spec)


def publish_failure(session: Session, error: ReconcileError) -> None:
    """Write of a plan that could not be made what was asked for besides, and tell the host."""
    options = session.options
    if _is_of_several(options):
        return
    if options.out_json:
        from reconciler.render.failed_plan import failed_plan_json

        # The error that was shown may be that it cannot be written.
        with suppress(LocalError):
            _write_file(options.out_json, failed_plan_json(error, options.spec))
    if options.output in HOSTS:
        publish_failed_plan(session, error)


def _show(session: Session, views: Views) -> None:
    from reconciler.render.plan_json import plan_json
    from reconciler.render.plan_markdown import plan_markdown
    from reconciler.render.plan_text import plan_lines

    match session.options.output:
        case "json":
            session.out.raw(plan_json(views))
        case "markdown" | "github":
            session.out.raw(plan_markdown(views))
        case _:
            next_step = _next_step(session, views.plan)
            verbose = session.options.verbose
            session.out.write(plan_lines(views, next_step=next_step, verbose=verbose))
    if session.options.output in HOSTS:
        publish_plan(session, views)


def _next_step(session: Session, made: Plan) -> str:
    """Return what to type after reading the plan; nothing where nothing is to be done."""
    options = session.options
    if made.stopping:
        return "Nothing can be applied until the errors above are fixed."
    if not any(change.action.is_change or change.is_pending for change in made.changes):
        return ""
    if options.out:
        return f"To apply exactly this plan: {session.command('apply', source=options.out)}"
    return f"To apply it: {session.command('apply', *same_options(vars(options)))}"


def _exit_code(session: Session, made: Plan) -> ExitCode:
    """A run that failed before is no reason to leave with an error, but it is not "no changes"."""
    if made.stopping:
        return made.exit_code
    return (
        ExitCode.OK if made.is_empty or not session.options.detailed_exitcode else ExitCode.CHANGES
    )
