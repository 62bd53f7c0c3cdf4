"""Requests to Azure Resource Manager, and nothing between us and the wire that we did not choose.

On `requests`, which knows proxies and certificate bundles, and not on azure-core's
pipeline: all that we would keep of that is its transport, and importing it costs every
plan 0.1 s. The rules are ours because its defaults retry POSTs, obey any Retry-After,
register providers from a GET and send tokens to any host. Here only what is idempotent is
sent again, waits are capped and can be interrupted, redirects are not followed, tokens go
only to the hosts of the cloud, and a read-only run writes nothing at all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import requests

from reconciler.bounded_json import TooLargeError, loads
from reconciler.cloud.backoff import retry_after
from reconciler.cloud.errors import api_error
from reconciler.cloud.listing import whole
from reconciler.cloud.logging import log_answer
from reconciler.cloud.long_running import Poller
from reconciler.cloud.network_errors import unreachable
from reconciler.cloud.retry import Attempt, Request
from reconciler.cloud.rules import REDIRECTS, may_resend, redirected
from reconciler.cloud.shapes import faults
from reconciler.diagnostics import REPORT_FORM, ApiError, Diagnostic, UnavailableError
from reconciler.engine.types import JsonObject
from reconciler.secrets import on_one_line

if TYPE_CHECKING:
    from reconciler.cloud.run_limits import RunLimits

OK = 200
NOT_FOUND = 404
MOST_OF_FAULT = 200


class ArmClient:
    """JSON in, JSON out, for one run. Safe to use from many threads."""

    def __init__(self, run: RunLimits) -> None:
        """Open no connection yet."""
        self._run = run

    def get(
        self, path: str, api_version: str, params: Mapping[str, str] | None = None
    ) -> JsonObject | None:
        """Return the resource, or None when Azure says 404. Any other failure raises."""
        try:
            return self.send("GET", path, api_version, params=params)[0]
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def get_expected(self, path: str, api_version: str) -> JsonObject | None:
        """Return a resource that must be there; None when Azure says 404 for half a minute.

        For what Azure makes by itself along with something, and for what a plan has seen.
        """
        return self._run.read_after_write.until(
            lambda: self.get(path, api_version), lambda body: body is not None
        )

    def list(
        self,
        path: str,
        api_version: str,
        params: Mapping[str, str] | None = None,
        *,
        parent_exists: bool = False,
    ) -> list[JsonObject]:
        """Return every item of a collection once, all pages; a missing parent has no items.

        A list that cannot be read whole is a failed read: raises `ApiError` for a page that
        is none or that fails, and for a 404 when `parent_exists`.
        """
        return whole(self, path, api_version, params, parent_exists=parent_exists)

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
            if error.status == NOT_FOUND:
                return
            raise
        Poller(self, self._run, (path, api_version), deletes=True).wait(status, headers, reply)

    def post(self, path: str, api_version: str, body: JsonObject | None = None) -> JsonObject:
        """Call an action, wait until it is done, return its answer.

        Sent again only where `RESENDABLE_POSTS` says that it may be.
        """
        reply, headers, status = self.send("POST", path, api_version, body=body or {})
        return Poller(self, self._run, None).wait(status, headers, reply)

    def _write(self, method: str, path: str, api_version: str, body: JsonObject) -> JsonObject:
        reply, headers, status = self.send(method, path, api_version, body=body)
        try:
            Poller(self, self._run, (path, api_version)).wait(status, headers, reply)
        except ApiError:
            self._run.read_after_write.failed(path)
            raise
        self._run.read_after_write.wrote(method, path)
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

        `path` is an ARM path or a full URL of this cloud. A read that does not know what this
        run wrote is asked again for a while (`read_after_write`). Raises `ApiError` for any answer of
        400 and above, `UnavailableError` when there is no answer.
        """
        url = self._url(path, api_version, params)
        self._check_host(url)
        sending = _Sending(self._run, self._scope(), method, url, body, headers or {})
        tried = self._run.send(sending.request())
        if tried.failed:
            raise self._failure(method, url, tried)
        answer = tried.given()
        return _in_form(answer.body, url), tried.headers, answer.status

    def _failure(
        self, method: str, url: str, tried: Attempt[Answer]
    ) -> ApiError | UnavailableError:
        """Return the error of a request that failed for good."""
        error: ApiError | UnavailableError
        if tried.answer is None:
            error = tried.lost or UnavailableError(Diagnostic("Azure did not answer"))
        else:
            request_id = tried.headers.get("x-ms-request-id", "")
            code = tried.headers.get("x-ms-error-code", "")
            status, content = tried.answer.status, tried.answer.content
            error = api_error(method, url, status, content, request_id, code)
            error.retry_after_s = retry_after(tried.headers)
        error.in_doubt = tried.in_doubt
        return self._budgeted(error, method, url, tried.status)

    def _url(self, path: str, api_version: str, params: Mapping[str, str] | None) -> str:
        is_whole = path.startswith("https://")
        url = path if is_whole else self._run.cloud.resource_manager + path
        query = dict(params or {})
        if api_version:
            query["api-version"] = api_version
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        return url

    def _check_host(self, url: str) -> None:
        """Raise `DeniedError` for an address that must not see this client's token."""
        self._run.check_host(url)

    def _scope(self) -> str:
        """Return what this client's token is for."""
        return self._run.cloud.arm_scope

    def _budgeted(
        self, error: ApiError | UnavailableError, method: str, url: str, status: int | None
    ) -> ApiError | UnavailableError:
        """Return the error, saying so where it was not tried again for want of budget."""
        if self._run.retry_budget.spent and may_resend(method, url, status):
            first = error.diagnostics[0]
            text = f"{first.detail}; {self._run.retry_budget.retries} requests were sent again"
            hint = "Azure answers too many requests with errors: run again later"
            error.diagnostics = [replace(first, detail=text, hint=hint)]
        return error


