"""The one HTTP client that talks to the Hugging Face hub, with a fence around its redirects.

The hub answers a download with a redirect to its storage. That is the only redirect that we
follow anywhere: over https, to the hosts that Hugging Face names, and without the user's
token, which is for the hub alone.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from reconciler.cloud.request_deadline import bounded, current
from reconciler.diagnostics import ReconcileError, UnavailableError
from reconciler.limits import REQUEST_S

STORAGE = (".hf.co",)
"""Hosts, or `.suffixes`, of the hub's storage. Source: huggingface.co/.well-known/meta.json,
`cdnDomains` and `lfsDomains`: all of them end so, and no page of a user does (`hf.space`).
"""
PRIVATE_HEADERS = ("authorization", "cookie")
TIMEOUT_S = 60.0

_lock = Lock()
_purposes: WeakKeyDictionary[Any, tuple[object, ...]] = WeakKeyDictionary()
"""What each client that lives was made for."""


class Fence:
    """Sees every request before it is sent, each hop of a redirect too."""

    def __init__(self, endpoint: str, storage: tuple[str, ...]) -> None:
        """Take the hub's address and where its files may lie."""
        self._hub = urlsplit(endpoint).netloc.lower()
        self._storage = storage

    def __call__(self, request: Any) -> None:
        """Take the token off for the storage, and let the request end with its run.

        Raises `UnavailableError` for other hosts, and what ends the run where it is over.
        """
        deadline = current()
        deadline.begin(REQUEST_S)
        left = deadline.left()
        times = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = {name: min(left, s or left) for name, s in times.items()}
        host = request.url.netloc.decode("ascii").lower()
        if request.url.scheme != "https" or not self._is_allowed(host):
            raise _strange(request.url.scheme, host)
        if host != self._hub:
            for name in PRIVATE_HEADERS:
                request.headers.pop(name, None)

    def _is_allowed(self, host: str) -> bool:
        return host == self._hub or any(
            host.endswith(name) if name.startswith(".") else host == name for name in self._storage
        )


def use_fenced_client(endpoint: str, storage: tuple[str, ...], ca_file: str) -> None:
    """Make huggingface_hub send everything through the fence.

    With `ca_file` it trusts that authority alone and uses no proxy: a sandbox is local. The
    other way that huggingface_hub has to download, hf_xet's own client, goes past any fence
    with a token of its own, so it is switched off: the hub serves the same files by HTTP.
    """
    import httpx2
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils import get_session

    constants.HF_HUB_DISABLE_XET = True
    purpose = (endpoint, storage, ca_file)
    hooks: list[Callable[[Any], None]] = [Fence(endpoint, storage)]
    if not ca_file:
        hooks.insert(0, _refuse_offline)
    own: dict[str, Any] = {"verify": bounded(httpx2.create_ssl_context())}
    if ca_file:
        own = {"verify": bounded(ssl.create_default_context(cafile=ca_file)), "trust_env": False}

    def client() -> Any:
        made = httpx2.Client(
            event_hooks={"request": hooks},
            follow_redirects=True,
            timeout=TIMEOUT_S,
            **own,
        )
        _purposes[made] = purpose
        return made

    with _lock:
        # A new factory closes the client of all threads: not while another dataset uses it.
        if _purposes.get(get_session()) != purpose:
            set_client_factory(client)


def _refuse_offline(_request: Any) -> None:
    """Keep the word of `HF_HUB_OFFLINE`, as huggingface_hub's own client does."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        raise UnavailableError.because(
            "the Hugging Face hub is not used: HF_HUB_OFFLINE is set", hint="unset it"
        )


def _strange(scheme: str, host: str) -> ReconcileError:
    return UnavailableError.because(
        f"the Hugging Face hub redirects to {scheme}://{host}, which is not followed",
        detail="downloads lie with the hub itself or, by https, below " + ", ".join(STORAGE),
        hint="look for a proxy or a sign-in page of your network in between",
    )
