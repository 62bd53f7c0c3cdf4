"""Names of hosts: which of them are known, for what Azure has no question of its own.

Of the system's resolver, within a bounded time. A sandbox answers for its own names, in the JSON
of DNS over HTTPS, and the resolver is left alone. Raises nothing: who cannot be asked knows no
address.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

from reconciler.bounded_json import loads

if TYPE_CHECKING:
    from reconciler.cloud.endpoints import Cloud, SandboxAccess

BUDGET_S = 3.0
SANDBOX_NAMES = "/_dns/resolve"
IMPOSSIBLE = "no-endpoint-of-azure-has-a-name-as-long-as-this-one"
"""Longer than any name may be: a network that knows an address for it knows one for all."""


def known(cloud: Cloud, hosts: tuple[str, ...]) -> list[str]:
    """Return those of some hosts of one domain that have an address; none where all have one."""
    domain = {host.partition(".")[2] for host in hosts}
    if any(addresses(cloud, f"{IMPOSSIBLE}.{one}") for one in domain):
        return []
    return [host for host in hosts if addresses(cloud, host)]


def addresses(cloud: Cloud, host: str) -> tuple[str, ...]:
    """Return the addresses of a host, none where nobody knows any."""
    if cloud.sandbox:
        return _of_sandbox(cloud, cloud.sandbox, host)
    found: list[str] = []

    def ask() -> None:
        try:
            found.extend(str(one[4][0]) for one in socket.getaddrinfo(host, 443))
        except (OSError, UnicodeError):
            return

    asking = threading.Thread(target=ask, name="name", daemon=True)
    asking.start()
    asking.join(BUDGET_S)
    return tuple(found)


def _of_sandbox(cloud: Cloud, access: SandboxAccess, host: str) -> tuple[str, ...]:
    import requests

    from reconciler.cloud.session import session_of

    with session_of(cloud, 1) as session:
        try:
            answer = session.get(f"{access.url}{SANDBOX_NAMES}", params={"name": host})
            body = loads(answer.content)
        except (requests.RequestException, ValueError):
            return ()
    told = body.get("Answer") if isinstance(body, dict) else None
    return tuple(str(one.get("data")) for one in told or () if isinstance(one, dict))
