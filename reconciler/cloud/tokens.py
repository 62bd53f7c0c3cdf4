"""Bearer tokens: asked for once, kept until they age, shared by every client of every run."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from reconciler.bounded_json import loads
from reconciler.diagnostics import InterruptedRun, OverdueError, PendingError, ReconcileError
from reconciler.secrets import remember

if TYPE_CHECKING:
    from reconciler.cloud.retry import RetryBudget

T = TypeVar("T")

REFRESH_BEFORE_S = 300
SHORTEST_S = 60.0
LONGEST_S = 24 * 3600.0
"""What a token is believed to last, at least and at most, whatever this machine's clock says.

A clock that is a day ahead takes every token for old: we would sign in before each request.
One that is behind keeps a dead token: Azure refuses it, and it is renewed then. From the
first moment on time is counted by a clock that is never set.
"""


class Token(NamedTuple):
    """A bearer token and when it ends, in seconds since the epoch (azure-core's shape)."""

    token: str
    expires_on: int


class AskingRun(Protocol):
    """The run that asks for a token: the sign-in waits as it does, and no longer."""

    retry_budget: RetryBudget
    read_only: bool

    def sleep(self, seconds: float) -> None:
        """Wait; raises where the run is to wait no more."""

    def timeouts(self) -> tuple[float, float]:
        """Return how long to wait for a connection and for bytes, in seconds."""

    def bounded(self) -> AbstractContextManager[None]:
        """Let the requests that this thread sends within end when the run does."""

    def in_time(self, call: Callable[[], T]) -> T:
        """Return what a call returns that nothing can interrupt, if the run has time for it."""


class Credential(Protocol):
    """What signs in when there is no token yet."""

    @property
    def name(self) -> str:
        """What it is called, of several ways the one that worked; "" before any did."""

    def get_token(self, *scopes: str, run: AskingRun) -> Any:
        """Return something with `token` and `expires_on`."""


class Tokens:
    """The tokens of a process: asks the credential once per scope and keeps what it gets."""

    def __init__(self, credential: Credential) -> None:
        """Sign in with `credential`."""
        self._credential = credential
        self._kept: dict[tuple[str, ...], Token] = {}
        self._refused: dict[str, tuple[str, ...]] = {}
        self._good_until: dict[tuple[str, ...], float] = {}
        self._failed: dict[tuple[str, ...], tuple[float, ReconcileError]] = {}
        self._lock = threading.Lock()

    @property
    def signed_in_by(self) -> str:
        """The name of the credential that signed in; "" before it did."""
        return self._credential.name

    def get_token(self, *scopes: str, run: AskingRun) -> Token:
        """Return a `Token` for the scopes; asks at most once at a time.

        A sign-in that fails has failed for all who waited for it: thirty threads do not
        wait for the same silence one after the other. One that only ended with the run that
        asked, because that was stopped or late, has not.
        """
        began = time.monotonic()
        with self._lock:
            kept = self._kept.get(scopes)
            if kept is None or time.monotonic() >= self._good_until[scopes]:
                failed_at, failure = self._failed.get(scopes, (began, None))
                if failure is not None and failed_at > began:
                    raise failure
                kept = self._kept[scopes] = self._ask(scopes, run)
            return kept

    def instead_of(self, refused: str, run: AskingRun) -> str | None:
        """Return a new token for one that Azure refused (401); None when it was not ours.

        Many threads may be refused at once: only the first of them asks.
        """
        with self._lock:
            for scopes, kept in self._kept.items():
                if kept.token == refused:
                    self._kept[scopes] = self._ask(scopes, run)
                    self._refused[refused] = scopes
                    break
            scopes_of = self._refused.get(refused)
            return None if scopes_of is None else self._kept[scopes_of].token

    def _ask(self, scopes: tuple[str, ...], run: AskingRun) -> Token:
        try:
            found = self._credential.get_token(*scopes, run=run)
        except (InterruptedRun, OverdueError, PendingError):
            raise
        except ReconcileError as error:
            self._failed[scopes] = time.monotonic(), error
            raise
        lasts_s = min(max(found.expires_on - time.time(), SHORTEST_S), LONGEST_S)
        renew_in_s = max(lasts_s - REFRESH_BEFORE_S, SHORTEST_S)
        self._good_until[scopes] = time.monotonic() + renew_in_s
        remember(found.token, lasts_s=lasts_s)
        return Token(found.token, int(found.expires_on))


class RunTokens:
    """The tokens of the process for one run, which waits for a sign-in as its limits say.

    Speaks azure-core's TokenCredential protocols, so every SDK client of the run shares it.
    """

    def __init__(self, tokens: Callable[[], Tokens], run: AskingRun) -> None:
        """Ask for nothing yet."""
        self._tokens = tokens
        self._run = run

    def get_token(self, *scopes: str, **_options: Any) -> Any:
        """Return a `Token` for the scopes."""
        return self._tokens().get_token(*scopes, run=self._run)

    def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        """Return the token in azure-core's newer shape."""
        from azure.core.credentials import AccessTokenInfo

        token = self.get_token(*scopes)
        return AccessTokenInfo(token.token, token.expires_on)

    @property
    def signed_in_by(self) -> str:
        """The name of the credential that signed in; "" before it did."""
        return self._tokens().signed_in_by

    def instead_of(self, refused: str) -> str | None:
        """Return a new token for one that Azure refused (401); None when it was not ours."""
        return self._tokens().instead_of(refused, self._run)


def tenant_of(token: str) -> str:
    """Return the tenant of a token: its claim `tid`, or "" if it has none or is not a JWT."""
    return _claim(token, "tid")


def caller_of(token: str) -> str:
    """Return the object id of whom a token is of: its claim `oid`, "" where it has none."""
    return _claim(token, "oid")


def app_of(token: str) -> str:
    """Return the application that a token is of: its claim `appid`, "" where it has none."""
    return _claim(token, "appid")


def _claim(token: str, name: str) -> str:
    """Return a claim of a token, or "" if it has none or is not a JWT.

    Read, not verified: it is compared with another answer of the same kind, and Azure checks the
    token itself. Source: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        claims = loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return ""
    return str(claims.get(name) or "") if isinstance(claims, dict) else ""
