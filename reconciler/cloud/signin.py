"""Sign in to a sandbox with its own service principal.

One request of the client-credentials flow, as published for Entra ID
(learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow). For real
Azure azure-identity does this; importing it costs 0.4 s that a local emulator can spare.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from reconciler.cloud.connection import SandboxAccess, Token

if TYPE_CHECKING:
    from reconciler.cloud.arm import ArmClient


class SandboxCredential:
    """A credential that works for one sandbox only."""

    def __init__(self, access: SandboxAccess, arm: ArmClient) -> None:
        """Use the ARM client's transport, so that connections are shared."""
        self._access = access
        self._arm = arm

    def get_token(self, *scopes: str) -> Token:
        """Return a token for the scopes. Raises `ApiError` when the sandbox refuses."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._access.client_id,
            "client_secret": self._access.client_secret,
            "scope": " ".join(scopes),
        }
        url = f"{self._access.url}/{self._access.tenant_id}/oauth2/v2.0/token"
        reply = self._arm.post_form(url, urlencode(form))
        return Token(reply["access_token"], int(time.time()) + int(reply["expires_in"]))
