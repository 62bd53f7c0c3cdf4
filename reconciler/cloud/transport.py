"""The transport given to every one of Microsoft's clients: our rules, below their pipeline.

Whatever a policy of theirs decides (to retry, to follow a redirect, to register a
provider, to ask a polling address), the request passes here before it is sent: only to a
host of this cloud, no write in a read-only run, sent again by our rules alone, and every
wait of theirs is ours, capped and interruptible.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HeadersPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport

from reconciler.bounded_json import loads
from reconciler.cloud.backoff import MAX_WAIT_S
from reconciler.cloud.logging import log_answer
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.retry import Attempt, Request
from reconciler.cloud.rules import REDIRECTS, redirected
from reconciler.cloud.session import user_agent

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits

BEARER = "Bearer "
TAKEN_OPTIONS = ("stream", "proxies")
"""All that a client may say of how it is sent; the rest was meant for policies of theirs."""


class FencedTransport(RequestsTransport):  # type: ignore[misc]  # lazily exported, untyped
    """azure-core's transport over our session, with our rules."""

    def __init__(self, run: RunLimits, host: str = "") -> None:
        """Use the pool of all runs; closing a client does not close it.

        With `host` only that one is spoken to, otherwise the hosts of ARM.
        """
        sandbox = run.cloud.sandbox
        super().__init__(
            session=run.azure.session,
            session_owner=False,
            connection_verify=sandbox.ca_file if sandbox else True,
        )
        self._run = run
        self._host = host

    def sleep(self, duration: float) -> None:
        """Wait for a poller or a policy: capped, and not past the end of the run."""
        self._run.sleep(min(max(duration, 0.0), MAX_WAIT_S))

    def send(self, request: Any, **options: Any) -> Any:
        """Send one request of a client, again where our rules allow it.

        Raises `DeniedError` for a host that is not of this cloud, `RefusedError` for a
        write in a read-only run, `UnavailableError` for a redirect.
        """
        options = {name: options[name] for name in TAKEN_OPTIONS if name in options}
        options["connection_timeout"], options["read_timeout"] = self._run.timeouts()
        self._check_host(request.url)
        sending = _Sending(request, lambda: self._attempt(request, options), self._run).request()
        tried = self._run.send_anywhere(sending) if self._host else self._run.send(sending)
        if tried.answer is None and tried.lost and tried.lost.__cause__:
            error: Any = tried.lost.__cause__
            error.in_doubt = tried.in_doubt  # `translated` reads it
            raise error
        return tried.answer

    def _check_host(self, url: str) -> None:
        if not self._host:
            self._run.check_host(url)
        elif urlsplit(url)[:2] != ("https", self._host):
            raise self._run.denied(url)

    def _attempt(self, request: Any, options: dict[str, Any]) -> Attempt[Any]:
        """Send once. Raises `UnavailableError` for a redirect, which is not followed."""
        started = time.monotonic()
        try:
            with self._run.sending(request.method, request.url):
                response = super().send(request, **options)
        except AzureError as error:
            return Attempt(lost=unreachable(request.url, error))
        log_answer(request.method, request.url, response.status_code, started, response.headers)
        if response.status_code in REDIRECTS:
            raise redirected(request.url, response.headers.get("location", ""))
        return Attempt(response.status_code, _lower(response.headers), response)


class _Sending:
    """One request of a client of Microsoft's: its token, and its body from the start."""

    def __init__(self, request: Any, attempt: Callable[[], Attempt[Any]], run: RunLimits) -> None:
        self._request = request
        self._attempt = attempt
        self._run = run
        self._start = int(request.data.tell()) if hasattr(request.data, "tell") else None

    def request(self) -> Request[Any]:
        """Return it for `send_with_policy`."""
        method, url = self._request.method, self._request.url
        return Request(
            method, url, self._attempt, renew=self._renew, rewind=self._rewind, body=self._body
        )

    def _body(self) -> Any:
        """Return the JSON that is sent, None for bytes of a file."""
        data = self._request.data
        is_json = "json" in str(self._request.headers.get("Content-Type", ""))
        return loads(data) if is_json and isinstance(data, (bytes, str)) else None

    def _renew(self) -> bool:
        """Put a new token in the place of a refused one; no key and no SAS can be renewed."""
        headers = self._request.headers
        header = str(headers.get("Authorization", ""))
        if not header.startswith(BEARER):
            return False
        token = self._run.tokens.instead_of(header.removeprefix(BEARER))
        if token is None:
            return False
        headers["Authorization"] = BEARER + token
        return True

    def _rewind(self) -> bool:
        """Make the body ready to be sent again; False when it cannot be read a second time."""
        body = self._request.data
        if self._start is None:
            return body is None or isinstance(body, (bytes, str, dict, list))
        if not body.seekable():
            return False
        body.seek(self._start)
        return True


class BearerToken(SansIOHTTPPolicy[Any, Any]):
    """Puts our token on a request, and only where it may go."""

    def __init__(self, run: RunLimits, scope: str) -> None:
        """Sign in for one scope."""
        self._run = run
        self._scope = scope

    def on_request(self, request: Any) -> None:
        """Add the token; raises `DeniedError` for an address that must not see it."""
        self._run.check_host(request.http_request.url)
        token = self._run.tokens.get_token(self._scope)
        request.http_request.headers["Authorization"] = BEARER + token.token


def arm_options(run: RunLimits) -> dict[str, Any]:
    """Return the keywords for a client of ARM: a pipeline without retries, redirects,
    registration of providers and logging of its own.
    """
    return {
        "transport": FencedTransport(run),
        "policies": [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy(base_user_agent=user_agent(), user_agent_use_env=False),
            ContentDecodePolicy(),
            BearerToken(run, run.cloud.arm_scope),
        ],
    }


def storage_options(run: RunLimits, host: str) -> dict[str, Any]:
    """Return the keywords for a Blob or File client of one account.

    Its pipeline, which knows keys and signatures, cannot be replaced.
    """
    return {
        "transport": FencedTransport(run, host),
        "retry_total": 0,
        "permit_redirects": False,
        "logging_enable": False,
    }


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}
