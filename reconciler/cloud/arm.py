"""Requests to Azure Resource Manager, and nothing between us and the wire that we did not choose.

On `requests`, which knows proxies and certificate bundles, and not on azure-core's
pipeline: all that we would keep of that is its transport, and importing it costs every
plan 0.1 s. The rules are ours because its defaults retry POSTs, obey any Retry-After,
register providers from a GET and send tokens to any host. Here only what is idempotent is
sent again, waits are capped and can be interrupted, redirects are not followed, tokens go
only to the hosts of the cloud, and a read-only connection writes nothing at all.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter

from reconciler.cloud.errors import TRANSIENT, api_error
from reconciler.cloud.operations import wait_until_done
from reconciler.cloud.retry import retry_after, wait_seconds
from reconciler.diagnostics import ApiError, Diagnostic, RefusedError, UnavailableError
from reconciler.engine.types import JsonObject

if TYPE_CHECKING:
    from reconciler.cloud.connection import Connection

MAX_TRIES = 4
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
RESENDABLE = {"GET", "HEAD", "PUT", "DELETE"}
READING_POSTS = ("/checknameavailability",)
"""The only POSTs that plan may send: they read, and touch no key."""

log = logging.getLogger("reconcile.azure")


class ArmClient:
    """JSON in, JSON out, for one connection. Safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        """Open no connection yet; the pool is as large as the run is parallel."""
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connection.pool_size)
        self._connection = connection
        self._session = requests.Session()
        self._session.mount("https://", adapter)
        self._session.headers["User-Agent"] = f"reconcile/{version('reconcile-azureml')}"
        if connection.cloud.sandbox:
            self._session.trust_env = False  # no proxy, no other authority: it is local
            self._session.verify = connection.cloud.sandbox.ca_file

    def get(
        self, path: str, api_version: str, params: Mapping[str, str] | None = None
    ) -> JsonObject | None:
        """Return the resource, or None when Azure says 404. Any other failure raises."""
        try:
            return self.send("GET", path, api_version, params=params)[0]
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self, path: str, api_version: str, params: Mapping[str, str] | None = None
    ) -> list[JsonObject]:
        """Return every item of a collection, all pages; a missing parent has no items."""
        page = self.get(path, api_version, params)
        items: list[JsonObject] = []
        while page is not None:
            items.extend(page.get("value") or ())
            following = page.get("nextLink")
            page = self.send("GET", following, "")[0] if following else None
        return items

    def put(self, path: str, api_version: str, body: JsonObject) -> JsonObject:
        """Create or replace a resource, wait until Azure is done, return it as read back."""
        return self._write("PUT", path, api_version, body)

    def patch(self, path: str, api_version: str, body: JsonObject) -> JsonObject:
        """Change the given properties only, wait, return the resource as read back."""
        return self._write("PATCH", path, api_version, body)

    def delete(self, path: str, api_version: str, params: Mapping[str, str] | None = None) -> None:
        """Delete a resource and wait until Azure confirms; one that is gone counts as deleted."""
        try:
            reply, headers, status = self.send("DELETE", path, api_version, params=params)
        except ApiError as error:
            if error.status == 404:
                return
            raise
        try:
            wait_until_done(self, self._connection, status, headers, reply)
        except ApiError as error:
            # Some operation records go with the resource they delete.
            if error.status != 404 or self.get(path, api_version) is not None:
                raise

    def post(self, path: str, api_version: str, body: JsonObject | None = None) -> JsonObject:
        """Call an action, wait until it is done, return its answer. Never sent twice."""
        reply, headers, status = self.send("POST", path, api_version, body=body or {})
        return wait_until_done(self, self._connection, status, headers, reply) or reply

    def _write(self, method: str, path: str, api_version: str, body: JsonObject) -> JsonObject:
        reply, headers, status = self.send(method, path, api_version, body=body)
        wait_until_done(
            self, self._connection, status, headers, reply, resource=(path, api_version)
        )
        return self.get(path, api_version) or reply

    def send(
        self,
        method: str,
        path: str,
        api_version: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[JsonObject, Mapping[str, str], int]:
        """Send one request and return body, headers (lower-case names) and status.

        `path` is an ARM path or a full URL of this cloud. Raises `ApiError` for any answer
        of 400 and above, `UnavailableError` when there is no answer.
        """
        url = (
            path if path.startswith("https://") else self._connection.cloud.resource_manager + path
        )
        self._refuse_write(method, url)
        query = dict(params or {})
        if api_version:
            query["api-version"] = api_version
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        for attempt in range(1, MAX_TRIES + 1):
            try:
                return self._send_once(method, url, body, headers)
            except (ApiError, UnavailableError) as error:
                if attempt == MAX_TRIES or not _may_resend(method, error):
                    raise
                delay = getattr(error, "retry_after_s", None)
                self._connection.sleep(wait_seconds(delay, attempt))
        raise AssertionError("the loop returns or raises")

    def _headers(self, url: str, extra: Mapping[str, str] | None) -> dict[str, str]:
        self._connection.check_host(url)
        token = self._connection.tokens.get_token(self._connection.cloud.arm_scope)
        return {
            "Authorization": f"Bearer {token.token}",
            "Accept": "application/json",
            "x-ms-client-request-id": str(uuid.uuid4()),
            **(extra or {}),
        }

    def _send_once(
        self, method: str, url: str, body: JsonObject | None, headers: Mapping[str, str] | None
    ) -> tuple[JsonObject, Mapping[str, str], int]:
        started = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                json=body,
                headers=self._headers(url, headers),
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _unreachable(url, error) from error
        elapsed_ms = (time.monotonic() - started) * 1000
        path = urlsplit(url).path
        log.info("%s %s %s %.0f ms", method, path, response.status_code, elapsed_ms)
        shown = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code >= 400:
            request_id = shown.get("x-ms-request-id", "")
            failure = api_error(method, url, response.status_code, response.content, request_id)
            failure.retry_after_s = retry_after(shown)
            raise failure
        return _json(response.content, url), shown, response.status_code

    def _refuse_write(self, method: str, url: str) -> None:
        if not self._connection.read_only or method in ("GET", "HEAD"):
            return
        if method == "POST" and urlsplit(url).path.lower().endswith(READING_POSTS):
            return
        raise RefusedError.because(
            f"a read-only command tried to send {method}",
            detail=urlsplit(url).path,
            hint="this is a defect of reconcile: please report it",
        )


def _may_resend(method: str, error: ApiError | UnavailableError) -> bool:
    """A POST or PATCH goes out again only when Azure turned it away unread (429)."""
    if isinstance(error, ApiError):
        return error.status == 429 or (error.status in TRANSIENT and method in RESENDABLE)
    return method in RESENDABLE


def _json(content: bytes, url: str) -> JsonObject:
    if not content:
        return {}
    try:
        data = json.loads(content)
    except ValueError as error:
        raise UnavailableError.because(
            "Azure's answer is not JSON", detail=urlsplit(url).path
        ) from error
    return data if isinstance(data, dict) else {"value": data}


def _unreachable(url: str, error: requests.RequestException) -> UnavailableError:
    host = urlsplit(url).netloc
    reason = " ".join(str(error).split())[:200]
    return UnavailableError(
        Diagnostic(
            f"cannot reach {host}",
            detail=reason,
            hint="check the network and proxy, then run again",
        )
    )
