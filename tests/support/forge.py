"""Requests to a sandbox's GitHub or Azure DevOps, and what people do there."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.support.sandbox import Sandbox

REPO = "acme/ml"
AZURE_REPO = "acme/plans/ml"


class Forge:
    """One sandbox's forges; `token` is whom the next requests are of."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.url = sandbox.url
        self.token = ""
        self.session = requests.Session()
        self.session.trust_env = False  # no other authority than that of the sandbox
        self.session.verify = sandbox.ca_file
        sandbox.control("POST", "settings", {"forge": 1})

    def do(self, op: str, **words: Any) -> dict[str, Any]:
        """Use the control."""
        found: dict[str, Any] = json.loads(
            self._sandbox.control("POST", "forge", {"op": op, **words})
        )
        return found

    def sign_in(self, login: str, repositories: list[str] | None = None, **permissions: str) -> str:
        """Go on with a new token: `pull_requests="write"`."""
        named = {name.replace("_", "-"): level for name, level in permissions.items()}
        found = self.do(
            "token",
            login=login,
            permissions=named or None,
            repositories=repositories,
        )
        self.token = str(found["token"])
        return self.token

    def open(self, repo: str = REPO, **words: Any) -> dict[str, Any]:
        """Open a pull request."""
        return self.do("open", repo=repo, **words)

    def github(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """Ask GitHub about the repository `acme/ml`, or about what a path with a slash names."""
        place = path if path.startswith("/") else f"/repos/{REPO}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.session.request(
            method, f"{self.url}/_github{place}", json=body, params=query, headers=headers
        )

    def azure(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """Ask Azure DevOps about the repository `acme/plans/ml`; a path with a slash is whole."""
        place = path if path.startswith("/") else f"/acme/plans/_apis/git/repositories/ml/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.session.request(
            method,
            f"{self.url}/_azuredevops{place}",
            json=body,
            params={"api-version": "7.1", **query},
            headers=headers,
        )
