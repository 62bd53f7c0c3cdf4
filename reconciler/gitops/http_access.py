"""Who may ask what over HTTP: a token for people and scrapers, a signature for webhooks.

Every comparison takes the same time whatever was sent. Secrets are read from their files for
each request; one that cannot be read lets nobody in.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from enum import Enum

from reconciler.diagnostics import LocalError
from reconciler.gitops.config_told import HttpConfig, Readable
from reconciler.gitops.secret_file import read_secret

SIGNATURE = "X-Hub-Signature-256"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="reconcile", Basic realm="reconcile"'}


class Access(Enum):
    """Whether a request is answered; `NOBODY`: no secret is configured that could let one in."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOBODY = "nobody"


class Gatekeeper:
    """Decides by the configuration."""

    def __init__(self, config: HttpConfig) -> None:
        """Read no secret yet."""
        self._config = config

    def may_read(self, what: Readable, headers: Mapping[str, str]) -> Access:
        """Decide on a request that reads. A browser may give the token as a password."""
        if what in self._config.public:
            return Access.GRANTED
        given = bearer_of(headers) or password_of(headers)
        return self._compared(given, self._config.token_file)

    def may_ask(self, headers: Mapping[str, str]) -> Access:
        """Decide on a request for a pass: with the bearer token only.

        A browser adds a password by itself, to a form of another site too.
        """
        return self._compared(bearer_of(headers), self._config.token_file)

    def is_hook(self, headers: Mapping[str, str], body: bytes) -> Access:
        """Decide on a webhook: GitHub signs its body, Azure DevOps sends a password."""
        if SIGNATURE in headers:
            return self._signed(headers[SIGNATURE], body)
        return self._compared(password_of(headers), self._config.azure_devops_password_file)

    def _signed(self, signature: str, body: bytes) -> Access:
        secret = _read(self._config.github_secret_file)
        if secret is None:
            return Access.NOBODY
        wanted = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return _granted(hmac.compare_digest(wanted.encode(), _bytes(signature)))

    @staticmethod
    def _compared(given: str, file: str | None) -> Access:
        wanted = _read(file)
        if wanted is None:
            return Access.NOBODY
        return _granted(hmac.compare_digest(wanted, _bytes(given)))


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a request, "" for none."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def password_of(headers: Mapping[str, str]) -> str:
    """Return the password of a request's basic authentication, whoever it is of; "" for none."""
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _read(file: str | None) -> bytes | None:
    if file is None:
        return None
    try:
        return read_secret(file).reveal().encode()
    except LocalError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _granted(is_same: bool) -> Access:  # noqa: FBT001 - what a comparison came to
    return Access.GRANTED if is_same else Access.REFUSED
