"""`-o github` and `-o azure-devops`: what a step of a pipeline tells the host that it runs on.

Problems become annotations beside the line, the comment becomes the summary of the run, and
later steps get a few outputs. Outside of a pipeline, where the host's variables are not set,
only what needs a file of the host is left out.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.cli.session import Session
    from reconciler.diagnostics import Diagnostic, ReconcileError
    from reconciler.render.fields import Views

HOSTS = ("github",)
"""Formats of `-o` that speak to a build server."""


def publish_plan(session: Session, views: Views) -> None:
    """Show a plan where it is reviewed."""
    from reconciler.render.plan_markdown import plan_markdown
    from reconciler.render.plan_page import page_of
    from reconciler.render.runner_outputs import outputs_of

    page, comment = page_of(views), plan_markdown(views)
    session.out.raw(comment)
    annotate(session, (*page.blocked, *page.warnings, *page.told))
    _add_to_files(comment, outputs_of(views))


def publish_failed_plan(session: Session, error: ReconcileError, comment: str) -> None:
    """Show why there is no plan, after its document was written."""
    from reconciler.render.runner_outputs import NOTHING

    annotate(session, error.diagnostics)
    _add_to_files(comment, NOTHING)


def annotate(session: Session, found: Sequence[Diagnostic]) -> None:
    """Put problems beside their lines."""
    from reconciler.render.annotations import github_annotations

    for command in github_annotations(found, _in_repository):
        session.err.command(command)


def _in_repository(name: str) -> str:
    """Return a file's path from the root of the checkout; as it is where it is not in there."""
    from pathlib import Path

    root = os.environ.get("GITHUB_WORKSPACE", "")
    if name == "<stdin>":
        return ""
    path = Path(name).resolve()
    is_inside = bool(root) and path.is_relative_to(Path(root).resolve())
    return path.relative_to(Path(root).resolve()).as_posix() if is_inside else name


def _add_to_files(comment: str, outputs: Mapping[str, str]) -> None:
    """Add to the files of a step on GitHub. Raises `LocalError` when they cannot be written."""
    from pathlib import Path

    from reconciler.operations.output_file import append
    from reconciler.render.fence import fenced_text
    from reconciler.secrets import scrub

    summary, output = (os.environ.get(n) for n in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"))
    if summary:
        append(Path(summary), scrub(fenced_text(comment)))
    if output:
        append(Path(output), _assigned(outputs))


def _assigned(outputs: Mapping[str, str]) -> str:
    """Return outputs as GitHub reads them; nothing in a value can guess where it ends."""
    import secrets

    end = f"end-{secrets.token_hex(16)}"
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())
