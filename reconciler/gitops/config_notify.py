"""The `notify:` of loop.yaml: who is told of what, beyond the log."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.gitops.config_types import FilePath, LoopModel
from reconciler.spec.model import matching

HttpsUrl = Annotated[str, matching(r"^https://[^\s@?#]+$", "an https:// address")]
About = Literal["failed", "approval", "drifted", "contended", "applied", "recovered", "other"]
FORMATS = Literal["teams", "slack", "json"]


class GitHubStatus(LoopModel):
    """Statuses of commits, and deployments, at GitHub."""

    type: Literal["github_status"]
    """A status `reconcile/SPEC` on each commit."""
    repository: Annotated[
        str, matching(r"^[A-Za-z0-9-]{1,64}/[A-Za-z0-9._-]{1,128}$", "`OWNER/NAME`")
    ]
    """The repository, `OWNER/NAME`."""
    token_file: FilePath
    """A token with `statuses: write`, and `deployments: write` unless those are off."""
    api: HttpsUrl = "https://api.github.com"
    """The address of the API; `https://HOST/api/v3` of an Enterprise Server."""
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
    token_file: FilePath
    """A token that may contribute to the repository."""


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


Notify = Annotated[GitHubStatus | AzureDevOpsStatus | Webhook, Field(discriminator="type")]
