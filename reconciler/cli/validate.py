"""`reconcile validate`: read the spec and everything it names, send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.arguments import add_output, add_spec
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Check a spec and the local files it names. Needs no network."
EXAMPLES = (
    "reconcile validate specs/phi3-ultrachat.yaml",
    "cat spec.yaml | reconcile validate -",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("text", "json"))


def run(session: Session) -> ExitCode:
    """Load the spec; every problem of it is raised at once."""
    from reconciler.diagnostics import SpecError
    from reconciler.operations.load import load

    as_json = session.options.output == "json"
    try:
        loaded = load(session.options.spec)
    except SpecError as error:
        if not as_json:
            raise
        _write_json(session, error.diagnostics)
        return error.exit_code
    if as_json:
        _write_json(session, loaded.warnings)
        return ExitCode.OK
    session.warn(loaded.warnings)
    count = len(loaded.resources)
    session.out.say(f"{loaded.document.file} is valid: {count} resources.")
    return ExitCode.OK


def _write_json(session: Session, found: object) -> None:
    import json

    from reconciler.diagnostics import Diagnostic, errors_of
    from reconciler.render.plan_json import diagnostic

    items = [d for d in found if isinstance(d, Diagnostic)] if isinstance(found, tuple) else []
    content = {
        "format_version": "1.0",
        "valid": not errors_of(items),
        "diagnostics": [diagnostic(d) for d in items],
    }
    session.out.raw(json.dumps(content, indent=2))
