"""The transport given to every one of Microsoft's clients: our rules, below their pipeline.

Whatever a policy of theirs decides (to retry, to follow a redirect, to register a
provider, to ask a polling address), the request passes here before it is sent: only to a
host of this cloud, no write in a read-only run, sent again by our rules alone, and every
wait of theirs is ours, capped and interruptible.
"""

from __future__ import annotations

import time
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

from reconciler.cloud.logging import log_answer
from reconciler.cloud.network_errors import gives_up, unreachable
from reconciler.cloud.retry import MAX_WAIT_S, retry_after
from reconciler.cloud.rules import REDIRECTS, THROTTLED, is_in_doubt, redirected
from reconciler.cloud.session import user_agent

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits

BEARER = "Bearer "
FIRST_ERROR = 400
NOT_FOUND = 404
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
        run = self._run
        self._check_host(request.url)
        run.permit(request.method, request.url)
        if self._host:
            return self._sent(request, options)
        fresh, looks = run.read_after_write, 0
        while True:
            looks += 1
            response = self._sent(request, options)
            missing = request.method == "GET" and response.status_code == NOT_FOUND
            if not missing or not fresh.waits(request.url, None, looks):
                break
        if response.status_code < FIRST_ERROR:
            fresh.wrote(request.method, request.url)
        return response

    def _sent(self, request: Any, options: dict[str, Any]) -> Any:
        """Send one request, again where our rules allow it."""
        run = self._run
        run.retry_budget.begin()
        start, attempt, renewed, began = _position(request), 0, False, time.monotonic()
        while True:
            attempt += 1
            run.azure.throttle.wait(request.method, request.url, run.sleep)
            response, error = self._send_once(request, options)
            if response is not None and response.status_code == 401 and not renewed:
                renewed = self._renew(request)
                if renewed and _rewind(request, start):
                    continue
            if error and gives_up(unreachable(request.url, error), time.monotonic() - began):
                raise error
            status = None if response is None else response.status_code
            headers = {} if response is None else _lower(response.headers)
            run.azure.throttle.heard(request.method, request.url, headers)
            asked = retry_after(headers)
            if status == THROTTLED:
                run.azure.throttle.slow_down(request.method, request.url, asked, attempt)
            if not _needs_again(status) or not _rewind(request, start):
                break
            if not run.retry_budget.wait(request.method, request.url, status, asked, attempt):
                break
        if error is not None:
            doubt = is_in_doubt(request.method, request.url, None)
            error.in_doubt = doubt  # type: ignore[attr-defined]  # `translated` reads it
            raise error
        return response

    def _check_host(self, url: str) -> None:
        if not self._host:
            self._run.check_host(url)
        elif urlsplit(url)[:2] != ("https", self._host):
            raise self._run.denied(url)

    def _send_once(self, request: Any, options: dict[str, Any]) -> tuple[Any, AzureError | None]:
        started = time.monotonic()
        try:
            response = super().send(request, **options)
        except AzureError as error:
            return None, error
        log_answer(request.method, request.url, response.status_code, started)
        if response.status_code in REDIRECTS:
            raise redirected(request.url, response.headers.get("location", ""))
        return response, None

    def _renew(self, request: Any) -> bool:
        """Put a new token in the place of a refused one; no key and no SAS can be renewed."""
        header = str(request.headers.get("Authorization", ""))
        if not header.startswith(BEARER):
            return False
        token = self._run.tokens.instead_of(header.removeprefix(BEARER))
        if token is None:
            return False
        request.headers["Authorization"] = BEARER + token
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


def _needs_again(status: int | None) -> bool:
    return status is None or status >= 400


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _position(request: Any) -> int | None:
    """Return where the body's stream stands; None when there is no stream."""
    return int(request.data.tell()) if hasattr(request.data, "tell") else None


def _rewind(request: Any, start: int | None) -> bool:
    """Make the body ready to be sent again; False when it cannot be read a second time."""
    body = request.data
    if start is not None:
        if not body.seekable():
            return False
        body.seek(start)
        return True
    return body is None or isinstance(body, (bytes, str, dict, list))
