"""Sign in: to Azure with azure-identity, to a sandbox with its own service principal.

The sandbox takes one request of the client-credentials flow, as published for Entra ID
(learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow); importing
azure-identity for it would cost every command 0.4 s.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import requests

from reconciler.bounded_json import loads
from reconciler.cloud.causes import sign_in_code
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.errors import api_error
from reconciler.cloud.hints import hint_for
from reconciler.cloud.logging import fence_new_loggers
from reconciler.cloud.network_errors import CONNECT_BUDGET_S, is_refused, unreachable
from reconciler.cloud.retry import FIRST_ERROR, Attempt, Request, send_with_policy
from reconciler.cloud.session import BoundedSession, session_of
from reconciler.cloud.throttle import Throttle
from reconciler.cloud.tokens import AskingRun, Token
from reconciler.diagnostics import (
    ApiError,
    DeniedError,
    Diagnostic,
    UnavailableError,
    UnconnectedError,
)
from reconciler.secrets import on_one_line, remember

TIMEOUT_S = CONNECT_BUDGET_S
SIGN_IN_RETRIES = 3
AUTHORITIES = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.windows.net",
)
"""Where Entra ID signs people in.

Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud, azure-identity.
"""
SECRET_VARIABLES = (
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD",
    "IDENTITY_HEADER",
    "MSI_SECRET",
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
)
"""Where secrets enter a process by its environment.

Sources: azure-identity's EnvironmentVariables and managed identity, huggingface_hub.
"""


REFUSED = (400, 401, 403)
"""How a token endpoint says no: asked again it says the same (RFC 6749, section 5.2)."""
MAX_SAID = 400
WAYS_IN = "run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and a secret or federated token"


class AzureCredential:
    """Whoever azure-identity finds: environment, workload or managed identity, Azure CLI."""

    def __init__(self, pool_size: int) -> None:
        """Look for nothing yet."""
        from azure.identity import DefaultAzureCredential

        from reconciler.cloud.sign_in_transport import SignInTransport

        refuse_foreign_authority(os.environ.get("AZURE_AUTHORITY_HOST", ""))
        remember(*(os.environ.get(name) for name in SECRET_VARIABLES), *_proxy_passwords())
        self._transport = SignInTransport(pool_size)
        self._credential = DefaultAzureCredential(
            exclude_interactive_browser_credential=True,
            transport=self._transport,
            retry_total=SIGN_IN_RETRIES,
        )
        fence_new_loggers()

    @property
    def name(self) -> str:
        """The one of azure-identity's credentials that worked, which it tells in its log only."""
        worked = getattr(self._credential, "_successful_credential", None)
        return "" if worked is None else type(worked).__name__

    def get_token(self, *scopes: str, run: AskingRun) -> Token:
        """Return a token for the scopes.

        Raises `DeniedError` when nobody can sign in, `UnavailableError` when the way to
        where we would is out. The waits of the sign-in are those of the run.
        """
        from azure.core.exceptions import ClientAuthenticationError

        self._transport.begin(run)
        try:
            found = run.in_time(lambda: self._credential.get_token(*scopes))
        except ClientAuthenticationError as error:
            if self._transport.lost:
                raise self._transport.lost from error
            raise refused_sign_in(str(error.message)) from error
        return Token(found.token, int(found.expires_on))


