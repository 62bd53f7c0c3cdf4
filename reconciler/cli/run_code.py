"""Whether the sandbox may run the commands of jobs: never by itself, never for somebody's fork."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.diagnostics import UsageError

OPTION = "--sandbox-runs-code"
MOST_BYTES = 8 << 20


def allow_code(options: argparse.Namespace) -> None:
    """Raise `UsageError` where the option is given and this run is that of a fork's pull request.

    A spec is data, also that of a stranger; with the option it becomes a program.
    """
    if options.sandbox_runs_code and is_of_fork(os.environ):
        raise UsageError.because(
            f"{OPTION} is refused: this run is that of a pull request from a fork",
            detail="whoever opened it would run a program of theirs on this machine",
            hint=f"leave out {OPTION}: the sandbox then runs no command",
        )


def is_of_fork(environment: Mapping[str, str]) -> bool:
    """Return whether the CI says that a run is of a fork: GitHub's event, Azure DevOps' variable.

    An event that cannot be read counts as one of a fork.
    """
    if environment.get("SYSTEM_PULLREQUEST_ISFORK", "").casefold() == "true":
        return True
    if not environment.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return False
    try:
        with Path(environment.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            event: Any = loads(file.read(MOST_BYTES).decode())
        head = event["pull_request"]["head"]["repo"]
        return not head or head["full_name"] != environment.get("GITHUB_REPOSITORY")
    except (OSError, ValueError, KeyError, TypeError):
        return True
