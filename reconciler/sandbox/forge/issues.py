"""Issues as GitHub keeps them: every pull request is one, under the same number."""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.exchange import Ask
from reconciler.sandbox.forge.github_errors import not_found

Json = dict[str, Any]
ISSUES = "forge_issues"


def find_issue(ask: Ask, number: str) -> Json:
    """Return a pull request or an issue by its number. Raises GitHubError where none is there."""
    pull = ask.repositories.pull(ask.repo, number)
    found = pull or ask.repositories.store.document(ISSUES, f"{ask.repo.lower()}#{number}")
    if found is None:
        raise not_found()
    return dict(found)


def save_issue(ask: Ask, issue: Json) -> Json:
    """Keep a changed issue or pull request."""
    if "pushes" in issue:
        return ask.repositories.save(issue)
    changed = {**issue, "updated": ask.repositories.time()}
    key = f"{ask.repo.lower()}#{issue['number']}"
    ask.repositories.store.put_document(ISSUES, key, changed)
    return changed


def every_issue(ask: Ask) -> list[Json]:
    """Return the issues and pull requests of a repository, by ascending number."""
    found = [
        *ask.repositories.kept(ISSUES, repo=ask.repo.lower()),
        *ask.repositories.pulls(ask.repo),
    ]
    return sorted(found, key=lambda one: int(one["number"]))