class Answer:
    """An answer of Azure, its bytes read as JSON when somebody asks for it."""

    def __init__(self, url: str, status: int, content: bytes) -> None:
        self._url = url
        self.status = status
        self.content = content

    @cached_property
    def body(self) -> JsonObject:
        """The JSON object, {} where there is none. Raises `ApiError` for invalid JSON."""
        return _json(self.content, self._url)


@dataclass
class _Sending:
    """One request of ours: how it is sent once, and what it was signed with."""

    run: RunLimits
    scope: str
    method: str
    url: str
    body: JsonObject | None
    headers: Mapping[str, str]
    token: str = field(default="", repr=False)

    def request(self) -> Request[Answer]:
        """Return it for `RunLimits.send`."""
        return Request(
            self.method,
            self.url,
            self._attempt,
            renew=self._renew,
            shown=lambda a: a.body,
            body=lambda: self.body,
        )

    def _attempt(self) -> Attempt[Answer]:
        """Send once. Raises `UnavailableError` for a redirect, which is not followed."""
        self.token = str(self.run.tokens.get_token(self.scope).token)
        started = time.monotonic()
        try:
            with self.run.sending(self.method, self.url):
                response = self.run.azure.session.request(
                    self.method,
                    self.url,
                    json=self.body,
                    headers=self._signed(),
                    timeout=self.run.timeouts(),
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return Attempt(lost=unreachable(self.url, error))
        log_answer(self.method, self.url, response.status_code, started, response.headers)
        if response.status_code in REDIRECTS:
            raise redirected(self.url, response.headers.get("location", ""))
        shown = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(self.url, response.status_code, response.content)
        return Attempt(response.status_code, shown, answer)

    def _renew(self) -> bool:
        return self.run.tokens.instead_of(self.token) is not None

    def _signed(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "x-ms-client-request-id": str(uuid.uuid4()),
            **self.headers,
        }


def _json(content: bytes, url: str) -> JsonObject:
    if not content:
        return {}
    path = urlsplit(url).path
    try:
        data = loads(content)
    except TooLargeError as error:
        what = Diagnostic(f"the answer is larger than any of Azure's: {error}", detail=path)
        raise ApiError(OK, "", what) from error
    except ValueError as error:
        what = Diagnostic(
            "the answer is not Azure's: it is not JSON",
            detail=path,
            hint="look for a proxy or a sign-in page of your network in between",
        )
        raise ApiError(OK, "", what) from error
    body: JsonObject = data if isinstance(data, dict) else {"value": data}
    return body


def _in_form(body: JsonObject, url: str) -> JsonObject:
    """Return an answer that is read further. Raises `ApiError` where it is not in ARM's form."""
    fault = next(faults(body), None)
    if fault is None:
        return body
    what = f"Azure's answer has an unexpected form: {on_one_line(fault, MOST_OF_FAULT)}"
    raise ApiError(OK, "", Diagnostic(what, detail=urlsplit(url).path, hint=REPORT_FORM))
