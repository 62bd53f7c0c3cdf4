"""Where a step of Azure Pipelines runs: the organisation, the repository, the pull request."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from reconciler.cli import github_step
from reconciler.diagnostics import UsageError

if TYPE_CHECKING:
    from reconciler.secrets import Secret

SEE = "outside of a build of a pull request, pass --repository, --pull-request and --head"


def organisation() -> str:
    """Return the address of the organisation. Raises `UsageError` for one that is not https."""
    found = os.environ.get("SYSTEM_COLLECTIONURI", "")
    if not found.startswith("https://"):
        raise UsageError.because(
            "SYSTEM_COLLECTIONURI is not an https:// address",
            hint="set it to that of the organisation, such as https://dev.azure.com/acme/",
        )
    return found


def token_of(file: str | None) -> Secret:
    """Return the token. Raises `UsageError` if there is none."""
    hint = "give the step `env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}`"
    return github_step.token_of(file, "SYSTEM_ACCESSTOKEN", hint)


def repository_of(named: str | None) -> tuple[str, str]:
    """Return project and repository. Raises `UsageError` where they are not given."""
    parts = [os.environ.get(n, "") for n in ("SYSTEM_TEAMPROJECT", "BUILD_REPOSITORY_NAME")]
    project, _, name = named.partition("/") if named else (parts[0], "/", parts[1])
    if not all(re.fullmatch(r"(?!\.+$)[^/\\\x00-\x1f]{1,128}", part) for part in (project, name)):
        raise UsageError.because("no repository like PROJECT/NAME is given", hint=SEE)
    return project, name


def pull_request_of(number: int | None, head: str | None) -> tuple[int, str]:
    """Return number and newest commit. Raises `UsageError` where they are not given."""
    told = os.environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
    commit = head or os.environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", "")
    if number is None and re.fullmatch(r"[0-9]{1,9}", told, re.ASCII):
        number = int(told)
    if number is None or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise UsageError.because("no pull request with a commit of 40 digits is given", hint=SEE)
    return number, commit
