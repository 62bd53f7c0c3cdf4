"""`-o github` and `-o azure-devops`: what a step of a pipeline tells the host that it runs on.

Problems become annotations beside the line, the comment becomes the summary of the run, and
later steps get a few outputs. Outside of a pipeline, where the host's variables are not set,
only what needs a file of the host is left out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.safe_open import real_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.cli.session import Session
    from reconciler.diagnostics import Diagnostic, ReconcileError
    from reconciler.render.fields import Views


class Host(Protocol):
    """Where a step of a pipeline runs."""

    def annotate(self, session: Session, found: Sequence[Diagnostic]) -> None:
        """Put problems beside their lines."""

    def keep(self, session: Session, name: str, comment: str, outputs: Mapping[str, str]) -> None:
        """Add a comment to the summary of the run, and give outputs to later steps.

        Raises `LocalError` when a file of the host cannot be written.
        """


def publish_plan(session: Session, views: Views) -> None:
    """Tell the host of a plan."""
    from reconciler.render.plan_markdown import plan_markdown
    from reconciler.render.plan_page import page_of
    from reconciler.render.runner_outputs import outputs_of

    host, page = HOSTS[session.options.output], page_of(views)
    host.annotate(session, (*page.blocked, *page.warnings, *page.told))
    host.keep(session, views.plan.spec_name, plan_markdown(views), outputs_of(views))


def publish_failed_plan(session: Session, error: ReconcileError) -> None:
    """Tell the host why no plan could be made."""
    from reconciler.render.failed_plan import failed_plan_markdown, spec_name
    from reconciler.render.runner_outputs import NOTHING

    host, source = HOSTS[session.options.output], session.options.spec
    host.annotate(session, error.diagnostics)
    host.keep(session, spec_name(source), failed_plan_markdown(error, source), NOTHING)


class GitHub:
    """GitHub Actions. Source: docs.github.com/actions/reference/workflow-commands."""

    def annotate(self, session: Session, found: Sequence[Diagnostic]) -> None:
        """Write annotations to standard error: standard output is the comment."""
        from reconciler.render.annotations import github_annotations

        for command in github_annotations(found, in_checkout):
            session.err.command(command)

    def keep(self, _session: Session, _name: str, comment: str, outputs: Mapping[str, str]) -> None:
        """Append to the files that the runner names."""
        from reconciler.operations.output_file import append

        summary, output = (os.environ.get(n) for n in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"))
        if summary:
            append(Path(summary), _safe(comment))
        if output:
            append(Path(output), _assigned(outputs))


class AzureDevOps:
    """Azure Pipelines. Source: learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands."""

    def annotate(self, session: Session, found: Sequence[Diagnostic]) -> None:
        """Write issues to standard output, which is what the agent reads."""
        from reconciler.render.annotations import azure_devops_annotations

        for command in azure_devops_annotations(found, in_checkout):
            session.out.command(command)

    def keep(self, session: Session, name: str, comment: str, outputs: Mapping[str, str]) -> None:
        """Upload a file of the job's own folder, which the agent empties; set output variables."""
        from reconciler.operations.output_file import write_private
        from reconciler.render.runner_commands import AzureDevOpsCommand

        folder = os.environ.get("AGENT_TEMPDIRECTORY")
        if folder:
            title = f"reconcile-{name}.md" if name else "reconcile.md"
            file = write_private(Path(folder), title, _safe(comment))
            session.out.command(AzureDevOpsCommand("task.uploadsummary", str(real_path(file))))
        for variable, value in outputs.items():
            given = {"variable": variable, "isOutput": "true"}
            session.out.command(AzureDevOpsCommand("task.setvariable", value, given))


HOSTS: Mapping[str, Host] = {"github": GitHub(), "azure-devops": AzureDevOps()}
"""The formats of `-o` that speak to a host."""


def in_checkout(name: str) -> str:
    """Return a file's path from the root of the checkout, wherever in it we were started.

    As it is where it is not in there; "" for standard input, which is not a file.
    """
    roots = (os.environ.get(n) for n in ("GITHUB_WORKSPACE", "BUILD_SOURCESDIRECTORY"))
    root = next((root for root in roots if root), "")
    if name in ("-", "<stdin>"):
        return ""
    path, top = real_path(name), real_path(root)
    return path.relative_to(top).as_posix() if root and path.is_relative_to(top) else name


def _safe(comment: str) -> str:
    """Return a comment as a stream would write it."""
    from reconciler.render.fence import fenced_text
    from reconciler.secrets import scrub

    return scrub(fenced_text(comment))


def _assigned(outputs: Mapping[str, str]) -> str:
    """Return outputs as GitHub reads them; nothing in a value can guess where it ends."""
    import secrets

    end = f"end-{secrets.token_hex(16)}"
    return "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())
