"""The parts of loop.yaml about who is told: the address it listens on, metrics, notifications."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.gitops.config_types import FilePath, LoopModel
from reconciler.spec.model import matching

Listen = Annotated[
    str,
    matching(r"^(\[[0-9a-fA-F:]+\]|[0-9A-Za-z.-]+):[0-9]{1,5}$", "ADDRESS:PORT, as 0.0.0.0:8080"),
]
Readable = Literal["metrics", "status"]


class HttpConfig(LoopModel):
    """Who may ask what over HTTP. Whether it lives and is ready, anybody may."""

    token_file: FilePath | None = None
    """The token that requests carry; read anew for each. Without it only `public` is answered."""
    public: list[Readable] = Field(default_factory=list)
    """What is answered without the token: `metrics`, or `status` (the page too)."""
    github_secret_file: FilePath | None = None
    """The secret of a webhook of GitHub that calls `/hook`."""
    azure_devops_password_file: FilePath | None = None
    """The password of a service hook of Azure DevOps that calls `/hook`."""


class MetricsConfig(LoopModel):
    """What `/metrics` tells."""

    per_spec: Literal["auto", "always", "never"] = "auto"
    """Whether figures are by spec; `auto`: where there are at most 500."""
