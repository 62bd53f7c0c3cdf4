"""Attempts of a job: every run of the same inputs that Azure still knows of.

An attempt that failed keeps its name for ever, so another one of the same inputs is called
`<name>-a2`, `-a3`, ... Anybody may delete the record of one, so a number that is missing says
nothing of those after it. They are looked for in two ways: by their names, until several in
a row do not exist, and in the list of the workspace's jobs, which knows of higher ones.
Source of status words: azure-ai-ml's JobStatus. The list takes no prefix of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.engine.types import JsonObject, Owner
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.ownership import tag_owner

API_VERSION = "2024-10-01-preview"
COMPLETED = "completed"
ENDED_BADLY = ("failed", "canceled")
ENDED = (COMPLETED, *ENDED_BADLY)
FINE_TUNING, COMMAND = "FineTuning", "Command"
"""Azure's words for the types of jobs. The api-version above has both."""
MISSES = 2
"""So many names in a row that do not exist end the search by name."""


@dataclass(frozen=True)
class Attempt:
    """One run of a job's inputs: its number, 1 for the name without one."""

    number: int
    id: str
    body: JsonObject
    owner: Owner

    @property
    def status(self) -> str:
        """Azure's word for where it is, folded."""
        return status_of(self.body).casefold()

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly; only such a one may be followed by another."""
        return self.status in ENDED_BADLY

    @property
    def is_ours(self) -> bool:
        """Whether its own mark is ours."""
        return self.owner is Owner.OURS


def status_of(body: JsonObject) -> str:
    """Return Azure's word for where the job is."""
    return str((body.get("properties") or {}).get("status") or "Unknown")


def attempt_id(resource_id: str, number: int) -> str:
    """Return the id of an attempt of the job that has this id."""
    return resource_id if number == 1 else f"{resource_id}-a{number}"


def current_attempt(
    context: HandlerContext, resource_id: str, job_type: str = FINE_TUNING
) -> Attempt | None:
    """Return the attempt that counts, None when none exists.

    One request for the common case: the first attempt is ours and has not failed. Otherwise
    one that has not failed counts whatever its number, so that nothing is trained twice;
    of several ours before another's and a finished one before one under way. Of those that
    failed the last one of ours counts.
    """
    first = _attempt(context, resource_id, 1)
    if first and first.is_ours and not first.has_failed:
        return first
    return max(_all(context, resource_id, first, job_type), key=_rank, default=None)


def all_attempts(
    context: HandlerContext, resource_id: str, job_type: str = FINE_TUNING
) -> list[Attempt]:
    """Return every attempt that exists, by number."""
    return _all(context, resource_id, _attempt(context, resource_id, 1), job_type)


def all_of(job_type: str) -> dict[str, str]:
    """Return what a list of jobs is asked for: those of a type, archived ones too."""
    return {"jobType": job_type, "listViewType": "All"}


def listed_jobs(
    context: HandlerContext, workspace: str, job_type: str = FINE_TUNING
) -> list[JsonObject]:
    """Return all jobs of a workspace that are of a type, archived ones too.

    No request for the workspace of the spec when it does not exist.
    """
    if _is_to_be_made(context, workspace):
        return []
    return context.reads.list(f"{workspace}/jobs", API_VERSION, all_of(job_type))


def _is_to_be_made(context: HandlerContext, workspace: str) -> bool:
    home = context.resources.get("workspace")
    is_ours = home is not None and home.resource_id == workspace
    return is_ours and context.others("workspace") is None


def _rank(attempt: Attempt) -> tuple[bool, bool, bool, int]:
    lives = not attempt.has_failed
    order = -attempt.number if lives else attempt.number
    return lives, attempt.is_ours, attempt.status == COMPLETED, order


def _all(
    context: HandlerContext, resource_id: str, first: Attempt | None, job_type: str
) -> list[Attempt]:
    if first is None and _is_to_be_made(context, resource_id.rpartition("/jobs/")[0]):
        return []
    listed = _listed(context, resource_id, job_type)
    found = {1: first} if first else {}
    number, misses = 1, int(first is None)
    while misses < MISSES:
        number += 1
        attempt = _attempt(context, resource_id, number)
        misses = 0 if attempt else misses + 1
        if attempt:
            found[number] = attempt
    later = (_attempt(context, resource_id, n) for n in listed if n > number)
    # What only the list shows counts too: a look too many costs less than a run too many.
    return _sorted({**listed, **found, **{a.number: a for a in later if a}}.values())


def _sorted(attempts: Iterable[Attempt]) -> list[Attempt]:
    return sorted(attempts, key=lambda attempt: attempt.number)


def _listed(context: HandlerContext, resource_id: str, job_type: str) -> dict[int, Attempt]:
    workspace, _, name = resource_id.rpartition("/jobs/")
    of_this_job = re.compile(rf"{re.escape(name)}(?:-a([1-9]\d*))?", re.IGNORECASE | re.ASCII)
    found: dict[int, Attempt] = {}
    for body in listed_jobs(context, workspace, job_type):
        match = of_this_job.fullmatch(str(body.get("name")))
        if match:
            number = int(match[1] or 1)
            found[number] = _of(context, resource_id, number, body)
    return found


def _attempt(context: HandlerContext, resource_id: str, number: int) -> Attempt | None:
    body = context.reads.get(attempt_id(resource_id, number), API_VERSION)
    return None if body is None else _of(context, resource_id, number, body)


def _of(context: HandlerContext, resource_id: str, number: int, body: JsonObject) -> Attempt:
    own_id = attempt_id(resource_id, number)
    return Attempt(number, own_id, body, tag_owner(body, context.owner, own_id)[0])
