"""Requests to a host of repositories, by our own sending and waiting.

The token goes to the host of the API alone: no redirect is followed, and no password of `~/.netrc`
takes its place. A request refused by a rate limit is sent again when the host says so, three times
at most and after 60 seconds at most.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import requests

from reconciler.bounded_json import loads
from reconciler.cloud.logging import log_answer
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.retry import Attempt, Request, RetryBudget, send_with_policy
from reconciler.cloud.rules import REDIRECTS, THROTTLED, redirected
from reconciler.diagnostics import (
    FORM_ERRORS,
    ApiError,
    DeniedError,
    Diagnostic,
    UnavailableError,
)
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits
    from reconciler.secrets import Secret

TRIES = 3
LONGEST_WAIT_S = 60.0
SIGN_IN_PAGE, UNAUTHORIZED, FORBIDDEN, SERVER_ERROR = 203, 401, 403, 500
"""The first is what Azure DevOps answers, with a page, to a token that it does not know."""
MOST_OF_MESSAGE = 300


class _Budget(RetryBudget):
    """Sends again as limits of the rate ask, a 403 with `Retry-After` too: it was not carried out."""

    def wait(
        self, method: str, url: str, status: int | None, asked_s: float | None, attempt: int
    ) -> bool:
        if attempt >= TRIES or (asked_s or 0) > LONGEST_WAIT_S:
            return False
        if status != FORBIDDEN:
            return super().wait(method, url, status, asked_s, attempt)
        if asked_s is None or not self.take():
            return False
        self.sleep(asked_s)
        return True


@dataclass(frozen=True)
class RepositoryHost(ABC):
    """One host as one token sees it; `api` is the address of its API."""

    run: RunLimits
    api: str
    token: Secret
    host: ClassVar[str]
    needs: ClassVar[str]
    """Its name, and what to give a token that may not do something."""

    @contextmanager
    def answers_read(self) -> Iterator[None]:
        """Raise `UnavailableError` where reading an answer fails on its form."""
        try:
            yield
        except FORM_ERRORS as error:
            raise UnavailableError.because(
                f"the answer of {self.host} has an unexpected form",
                detail=on_one_line(f"{type(error).__name__}: {error}", MOST_OF_MESSAGE),
                hint="look for a proxy of your network in between, and run the same command again",
            ) from error

    @abstractmethod
    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return an answer's JSON, None where it has none; `path` begins with a slash.

        Raises `DeniedError` for a token that is refused, `ApiError` for any other answer of 400
        and above, `UnavailableError` where the host is away.
        """
        url = f"{self.api.rstrip('/')}{path}"
        request = Request(method, url, lambda: self._attempt(method, url, body))
        tried = send_with_policy(request, _Budget(self.run.sleep), self.run.azure.throttle)
        if tried.status is None or tried.answer is None:
            raise tried.lost or UnavailableError.because(f"{self.host} did not answer")
        if tried.failed or tried.status == SIGN_IN_PAGE:
            raise self._failure(tried.status, tried.answer, f"{method} {urlsplit(url).path}")
        return self._json(tried.answer)

    def _attempt(self, method: str, url: str, body: Mapping[str, Any] | None) -> Attempt[bytes]:
        started = time.monotonic()
        try:
            with self.run.bounded():
                response = self.run.azure.session.request(
                    method,
                    url,
                    json=body,
                    headers=self.headers(),
                    timeout=self.run.timeouts(),
                    allow_redirects=False,
                    auth=_as_it_is,
                )
        except requests.RequestException as error:
            return Attempt(lost=unreachable(url, error))
        log_answer(method, url, response.status_code, started, response.headers)
        if response.status_code in REDIRECTS:
            raise redirected(url, response.headers.get("location", ""))
        shown = {name.lower(): value for name, value in response.headers.items()}
        return Attempt(response.status_code, _with_wait(shown), response.content)

    def _json(self, content: bytes) -> Any:
        if not content:
            return None
        try:
            return loads(content)
        except ValueError as error:
            raise UnavailableError.because(
                f"the answer is not one of {self.host}: it is not JSON",
                hint="look for a proxy or a sign-in page of your network in between",
            ) from error

    def _failure(self, status: int, content: bytes, request: str) -> DeniedError | ApiError:
        """Return the error of an answer of 400 and above, in the host's words."""
        said = on_one_line(_message(content), MOST_OF_MESSAGE) or "without a reason"
        told = Diagnostic(f"{self.host} answered {status}: {said}", detail=request)
        if status in (UNAUTHORIZED, SIGN_IN_PAGE):
            return DeniedError(replace(told, hint="pass a token that has not expired"))
        if status == THROTTLED or status >= SERVER_ERROR:
            return ApiError(503, "", replace(told, hint="run the same command again later"))
        return ApiError(status, "", replace(told, hint=self.needs if status == FORBIDDEN else ""))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep out what `requests` would take from ~/.netrc."""
    return request


def _with_wait(headers: dict[str, str]) -> dict[str, str]:
    """Return headers that say how long to wait where GitHub says until when."""
    reset = headers.get("x-ratelimit-reset", "")
    is_used_up = headers.get("x-ratelimit-remaining") == "0" and "retry-after" not in headers
    if not is_used_up or not reset.isdecimal():
        return headers
    return headers | {"retry-after": str(max(1, int(reset[:12]) - int(time.time())))}


def _message(content: bytes) -> str:
    try:
        found = loads(content)
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""
