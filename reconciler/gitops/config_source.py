"""The `source:` of loop.yaml: where specs come from, how to sign in there, whom to believe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from reconciler.gitops.config_types import FilePath, LoopModel, Time
from reconciler.spec.model import matching

Commit = Annotated[str, matching(r"^[0-9a-f]{40}$", "a commit of 40 hexadecimal digits")]
Url = Annotated[
    str,
    matching(r"^(https|ssh)://[^\s@]+$|^ssh://[^\s@:]+@[^\s@]+$", "an https:// or ssh:// address"),
]
BranchOrTag = Annotated[
    str,
    matching(r"^refs/(heads|tags)/[^\s~^:?*\[\\]{1,200}$", "`refs/heads/NAME` or `refs/tags/NAME`"),
]


class GitHubApp(LoopModel):
    """A GitHub App that is installed on the repository; its tokens live for an hour."""

    app_id: Annotated[int, Field(gt=0)]
    """The id of the app."""
    installation_id: Annotated[int, Field(gt=0)]
    """The id of its installation."""
    key_file: FilePath
    """The private key of the app, PEM."""


class SshKey(LoopModel):
    """A key for ssh:// addresses; the host must be among the known ones."""

    key_file: FilePath
    """The private key."""
    known_hosts: FilePath
    """The keys of the hosts that may answer."""


class Credentials(LoopModel):
    """How to sign in to the repository: exactly one of these."""

    github_app: GitHubApp | None = None
    """As a GitHub App."""
    token_file: FilePath | None = None
    """With a token, read from this file at each poll."""
    ssh: SshKey | None = None
    """With a key, for ssh:// addresses."""
    azure_devops: Literal["workload_identity"] | None = None
    """As the identity that the loop signs in to Azure with."""

    @model_validator(mode="after")
    def _is_one(self) -> Credentials:
        stated = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(stated) != 1:
            raise ValueError("state exactly one of github_app, token_file, ssh, azure_devops")
        return self


class Verify(LoopModel):
    """Whose signature a revision needs."""

    mode: Literal["tag", "head", "tag_and_head"] = "tag"
    """What must be signed: the tag, the commit, or both."""
    allowed_signers: FilePath | None = None
    """SSH keys that count, in the format of ssh-keygen's allowed signers."""
    gpg_keys: FilePath | None = None
    """OpenPGP keys that count."""

    @model_validator(mode="after")
    def _knows_somebody(self) -> Verify:
        if not self.allowed_signers and not self.gpg_keys:
            raise ValueError("state allowed_signers, gpg_keys, or both")
        return self


class HighestTag(LoopModel):
    """The highest version among the tags of a pattern."""

    tag: Annotated[str, Field(min_length=1, max_length=200)]
    """The pattern, such as `v*`."""


class OneCommit(LoopModel):
    """One commit, for ever."""

    commit: Commit
    """Its 40 digits."""


class SourceConfig(LoopModel):
    """Where specs come from: a git repository (`url`), or a folder for trying (`folder`)."""

    folder: FilePath | None = None
    """A folder of this machine; its revision is a digest of its files."""
    url: Url | None = None
    """A repository, https:// or ssh://."""
    ref: BranchOrTag | HighestTag | OneCommit = "refs/heads/main"
    """What to follow: a branch, the highest tag of a pattern, or one commit."""
    poll: Time = 60.0
    """How often to ask for it."""
    timeout: Time = 60.0
    """How long one answer may take."""
    credentials: Credentials | None = None
    """How to sign in; without it the repository must be public."""
    verify: Verify | None = None
    """Whose signature a revision needs; without it none."""

    @model_validator(mode="before")
    @classmethod
    def _is_one(cls, stated: Any) -> Any:
        if isinstance(stated, dict) and ("folder" in stated) == ("url" in stated):
            raise ValueError("state either url or folder")
        return stated

    @model_validator(mode="after")
    def _signs_in_as_it_asks(self) -> SourceConfig:
        is_ssh = bool(self.credentials and self.credentials.ssh)
        if (self.url or "").startswith("ssh://") and not is_ssh:
            raise ValueError("an ssh:// address needs credentials: {ssh: {key_file, known_hosts}}")
        if is_ssh and not (self.url or "").startswith("ssh://"):
            raise ValueError("credentials of ssh are for an ssh:// address")
        return self
