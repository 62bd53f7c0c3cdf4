"""What stands between us and Azure when no answer comes, said in one line with a way out.

`requests` wraps the cause three times and prints objects; people need its core. Nothing is
ever sent to a peer whose certificate cannot be trusted, and no option turns that check off.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from reconciler.diagnostics import Diagnostic, UnavailableError, UnconnectedError
from reconciler.secrets import on_one_line

CONNECT_BUDGET_S = 10.0
"""How long we try to get a connection, all tries together."""
MAX_REASON = 200
CHECK = "check the network and proxy, then run again"
UNTRUSTED = (
    "nothing was sent to it; if a proxy of your network inspects TLS, name its authority in "
    "REQUESTS_CA_BUNDLE; check this machine's clock, too"
)
SIGN_IN_TO_PROXY = "put user and password of the proxy into HTTPS_PROXY, or list hosts in NO_PROXY"
_OBJECT = re.compile(r"^(<[^>]*>|\w+\(host=[^)]*\))(: )?")


def unreachable(url: str, error: BaseException) -> UnavailableError:
    """Return our error for a request that got no answer; its cause is what the client raised."""
    found = _said(url, error)
    found.__cause__ = error
    return found


def _said(url: str, error: BaseException) -> UnavailableError:
    host, cause = urlsplit(url).netloc, _core(error)
    reason = on_one_line(_OBJECT.sub("", str(cause)), MAX_REASON)
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        what = f"the certificate of {host} cannot be trusted"
        return UnconnectedError(Diagnostic(what, detail=reason, hint=UNTRUSTED), final=True)
    if "407" in reason and "unnel" in reason:
        what = f"the proxy on the way to {host} wants a sign-in"
        return UnconnectedError(Diagnostic(what, detail=reason, hint=SIGN_IN_TO_PROXY), final=True)
    via = "the proxy on the way to " if _is_of_proxy(error) else ""
    problem = Diagnostic(f"cannot reach {via}{host}", detail=reason, hint=CHECK)
    if _never_connected(error):
        return UnconnectedError(problem)
    return UnavailableError(problem)


def gives_up(error: Exception, spent_s: float) -> bool:
    """Return whether there is no sense in another try, `spent_s` after the first began."""
    if not isinstance(error, UnconnectedError):
        return False
    return error.final or spent_s >= CONNECT_BUDGET_S


def is_refused(error: BaseException) -> bool:
    """Return whether nobody listens at the address."""
    causes = ((link, link.__cause__) for link in _links(error))
    return any(isinstance(one, ConnectionRefusedError) for pair in causes for one in pair)


def _is_of_proxy(error: BaseException) -> bool:
    return any(type(link).__name__ == "ProxyError" for link in _links(error))


def _never_connected(error: BaseException) -> bool:
    names = {type(link).__name__ for link in _links(error)}
    return bool(names & NEVER_CONNECTED)


NEVER_CONNECTED = {
    "ConnectTimeout",
    "ConnectTimeoutError",
    "NameResolutionError",
    "NewConnectionError",
    "ProxyError",
    "SSLError",
    "gaierror",
}
"""Exceptions of requests, urllib3 and socket that mean that no request went out."""


def _links(error: BaseException) -> list[BaseException]:
    """Return an exception and those that it was made of, the outermost first."""
    found: list[BaseException] = [error]
    while True:
        last = found[-1]
        parts = (getattr(last, "reason", None), getattr(last, "inner_exception", None), *last.args)
        inner = next((p for p in parts if isinstance(p, BaseException) and p not in found), None)
        if inner is None:
            return found
        found.append(inner)


def _core(error: BaseException) -> BaseException:
    return _links(error)[-1]
