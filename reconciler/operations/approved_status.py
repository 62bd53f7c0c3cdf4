"""What was approved with a merge: from its commit to the pull request to the effect in our status.

`reconcile comment` writes the effect into a status of the newest commit. A status says who set it;
only that of the account which runs the checks counts, and only the newest.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.cloud.github import GitHub
from reconciler.diagnostics import RefusedError
from reconciler.secrets import on_one_line

EFFECT = re.compile(r"(plan-[0-9a-f]{12}): ")
NO_CHANGE = "no change"
AGAIN = "run the check of the pull request again, or approve an effect with `--approved plan-...`"
MOST_OF_NAME = 300


def approved_effect(github: GitHub, commit: str, spec: str, creator: str) -> str:
    """Return the effect of a spec that the pull request of a merge showed; "no change" for none.

    Raises `RefusedError` if there is no such pull request, or no successful status by `creator`.
    """
    with github.answers_read():
        head = _merged_head(github, commit)
        return _effect(_newest(github, head, f"reconcile/{spec}", creator))


def _merged_head(github: GitHub, commit: str) -> str:
    """Return the newest commit of the pull request whose merge made this one."""
    pulls = github.every(f"commits/{commit}/pulls")
    merged = [p for p in pulls if p["merged_at"] and p["merge_commit_sha"] == commit]
    if len(merged) != 1:
        raise RefusedError.because(
            f"{commit} is not the merge of one pull request, so nothing was approved with it",
            hint=AGAIN,
        )
    return str(merged[0]["head"]["sha"])


def _newest(github: GitHub, head: str, context: str, creator: str) -> dict[str, Any]:
    """Return the newest status of a context, by whoever sets them: GitHub lists it first."""
    for status in github.every(f"commits/{head}/statuses"):
        by = status["creator"]["login"] if status["creator"] else ""
        if status["context"] == context and by == creator:
            return status
    raise RefusedError.because(
        f"the pull request has no status `{context}` by {creator}",
        detail=f"its newest commit is {head}",
        hint=AGAIN,
    )


def _effect(status: dict[str, Any]) -> str:
    if status["state"] != "success":
        raise RefusedError.because(
            f"the status `{on_one_line(status['context'], MOST_OF_NAME)}` is not a success",
            hint=AGAIN,
        )
    found = EFFECT.match(status["description"] or "")
    return found[1] if found else NO_CHANGE
