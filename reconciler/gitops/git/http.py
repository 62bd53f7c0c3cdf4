"""Git over HTTPS for dulwich: one host, no redirects, within a time and a size.

The token goes to the configured host alone, so an answer that names another one is an error; a
server can also name files of its pack elsewhere, which is the same. Certificates, proxies and
deadlines are those of every other request (`cloud.session`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from dulwich.client import AbstractHttpGitClient
from requests.auth import AuthBase

from reconciler.cloud.network_errors import CONNECT_BUDGET_S
from reconciler.cloud.request_deadline import current
from reconciler.cloud.session import BoundedSession
from reconciler.limits import MIB

REDIRECTS = range(300, 400)
GIT_TYPE = "application/x-git-"


class StatusError(Exception):
    """An answer with a status that means no."""

    def __init__(self, status: int, location: str = "") -> None:
        """Keep the status, and where a redirect leads."""
        super().__init__(f"status {status}")
        self.status, self.location = status, location


class TooLargeError(Exception):
    """An answer without an end, or larger than anything that is taken."""


@dataclass
class Allowance:
    """How many bytes one question may bring, all its answers together."""

    most: int
    taken: int = 0

    def take(self, count: int) -> None:
        """Count what came. Raises `TooLargeError`, or `TimeoutError` when time is up."""
        self.taken += count
        if self.taken > self.most:
            raise TooLargeError(f"it sent more than {self.most // MIB} MiB")
        current().left()


class Answer:
    """What dulwich wants to know of an answer."""

    redirect_location = ""

    def __init__(self, response: requests.Response) -> None:
        """Keep the answer, whose body is read later."""
        self._response = response
        self.content_type = response.headers.get("Content-Type", "")

    def close(self) -> None:
        """Give the connection back."""
        self._response.close()


class HttpClient(AbstractHttpGitClient):
    """One repository at one address."""

    def __init__(
        self, url: str, session: BoundedSession, authorization: str, allowance: Allowance
    ) -> None:
        """Send nothing yet. Nothing is held against what we have, so no pack will be thin."""
        super().__init__(url, thin_packs=True, quiet=True)
        self._session, self._allowance = session, allowance
        session.auth = _Authorization(authorization)

    def _http_request(  # type: ignore[override]  # what it says of an answer is all that is used
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002 - dulwich's
    ) -> tuple[Answer, Callable[[int], bytes]]:
        """Send a request; the body of its answer is read by the caller."""
        if not url.startswith(self._base_url):
            raise StatusError(302, url)
        given = {"Accept-Encoding": "identity", **(headers or {})}
        timeout = (CONNECT_BUDGET_S, current().left())
        response = self._session.request(
            "GET" if data is None else "POST",
            url,
            headers=given,
            data=data,
            stream=True,
            timeout=timeout,
            allow_redirects=False,
        )
        _check(response)
        return Answer(response), lambda size=-1: self._read(response, size)

    def _read(self, response: requests.Response, size: int) -> bytes:
        left = self._allowance.most - self._allowance.taken + 1
        wanted = left if size is None or size < 0 else min(size, left)
        content: bytes = response.raw.read(wanted, decode_content=False)
        self._allowance.take(len(content))
        return content


class _Authorization(AuthBase):
    """Sends what it was given, and nothing that `requests` would take from ~/.netrc."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("Authorization", None)
        if self._value:
            request.headers["Authorization"] = self._value
        return request


def _check(response: requests.Response) -> None:
    """Raise `StatusError` for every answer but a git server's."""
    status = response.status_code
    if status == requests.codes.ok and _is_plain(response):
        return
    response.close()
    location = response.headers.get("Location", "") if status in REDIRECTS else ""
    raise StatusError(status, location)


def _is_plain(response: requests.Response) -> bool:
    kind = response.headers.get("Content-Type", "")
    return kind.startswith(GIT_TYPE) and not response.headers.get("Content-Encoding")


def host_of(url: str) -> str:
    """Return host and port of an address, without user and password."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def ends_at(seconds: float) -> float:
    """Return when a question that begins now has to be over, for `run_ends`."""
    return time.monotonic() + seconds
