"""`reconcile validate`: read the spec and everything it names, send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.hosts import HOSTS, in_checkout
from reconciler.cli.options import add_output, add_spec, inputs_of
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
    "reconcile validate spec.yaml -o github                 # annotations in GitHub Actions",
    "reconcile validate spec.yaml -o sarif > spec.sarif     # for code scanning",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("text", "json", "sarif", *HOSTS))


def run(session: Session) -> ExitCode:
    """Load the spec; every problem of it is raised at once."""
    from reconciler.operations.load import load

    loaded = load(session.options.spec, inputs=inputs_of(session.options))
    document = _document(session.options, loaded.open_warnings)
    if document:
        session.out.raw(document)
        return ExitCode.OK
    session.warn(loaded.open_warnings, whole=True)
    count = len(loaded.resources)
    session.out.say(f"{loaded.document.file} is valid: {count} resources.")
    _annotate(session, loaded.open_warnings)
    return ExitCode.OK


def failed(options: argparse.Namespace, error: ReconcileError) -> str:
    """Return the document of a spec that is not valid, or cannot be read."""
    return _document(options, error.diagnostics)


def publish_failure(session: Session, error: ReconcileError) -> None:
    """Put what is not valid beside its lines, where a host was named."""
    _annotate(session, error.diagnostics)


def _annotate(session: Session, found: Sequence[Diagnostic]) -> None:
    if session.options.output in HOSTS:
        HOSTS[session.options.output].annotate(session, found)


def _document(options: argparse.Namespace, found: Sequence[Diagnostic]) -> str:
    """Return the document that was asked for; "" where what is written is for people."""
    match options.output:
        case "json":
            return _json(found)
        case "sarif":
            return _sarif(found, options.spec)
        case _:
            return ""


def _sarif(found: Sequence[Diagnostic], source: str) -> str:
    from importlib.metadata import version

    from reconciler.render.sarif import sarif

    return sarif(found, version("reconcile-azureml"), source, in_checkout)


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
