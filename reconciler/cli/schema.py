"""`reconcile schema`: the JSON Schema of the spec, for editors and CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print the JSON Schema of the spec (draft 2020-12)."
EXAMPLES = (
    "reconcile schema > reconcile.v1.schema.json",
    "# then, as the first line of a spec:",
    "# yaml-language-server: $schema=reconcile.v1.schema.json",
)


def add_arguments(parser: Parser) -> None:
    """This command has no arguments."""


def run(session: Session) -> ExitCode:
    """Print the schema, the same bytes for the same version."""
    import json

    from reconciler.kinds.json_schema import document

    session.out.raw(json.dumps(document(), indent=2, ensure_ascii=False))
    return ExitCode.OK
