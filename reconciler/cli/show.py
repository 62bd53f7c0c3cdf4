"""`reconcile show`: print a saved plan; sends nothing and needs neither the spec nor Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_output
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print a saved plan as it was when it was made. Needs no network."
EXAMPLES = (
    "reconcile show plan.json",
    "reconcile show plan.json -o markdown > comment.md",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument(
        "file", metavar="FILE", help="a plan saved with `reconcile plan --out FILE`"
    )
    add_output(parser, ("text", "json", "markdown"))


def run(session: Session) -> ExitCode:
    """Print what the file keeps."""
    import shlex
    from pathlib import Path

    from reconciler.operations.saved_plan import load_plan, not_a_plan
    from reconciler.render import prints
    from reconciler.render.terminal import line, step

    file = Path(session.options.file)
    saved = load_plan(file)
    try:
        match session.options.output:
            case "json":
                session.out.raw(prints.json_of(saved.prints))
            case "markdown":
                session.out.raw(prints.markdown_of(saved.prints))
            case _:
                lines = prints.lines_of(saved.prints, verbose=session.options.verbose)
                made = f"Made from {saved.shown_spec}, for {saved.place}."
                following = f"To apply exactly this plan: reconcile apply {shlex.quote(str(file))}"
                session.out.write([*lines, line(made, hang=2), *step(following)])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise not_a_plan(file) from error
    return ExitCode.OK