class SandboxCredential:
    """A credential that works for one sandbox only."""

    name = "the sandbox's own service principal"

    def __init__(self, access: SandboxAccess, throttle: Throttle) -> None:
        """Keep the address and the service principal."""
        self._access = access
        self._throttle = throttle
        remember(access.client_secret)

    def get_token(self, *scopes: str, run: AskingRun) -> Token:
        """Return a token for the scopes.

        Raises `DeniedError` when the sandbox refuses, `ApiError` when it fails,
        `UnavailableError` when it is not there.
        """
        access = self._access
        form = {
            "grant_type": "client_credentials",
            "client_id": access.client_id,
            "client_secret": access.client_secret,
            "scope": " ".join(scopes),
        }
        url = f"{access.url}/{access.tenant_id}/oauth2/v2.0/token"
        with run.bounded(), session_of(Cloud.of_sandbox(access), 1) as session:
            session.request_s = TIMEOUT_S
            tried = send_with_policy(
                Request(
                    "POST",
                    url,
                    lambda: self._attempt(session, url, form),
                    within_s=CONNECT_BUDGET_S,
                ),
                run.retry_budget,
                self._throttle,
                is_read_only=run.read_only,
            )
        reply = tried.given()
        if isinstance(reply, ApiError):
            if reply.status in REFUSED:
                raise DeniedError(_of_sign_in(reply.diagnostics[0])) from reply
            raise reply
        return reply

    def _attempt(
        self, session: BoundedSession, url: str, form: Mapping[str, str]
    ) -> Attempt[Token | ApiError]:
        """Ask once for a token; a redirect is an answer like any other that is none."""
        try:
            answer = session.post(url, data=form, timeout=TIMEOUT_S, allow_redirects=False)
        except requests.RequestException as error:
            return Attempt(lost=self._unreachable(url, error))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code >= FIRST_ERROR:
            failure = api_error("POST", url, answer.status_code, answer.content, "")
            return Attempt(answer.status_code, headers, failure)
        try:
            return Attempt(answer.status_code, headers, _token_of(answer.content))
        except ValueError as error:
            return Attempt(lost=_no_answer(error))

    def _unreachable(self, url: str, error: Exception) -> UnavailableError:
        """Return our error; where nobody listens it is final, as no wait of ours starts a sandbox."""
        lost = unreachable(url, error)
        if isinstance(lost, UnconnectedError) and lost.final:
            return lost
        told = Diagnostic(
            f"cannot reach the sandbox at {self._access.url}",
            detail=lost.diagnostics[0].detail,
            hint="start it again: `reconcile sandbox serve`",
        )
        return UnconnectedError(told, final=True) if is_refused(error) else UnavailableError(told)


def refused_sign_in(said: str) -> DeniedError:
    """Return our error for what azure-identity said, which may be of a dozen ways it tried.

    Of those the one that Entra ID answered says why; the others were not set up.
    """
    code = sign_in_code(said)
    lines = said.strip().splitlines() or [""]
    line = next((one for one in lines if code and code in one), lines[0])
    line = line[line.find(code) :] if code else line
    hint = hint_for((code,), "") or WAYS_IN
    problem = Diagnostic("cannot sign in to Azure", None, on_one_line(line, MAX_SAID), hint)
    return DeniedError(problem)


def _of_sign_in(problem: Diagnostic) -> Diagnostic:
    """Return a refused sign-in as a problem of the run: it belongs to no single resource."""
    return Diagnostic(
        "cannot sign in to Azure",
        detail=f"{problem.summary}\n{problem.detail}",
        hint=problem.hint,
    )


def _no_answer(error: Exception) -> UnavailableError:
    found = UnavailableError(
        Diagnostic(
            "the sandbox's answer to the sign-in was cut short",
            detail=type(error).__name__,
            hint="run again",
        )
    )
    found.__cause__ = error
    return found


def _token_of(content: bytes) -> Token:
    """Return the token in the answer of a token endpoint. Raises ValueError for what is none."""
    found = loads(content)
    if not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
        raise ValueError("no token")  # noqa: TRY004 - to the caller it is a wrong value
    return Token(found["access_token"], int(time.time()) + int(str(found.get("expires_in"))))


def refuse_foreign_authority(address: str) -> None:
    """Raise `DeniedError` where azure-identity would send real secrets to no host of Microsoft.

    `reconcile sandbox env` sets the variable for other tools; left on, the secret of a real
    service principal would go to whoever listens there now.
    """
    try:
        host = urlsplit(address if "://" in address else f"https://{address}").hostname
    except ValueError:
        host = None
    if address and host not in AUTHORITIES:
        raise DeniedError.because(
            f"refused to sign in at {host or 'an invalid address'}: it is not Microsoft's",
            detail="AZURE_AUTHORITY_HOST names it",
            hint="unset AZURE_AUTHORITY_HOST, or pass `--sandbox URL` to use a sandbox",
        )


def _proxy_passwords() -> list[str | None]:
    """Return the passwords in the addresses of the proxies that the environment names."""
    names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
    found: list[str | None] = []
    for name in names:
        with suppress(ValueError):
            found.append(urlsplit(os.environ.get(name, "")).password)
    return found
