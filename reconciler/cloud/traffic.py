"""How many requests were sent to which service, how they were answered, and what throttling cost.

Counted where every request passes, for whoever watches a process that lives long. No name of a
resource is kept, so that the figures stay few.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from reconciler.cloud.endpoints import host_of

SERVICES = {
    "management.azure.com": "arm",
    ".api.azureml.ms": "azureml",
    ".inference.ml.azure.com": "inference",
    ".blob.core.windows.net": "blob",
    ".file.core.windows.net": "file",
    ".vault.azure.net": "vault",
    "prices.azure.com": "prices",
    "login.microsoftonline.com": "login",
    "huggingface.co": "hub",
    "api.github.com": "github",
    "dev.azure.com": "devops",
    "127.0.0.1": "sandbox",
    "localhost": "sandbox",
}
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"})
NO_ANSWER = "none"


@dataclass(frozen=True, order=True)
class Answered:
    """Requests that are counted together; `code` is the HTTP status, `none` without an answer."""

    service: str
    method: str
    code: str


class Traffic:
    """The figures of one process. Safe to use from any thread."""

    def __init__(self) -> None:
        """Have seen nothing."""
        self._lock = threading.Lock()
        self._requests: Counter[Answered] = Counter()
        self._throttled_s = 0.0

    def answered(self, method: str, url: str, status: int | None) -> None:
        """Count a request and its answer, None where there was none."""
        shown = method if method in METHODS else OTHER
        one = Answered(service_of(url), shown, NO_ANSWER if status is None else str(status))
        with self._lock:
            self._requests[one] += 1

    def held(self, seconds: float) -> None:
        """Count time in which a request waited for its turn."""
        with self._lock:
            self._throttled_s += seconds

    @property
    def requests(self) -> dict[Answered, int]:
        """How often each came."""
        with self._lock:
            return dict(self._requests)

    @property
    def throttled_s(self) -> float:
        """How long requests waited for their turn, in seconds, all threads together."""
        with self._lock:
            return self._throttled_s


def service_of(url: str) -> str:
    """Return which service an address is of, `other` for one that is not Azure's."""
    host = host_of(url).lower().partition(":")[0]
    for name, service in SERVICES.items():
        if host == name or (name.startswith(".") and host.endswith(name)):
            return service
    return OTHER
