"""What lives as long as the process: one cloud, one identity, one pool of connections.

Runs share it (`run_scope.RunScope`), however many there are and at once: they sign in once, and
what one is told to slow down for holds for all. It waits for nothing by itself: every wait is
that of the run that asks. Nothing of azure is imported before it is needed: `--help` and
`validate` never pay for it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.throttle import Throttle
from reconciler.cloud.tokens import Credential, Tokens

if TYPE_CHECKING:
    from reconciler.cloud.session import BoundedSession

POOL_SIZE = 32
"""Connections kept open to one host; more threads than that open and close some in between."""


class Azure:
    """One cloud as one identity. A context manager; safe to use from many threads and runs."""

    def __init__(self, cloud: Cloud, *, pool_size: int = POOL_SIZE) -> None:
        """Keep the addresses; nothing is sent before something is asked for."""
        self.cloud = cloud
        self.pool_size = pool_size
        self.throttle = Throttle()
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._session: BoundedSession | None = None

    def __enter__(self) -> Azure:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()

    def close(self) -> None:
        """Close the connections that are idle and forget the tokens; runs should have ended.

        A run that goes on all the same opens connections and signs in anew.
        """
        with self._lock:
            session, self._session, self._tokens = self._session, None, None
        if session is not None:
            session.close()

    @property
    def tokens(self) -> Tokens:
        """The token cache over the right credential; one for all threads and runs."""
        with self._lock:
            if self._tokens is None:
                self._tokens = Tokens(self._credential())
            return self._tokens

    @property
    def session(self) -> BoundedSession:
        """The pool of connections that all clients share."""
        from reconciler.cloud.session import session_of

        with self._lock:
            if self._session is None:
                self._session = session_of(self.cloud, self.pool_size)
            return self._session

    def _credential(self) -> Credential:
        from reconciler.cloud.signin import AzureCredential, SandboxCredential

        access = self.cloud.sandbox
        if access:
            return SandboxCredential(access, self.throttle)
        return AzureCredential(self.pool_size)
