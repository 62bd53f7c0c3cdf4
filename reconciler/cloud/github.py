"""The few requests to GitHub that a comment needs, by our own sending and waiting.

The token goes to the host of the API alone: no redirect is followed. What GitHub turned away for
its rate is sent again when it says so, three times at most and after 60 seconds at most.
Source: docs.github.com/rest, version 2022-11-28.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from reconciler.bounded_json import loads
from reconciler.cloud.logging import log_answer
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.retry import Attempt, Request, RetryBudget, send_with_policy
from reconciler.cloud.rules import REDIRECTS, THROTTLED, redirected
from reconciler.diagnostics import ApiError, DeniedError, Diagnostic, UnavailableError
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits
    from reconciler.secrets import Secret

VERSION = "2022-11-28"
TRIES = 3
LONGEST_WAIT_S = 60.0
PAGE = 100
MOST_PAGES = 100
UNAUTHORIZED, FORBIDDEN, SERVER_ERROR = 401, 403, 500
MOST_OF_MESSAGE = 300


class _Budget(RetryBudget):
    """Sends again as GitHub's rate limits ask, a 403 with `Retry-After` too: it was not carried out."""

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
class GitHub:
    """One repository (`owner/name`) as one token sees it."""

    run: RunLimits
    api: str
    repository: str
    token: Secret

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return an answer's JSON, None where it has none; `path` is within the repository.

        Raises `DeniedError` for a token that is refused, `ApiError` for any other answer of 400
        and above, `UnavailableError` where GitHub is away.
        """
        place = path if path.startswith("/") else f"/repos/{self.repository}/{path}"
        url = f"{self.api.rstrip('/')}{place}"
        request = Request(method, url, lambda: self._attempt(method, url, body))
        tried = send_with_policy(request, _Budget(self.run.sleep), self.run.azure.throttle)
        if tried.status is None or tried.answer is None:
            raise tried.lost or UnavailableError.because("GitHub did not answer")
        if tried.failed:
            raise _failure(tried.status, tried.answer, f"{method} {urlsplit(url).path}")
        return _json(tried.answer)

    def every(self, path: str) -> list[dict[str, Any]]:
        """Return every item of a list, all pages. Raises what `ask` does."""
        items: list[dict[str, Any]] = []
        for page in count(1):
            rows = self.ask("GET", f"{path}?per_page={PAGE}&page={page}")
            items += rows
            if len(rows) < PAGE or page >= MOST_PAGES:
                return items
        raise AssertionError("the numbers do not end")

    def _attempt(self, method: str, url: str, body: Mapping[str, Any] | None) -> Attempt[bytes]:
        started = time.monotonic()
        try:
            with self.run.bounded():
                response = self.run.azure.session.request(
                    method,
                    url,
                    json=body,
                    headers=self._headers(),
                    timeout=self.run.timeouts(),
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return Attempt(lost=unreachable(url, error))
        log_answer(method, url, response.status_code, started, response.headers)
        if response.status_code in REDIRECTS:
            raise redirected(url, response.headers.get("location", ""))
        shown = {name.lower(): value for name, value in response.headers.items()}
        return Attempt(response.status_code, _with_wait(shown), response.content)

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token.reveal()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        }


def _with_wait(headers: dict[str, str]) -> dict[str, str]:
    """Return headers that say how long to wait where GitHub says until when."""
    reset = headers.get("x-ratelimit-reset", "")
    is_used_up = headers.get("x-ratelimit-remaining") == "0" and "retry-after" not in headers
    if not is_used_up or not reset.isdecimal():
        return headers
    return headers | {"retry-after": str(max(1, int(reset[:12]) - int(time.time())))}


def _json(content: bytes) -> Any:
    if not content:
        return None
    try:
        return loads(content)
    except ValueError as error:
        raise UnavailableError.because(
            "the answer is not GitHub's: it is not JSON",
            hint="look for a proxy or a sign-in page of your network in between",
        ) from error


def _failure(status: int, content: bytes, request: str) -> DeniedError | ApiError:
    """Return the error of an answer of 400 and above, in GitHub's words."""
    said = on_one_line(_message(content), MOST_OF_MESSAGE) or "without a reason"
    told = Diagnostic(f"GitHub answered {status}: {said}", detail=request)
    if status == UNAUTHORIZED:
        return DeniedError(replace(told, hint="pass a token that has not expired"))
    if status == THROTTLED or status >= SERVER_ERROR:
        return ApiError(503, "", replace(told, hint="run the same command again later"))
    hint = "give the token `pull-requests: write` and `statuses: write`"
    return ApiError(status, "", replace(told, hint=hint if status == FORBIDDEN else ""))


def _message(content: bytes) -> str:
    try:
        found = loads(content)
    except ValueError:
        return ""
    return str(found.get("message", "")) if isinstance(found, dict) else ""
