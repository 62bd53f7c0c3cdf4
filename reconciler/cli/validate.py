"""`reconcile validate`: read the spec and everything it names, send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.arguments import add_output, add_spec
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session
    from reconciler.diagnostics import Diagnostic, ReconcileError

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
    from reconciler.operations.load import load

    loaded = load(session.options.spec)
    if session.options.output == "json":
        session.out.raw(_json(loaded.open_warnings))
        return ExitCode.OK
    session.warn(loaded.open_warnings, whole=True)
    count = len(loaded.resources)
    session.out.say(f"{loaded.document.file} is valid: {count} resources.")
    return ExitCode.OK


def failed(_options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a spec that is not valid, or cannot be read."""
    return _json(error.diagnostics)


def _json(found: Sequence[Diagnostic]) -> str:
    import json

    from reconciler.diagnostics import errors_of
    from reconciler.render.plan_json import diagnostic

    content = {
        "format_version": "1.0",
        "valid": not errors_of(found),
        "diagnostics": [diagnostic(item) for item in found],
    }
    return json.dumps(content, indent=2)
