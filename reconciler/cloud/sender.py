"""What lists and long-running operations need of the client that they are read with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.engine.types import JsonObject

Headers = Mapping[str, str]
"""Of an answer, the names in lower case."""


Reply = tuple[JsonObject, Headers, int]
"""Body, headers and status."""


class Sender(Protocol):
    """Sends one request by the rules of its run (`arm.ArmClient`)."""

    def send(
        self,
        method: str,
        path: str,
        api_version: str,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return body, headers and status; raises `ApiError` for any answer of 400 and above."""
