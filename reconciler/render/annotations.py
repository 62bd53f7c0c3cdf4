"""Problems of a spec or a plan as annotations: shown by the build server beside the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.render.reason_text import detail_of, summary_of
from reconciler.render.runner_commands import AzureDevOpsCommand, Command, GitHubCommand
from reconciler.secrets import shortened

MOST_SHOWN = 10
"""Of errors, and of warnings: GitHub shows no more of a step."""
MOST_TEXT = 1_000

Locate = Callable[[str], str]
"""Returns the path of a file in the repository; "" for what is not a file."""


def github_annotations(found: Iterable[Diagnostic], locate: Locate) -> Iterator[Command]:
    """Yield the annotations for GitHub, and a notice of how many are left out."""
    shown, more = _chosen(found)
    for item in shown:
        title = f"reconcile: {item.id}" if item.id else "reconcile"
        place = _place(item, locate, ("file", "line", "col"))
        yield GitHubCommand(item.severity.value, text_of(item), {**place, "title": title})
    if more:
        yield GitHubCommand("notice", more, {"title": "reconcile"})


def azure_devops_annotations(found: Iterable[Diagnostic], locate: Locate) -> Iterator[Command]:
    """Yield the issues for Azure Pipelines; that some are left out is a warning there."""
    shown, more = _chosen(found)
    for item in shown:
        place = _place(item, locate, ("sourcepath", "linenumber", "columnnumber"))
        given = {"type": item.severity.value, **place, "code": item.id}
        yield AzureDevOpsCommand("task.logissue", text_of(item), given)
    if more:
        yield AzureDevOpsCommand("task.logissue", more, {"type": "warning"})


def _chosen(found: Iterable[Diagnostic]) -> tuple[list[Diagnostic], str]:
    """Return what to show, errors first, and a sentence that counts the rest; "" for none.

    An error is shown wherever it is; a warning without a place in a file is for the comment.
    """
    items = list(found)
    errors = [item for item in items if item.severity is Severity.ERROR]
    warnings = [i for i in items if i.severity is Severity.WARNING and i.position]
    left = [_count(errors, "error"), _count(warnings, "warning")]
    more = " and ".join(text for text in left if text)
    shown = [*islice(errors, MOST_SHOWN), *islice(warnings, MOST_SHOWN)]
    return shown, f"{more} not shown here" if more else ""


def _count(items: Sequence[Diagnostic], what: str) -> str:
    more = len(items) - MOST_SHOWN
    return f"{more} more {what}{'s' if more > 1 else ''}" if more > 0 else ""


def _place(item: Diagnostic, locate: Locate, names: tuple[str, str, str]) -> dict[str, str]:
    """Return where a problem is, under a host's own names; nothing where that is not a file."""
    path = locate(item.position.file) if item.position else ""
    if item.position is None or not path:
        return {}
    return dict(zip(names, (path, str(item.position.line), str(item.position.column)), strict=True))


def text_of(item: Diagnostic) -> str:
    """Return what, why, and what to do, a line or more each."""
    hint = f"hint: {item.hint}" if item.hint else ""
    parts = (summary_of(item), detail_of(item), hint)
    return "\n".join(shortened(part, MOST_TEXT) for part in parts if part)
