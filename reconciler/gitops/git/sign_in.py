"""How to sign in to a repository over HTTPS: nobody, a token in a file, a GitHub App, Entra ID.

A token is asked for before each question and goes into one header of it. Whatever is wrong with it
is an `UnavailableError`: the loop goes on with the revision that it has, and asks again.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.github import GitHub
from reconciler.cloud.run_limits import RunLimits
from reconciler.diagnostics import Diagnostic, ReconcileError, UnavailableError
from reconciler.gitops.config_source import GitHubApp, SourceConfig
from reconciler.gitops.secret_file import read_secret
from reconciler.secrets import Secret, remember

AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798/.default"
"""Source: learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity."""
READING = {"contents": "read"}
USER = "x-access-token"
"""Whom GitHub takes for a token's user; Azure DevOps takes anybody."""
JWT_BACK_S, JWT_LASTS_S = 60, 540
"""GitHub takes ten minutes at most, and clocks differ."""
RENEW_BEFORE_S = 600.0
LONGEST_S, SHORTEST_S = 3600.0, 60.0
MOST_OF_KEY = 65_536


class SignIn(Protocol):
    """What stands in the header `Authorization` of a request."""

    def header(self) -> str:
        """Return its value, "" for none. Raises `UnavailableError`."""

    def refused(self) -> None:
        """Forget what was given last: the repository did not take it."""


def sign_in(config: SourceConfig, run: Callable[[], RunLimits]) -> SignIn:
    """Return how the configuration says to sign in; `run` bounds what it asks of others."""
    credentials = config.credentials
    if credentials is None or credentials.ssh:
        return Nobody()
    if credentials.token_file:
        return TokenFile(credentials.token_file)
    if credentials.github_app:
        return AppTokens(credentials.github_app, str(config.url), run)
    return AzureDevOps(run)


class Nobody:
    """A repository that everybody may read."""

    def header(self) -> str:
        """Nothing is sent."""
        return ""

    def refused(self) -> None:
        """Nothing was sent."""


class TokenFile:
    """A token that somebody else keeps fresh."""

    def __init__(self, file: str) -> None:
        """Read nothing yet."""
        self._file = file

    def header(self) -> str:
        """Return what is in the file now."""
        with _told(f"the token in {self._file}", "`source.credentials.token_file` names it"):
            return _basic(read_secret(self._file).reveal())

    def refused(self) -> None:
        """It is read anew in any case."""


class AzureDevOps:
    """The identity that the loop signs in to Azure with."""

    def __init__(self, run: Callable[[], RunLimits]) -> None:
        """Ask for nothing yet."""
        self._run = run

    def header(self) -> str:
        """Return a token of Entra ID for Azure DevOps; `cloud.tokens` keeps it."""
        with _told("Azure DevOps", "add the identity to the organisation, with Basic access"):
            return f"Bearer {self._run().tokens.get_token(AZURE_DEVOPS).token}"

    def refused(self) -> None:
        """A new token would say the same."""


class AppTokens:
    """Tokens of a GitHub App's installation: one lasts an hour and is renewed before it ends."""

    def __init__(
        self,
        app: GitHubApp,
        url: str,
        run: Callable[[], RunLimits],
        permissions: Mapping[str, str] = READING,
    ) -> None:
        """Ask for nothing yet; the tokens will have no more than these permissions."""
        self._app, self._url, self._run, self._permissions = app, url, run, permissions
        self._token, self._good_until = "", 0.0
        self._lock = threading.Lock()

    def header(self) -> str:
        """Return the token that there is, or a new one."""
        return _basic(self.token())

    def token(self) -> str:
        """Return the token that there is, or a new one."""
        with self._lock:
            if not self._token or time.monotonic() >= self._good_until:
                self._renew()
            return self._token

    def refused(self) -> None:
        """Ask for a new one next time: somebody took this one's rights, or its App's key."""
        with self._lock:
            self._token = ""

    def _renew(self) -> None:
        hint = "check app_id, installation_id and key_file, and that the App is on this repository"
        with _told(f"the GitHub App {self._app.app_id}", hint):
            run = self._run()
            host = GitHub(run, api_of(self._url, run.cloud), self._assertion(), "")
            path = f"/app/installations/{self._app.installation_id}/access_tokens"
            found = host.ask("POST", path, {"permissions": {**self._permissions}})
            with host.answers_read():
                ends = datetime.fromisoformat(found["expires_at"]).timestamp()
                lasts_s = min(max(ends - time.time(), SHORTEST_S), LONGEST_S)
                self._token = str(found["token"])
        remember(self._token, lasts_s=lasts_s)
        self._good_until = time.monotonic() + max(lasts_s - RENEW_BEFORE_S, SHORTEST_S)

    def _assertion(self) -> Secret:
        """Return what says to GitHub that we are the App. Raises `LocalError` for a bad key."""
        import jwt

        now = int(time.time())
        claims = {"iat": now - JWT_BACK_S, "exp": now + JWT_LASTS_S, "iss": str(self._app.app_id)}
        try:
            return Secret(jwt.encode(claims, _key(self._app.key_file), "RS256"))
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnavailableError.because(
                f"{self._app.key_file} holds no private key",
                hint="it is the PEM file that GitHub gave for the App",
            ) from error


def _key(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            text = stream.read(MOST_OF_KEY).decode("ascii")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not ASCII"
        raise UnavailableError.because(
            f"the key in {file} cannot be read: {why}",
            hint="`source.credentials.github_app.key_file` names it",
        ) from error
    remember(text)
    return text


def api_of(url: str, cloud: Cloud) -> str:
    """Return where GitHub's API is for a repository: github.com's, an Enterprise Server's, or a sandbox's."""
    if cloud.sandbox:
        return f"{cloud.sandbox.url}/_github"
    host = urlsplit(url).netloc
    return "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"


class _told:  # noqa: N801 - used as a statement
    """Raises `UnavailableError` for what a sign-in came to."""

    def __init__(self, what: str, hint: str) -> None:
        self._what, self._hint = what, hint

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ReconcileError) and not isinstance(error, UnavailableError):
            problem = error.diagnostics[0]
            told = Diagnostic(
                f"cannot sign in to the repository as {self._what}",
                detail=problem.summary,
                hint=self._hint,
            )
            raise UnavailableError(told) from error


def _basic(token: str) -> str:
    """Return a header with a token as the password."""
    value = base64.b64encode(f"{USER}:{token}".encode()).decode()
    remember(value)
    return f"Basic {value}"
