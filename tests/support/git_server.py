"""What people do on a sandbox's git server, and git itself against it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.controls import Controls

REPO = "acme/ml"
NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")


class GitServer:
    """The git of one sandbox, with the repository `acme/ml` unless `repo` names another."""

    def __init__(self, controls: Controls, repo: str = REPO, **words: Any) -> None:
        self._controls, self.repo = controls, repo
        self.url = f"{controls.server.url}/_git/{repo}.git"
        self.ca_file = controls.server.ca_file
        controls.control("POST", "settings", {"git": 1})
        self.do("init", **words)

    def do(self, op: str, **words: Any) -> Any:
        """Use the control."""
        body = {"op": op, **({} if op == "signer" else {"repo": self.repo}), **words}
        return json.loads(self._controls.control("POST", "git", body))

    def commit(self, files: dict[str, str | bytes | None], **words: Any) -> str:
        """Commit files by their texts; None deletes one."""
        return str(self.do("commit", files=encoded(files), **words)["sha"])

    def token(self, login: str, **words: Any) -> str:
        """Return a new token of the forge."""
        body = {"op": "token", "login": login, **words}
        return str(json.loads(self._controls.control("POST", "forge", body))["token"])

    def asked(self) -> list[tuple[str, int]]:
        """Return what was asked of git, and how it was answered."""
        entries = self._controls.entries(kind="forge")
        return [(one["path"].rpartition("/")[2], one["status"]) for one in entries]


def encoded(files: dict[str, str | bytes | None]) -> dict[str, str | None]:
    raw = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return {
        path: None if text is None else base64.b64encode(text).decode()
        for path, text in raw.items()
    }


def git(
    server: GitServer, folder: Path, *words: str, token: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, with no settings but the sandbox's authority."""
    settings = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings += ["-c", f"http.extraHeader=Authorization: Basic {basic}"]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_SSL_CAINFO": server.ca_file,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
