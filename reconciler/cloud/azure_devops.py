"""The few requests to Azure DevOps that a comment needs. Source: learn.microsoft.com/rest/api/azure/
devops/git, version 7.1. What a thread holds as a property is found by that, not by its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from reconciler.cloud.repository_host import RepositoryHost

VERSION = "7.1"
OF_CONNECTION = "7.1-preview.1"


@dataclass(frozen=True)
class AzureDevOps(RepositoryHost):
    """One repository of a project, as one token sees it; `api` is the address of the organisation."""

    project: str
    repository: str
    host: ClassVar[str] = "Azure DevOps"
    needs: ClassVar[str] = "let the build service contribute to pull requests in the repository"

    def of_pull_request(
        self, method: str, number: int, path: str = "", body: Mapping[str, Any] | None = None
    ) -> Any:
        """Return an answer about a pull request. Raises what `ask` does."""
        place = f"{self._place}/pullRequests/{number}"
        return self.ask(method, f"{place}{path}?api-version={VERSION}", body)

    def of_commit(
        self, method: str, commit: str, query: str = "", body: Mapping[str, Any] | None = None
    ) -> Any:
        """Return an answer about the statuses of a commit. Raises what `ask` does."""
        place = f"{self._place}/commits/{commit}/statuses"
        return self.ask(method, f"{place}?api-version={VERSION}{query}", body)

    @property
    def _place(self) -> str:
        project, repository = (quote(name, safe="") for name in (self.project, self.repository))
        return f"/{project}/_apis/git/repositories/{repository}"

    def who(self) -> str:
        """Return the id of whom the token is of."""
        found = self.ask("GET", f"/_apis/connectionData?api-version={OF_CONNECTION}")
        return str(found["authenticatedUser"]["id"])

    def headers(self) -> dict[str, str]:
        """Return the headers of every request; without the last, a bad token gets a page."""
        return {
            "Authorization": f"Bearer {self.token.reveal()}",
            "Accept": "application/json",
            "X-TFS-FedAuthRedirect": "Suppress",
        }
