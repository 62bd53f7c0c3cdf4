"""A request to ARM and its answer, as every part of the sandbox passes them on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Lro(Enum):
    """How a long-running write tells the client to wait (sdk-traffic: LRO styles)."""

    SYNC = "sync"
    ASYNC_OPERATION = "Azure-AsyncOperation header"
    LOCATION = "202 and Location header"
    BOTH = "Azure-AsyncOperation and Location headers"
    BODY = "provisioningState in the body"


@dataclass
class Call:
    """One ARM request, already authenticated and parsed."""

    method: str
    path: str
    query: dict[str, str]
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    principal_id: str = ""
    app_id: str = ""
    page_size: int | None = None

    @property
    def version(self) -> str:
        """The api-version, empty where missing."""
        return self.query.get("api-version", "")


@dataclass
class Answer:
    """Status, JSON body (None for none) and extra headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
