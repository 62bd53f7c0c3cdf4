"""Entra ID: the tenant, the built-in service principal, and the tokens this sandbox signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from reconciler.sandbox.store import Store

Json = dict[str, Any]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
VERIFIED_TOKENS = 1000


class InvalidToken(Exception):  # noqa: N818 - reads as the claim it makes
    """A bearer token that this sandbox did not sign, or that is malformed."""

    code = "InvalidAuthenticationToken"


class ExpiredToken(InvalidToken):
    """A token of ours whose time is over."""

    code = "ExpiredAuthenticationToken"


class WrongAudience(InvalidToken):
    """A token of ours that was issued for another service."""

    code = "InvalidAuthenticationTokenAudience"


class Identity:
    """Tenant, client id and secret (minted once per state directory), and the signing key."""

    def __init__(self, store: Store) -> None:
        saved = store.document("identity", "tenant")
        if saved is None:
            saved = _mint()
            store.put_document("identity", "tenant", saved)
            store.commit()
        self.tenant_id: str = saved["tenant_id"]
        self.client_id: str = saved["client_id"]
        self.client_secret: str = saved["client_secret"]
        self.object_id: str = saved["object_id"]
        self.control_token: str = saved["control_token"]
        self._key = saved["signing_key"].encode()
        self.identity_header = self._sign("the secret of the managed identity endpoint")
        self._verified: dict[str, Json] = {}

    def token(self, audience: str, *, oid: str, appid: str, lifetime_s: int) -> str:
        """Return a signed JWT (HS256) for one audience, valid for so many real seconds."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant_id}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
            "tid": self.tenant_id,
            "oid": oid,
            "sub": oid,
            "appid": appid,
            "idtyp": "app",
            "ver": "1.0",
        }
        head = _encode({"alg": "HS256", "typ": "JWT", "kid": "sandbox"})
        unsigned = f"{head}.{_encode(claims)}"
        return f"{unsigned}.{self._sign(unsigned)}"

    def claims(self, token: str) -> Json:
        """Return the claims of a token signed here. Raises InvalidToken with the reason."""
        claims = self._verified.get(token) or self._verify(token)
        if claims["exp"] < time.time():
            raise ExpiredToken(
                f"The access token expiry UTC time '{_utc(claims['exp'])}' is earlier than current "
                f"UTC time '{_utc(time.time())}'."
            )
        return claims

    def _verify(self, token: str) -> Json:
        """Check the signature, once per token: a client sends the same one with every request."""
        unsigned, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(unsigned).encode()):
            raise InvalidToken("The access token is invalid: it was not issued by this sandbox.")
        payload = unsigned.split(".")[1]
        claims: Json = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if len(self._verified) >= VERIFIED_TOKENS:
            self._verified.clear()
        self._verified[token] = claims
        return claims

    def _sign(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _mint() -> Json:
    return {
        "tenant_id": str(uuid.uuid4()),
        "client_id": str(uuid.uuid4()),
        "object_id": str(uuid.uuid4()),
        "client_secret": secrets.token_hex(20),  # with a dash first, it were an option to `az`
        "control_token": secrets.token_urlsafe(24),
        "signing_key": secrets.token_hex(32),
    }


def _utc(seconds: float) -> str:
    """Return a moment as ARM's gateway writes it, such as `5/13/2024 6:05:58 PM`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%-m/%-d/%Y %-I:%M:%S %p}"


def _encode(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
