"""`reconcile explain`: what a section or field of the spec means, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diagnostics import Diagnostic, ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.cli.arguments import Parser
    from reconciler.cli.session import Session

SUMMARY = "Explain a section or a field of the spec. Needs no network."
EXAMPLES = (
    "reconcile explain                            # the sections",
    "reconcile explain compute                    # the fields of a section",
    "reconcile explain compute.size               # one field",
    "reconcile explain compute.gpu-cluster.size   # the same, by an address of a spec",
    "reconcile explain 'jobs.*.hyperparameters'",
)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of this command."""
    parser.own.add_argument(
        "path", nargs="?", default="", metavar="PATH", help="a section, a field or an address"
    )


def run(session: Session) -> ExitCode:
    """Print what stands at a path."""
    from reconciler.kinds.spec_places import find
    from reconciler.kinds.spec_samples import sample
    from reconciler.render.explain_text import explained
    from reconciler.spec.problems import nearest

    place = find(session.options.path)
    if place is None:
        raise _unknown(session.options.path)
    shown = sample(place) if place.fields and not place.is_item else None
    session.out.write(explained(place, shown))
    mistyped = nearest(place.parts[-1], place.names) if place.is_item else None
    if mistyped:
        meant = ".".join((*place.parts[:-1], mistyped))
        session.err.say(f"`{place.path}` is taken for a name. Did you mean `{meant}`?")
    return ExitCode.OK


def _unknown(path: str) -> UsageError:
    """Return what is wrong with a path, and what is near."""
    from reconciler.kinds.spec_places import all_paths, before_the_mistake
    from reconciler.spec.problems import did_you_mean, nearest

    place, word = before_the_mistake(path)
    near = nearest(word, place.names)
    if near:
        hint = f"did you mean `{'.'.join((*place.parts, near))}`?"
    elif not place.names:
        hint = f"it has no fields: see `reconcile explain {place.path}`"
    elif whole := nearest(path, all_paths()):
        hint = f"did you mean `{whole}`?"
    else:
        hint = did_you_mean(word, place.names)
    where = f"`{place.path}` has" if place.parts else "the spec has"
    return UsageError(Diagnostic(f"{where} no field `{word}`", hint=hint))
