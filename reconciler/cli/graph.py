"""`reconcile graph`: what depends on what, from the spec alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import add_output, add_spec, inputs_of
from reconciler.diagnostics import ExitCode

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Print the dependency graph of a spec. Needs no network."
EXAMPLES = (
    "reconcile graph spec.yaml                      # Mermaid, as GitHub shows it",
    "reconcile graph spec.yaml -o dot | dot -Tsvg > graph.svg",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    add_spec(parser)
    add_output(parser, ("mermaid", "dot"))


def run(session: Session) -> ExitCode:
    """Print the graph."""
    from reconciler.operations.load import load
    from reconciler.render.graph_text import dot, mermaid

    loaded = load(session.options.spec, inputs=inputs_of(session.options))
    kinds = {address: resource.kind for address, resource in loaded.resources.items()}
    drawn = dot if session.options.output == "dot" else mermaid
    session.out.raw(drawn(loaded.graph, kinds))
    return ExitCode.OK
