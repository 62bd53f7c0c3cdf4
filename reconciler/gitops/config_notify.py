"""The `notify:` of loop.yaml: who is told of what, beyond the log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from reconciler.gitops.config_source import SourceConfig
from reconciler.gitops.config_types import FilePath, LoopModel
from reconciler.spec.model import matching

_REPOSITORY = r"^[A-Za-z0-9-]{1,64}/[A-Za-z0-9._-]{1,128}$"
HttpsUrl = Annotated[str, matching(r"^https://[^\s@?#]+$", "an https:// address")]
About = Literal["failed", "approval", "drifted", "contended", "applied", "recovered", "other"]
FORMATS = Literal["teams", "slack", "json"]


class GitHubStatus(LoopModel):
    """Statuses of commits, and deployments, at GitHub."""

    type: Literal["github_status"]
    """A status `reconcile/SPEC` on each commit."""
    repository: Annotated[str, matching(_REPOSITORY, "`OWNER/NAME`")] | None = None
    """The repository, `OWNER/NAME`; that of the source unless stated."""
    token_file: FilePath | None = None
    """A token with `statuses: write`, and `deployments: write` unless those are off; without it one
    of the source's GitHub App is used."""
    api: HttpsUrl | None = None
    """The address of the API, `https://HOST/api/v3` of an Enterprise Server; that of the source
    unless stated."""
    deployments: bool = True
    """Whether a revision that changes something is a deployment too; the environment is the spec."""


class AzureDevOpsStatus(LoopModel):
    """Statuses of commits at Azure DevOps."""

    type: Literal["azure_devops_status"]
    """A status `reconcile/SPEC` on each commit."""
    organization: HttpsUrl
    """The address of the organisation, `https://dev.azure.com/NAME`."""
    project: Annotated[str, Field(min_length=1, max_length=128)]
    """The project."""
    repository: Annotated[str, Field(min_length=1, max_length=128)]
    """The repository."""
    token_file: FilePath | None = None
    """A token that may contribute to the repository; without it the identity that signs in to Azure."""


def _usual() -> list[About]:
    return ["failed", "approval", "drifted", "contended", "recovered"]


class Webhook(LoopModel):
    """Messages to a chat, or to anything that takes JSON."""

    type: Literal["webhook"]
    """A message for each event."""
    url_file: FilePath
    """The address, which is a secret, in a file."""
    format: FORMATS = "teams"
    """What is sent: a card for `teams`, a text for `slack`, or the event as `json`."""
    on: list[About] = Field(default_factory=_usual)
    """Which events; `recovered` follows those of the others that are on."""


def github_repository(url: str | None) -> str | None:
    """Return `OWNER/NAME` of the address of a repository, None where it has another form."""
    path = urlsplit(url or "").path.strip("/").removesuffix(".git")
    return path if re.fullmatch(_REPOSITORY, path) else None


def unfit(configured: Sequence[Notify], source: SourceConfig) -> Iterator[tuple[int, str, str]]:
    """Yield who cannot be told: its place in the list, what is missing, and what to do."""
    for index, one in enumerate(configured):
        if not isinstance(one, GitHubStatus):
            continue
        if one.repository is None and github_repository(source.url) is None:
            yield index, "the source names no repository of GitHub", "add `repository: OWNER/NAME`"
        app = source.credentials.github_app if source.credentials else None
        if one.token_file is None and app is None:
            hint = "add `token_file`, or sign in to the source with `github_app`"
            yield index, "there is no token to tell GitHub with", hint


Notify = Annotated[GitHubStatus | AzureDevOpsStatus | Webhook, Field(discriminator="type")]
