"""The recordings beside the project: exchanges, and what type and method each is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reconciler.sandbox.arm.engine import route_pattern
from reconciler.sandbox.arm.ids import parse
from reconciler.sandbox.arm.registry import ROUTES, TYPES

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "azure-recorded"
_POLL = re.compile(r"/(operationresults|operationstatuses|asyncoperations)/", re.I)
_OWN = re.compile(
    r"/subscriptions/[^/]+(/resourcegroups(?P<group>/[^/]+)?)?(?P<rest>/resources|/\w+)?", re.I
)
_TYPES = {type_.type.lower(): type_ for type_ in TYPES}
WAIT_HEADERS = ("azure-asyncoperation", "location")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer. `type` and `method` are as the figures name them."""

    id: str
    method: str
    url: SplitResult
    body: Any
    status: int
    headers: dict[str, str]
    answer: Any
    type: str
    verb: str

    @property
    def path(self) -> str:
        """The path as recorded, without the query."""
        return self.url.path

    @property
    def is_arm(self) -> bool:
        """Whether Resource Manager answered, not a data plane."""
        return self.url.netloc.startswith("management.")

    @property
    def is_poll(self) -> bool:
        """Whether it asks how an operation of an earlier exchange is."""
        return self.is_arm and _POLL.search(self.path) is not None

    @property
    def is_emulated(self) -> bool:
        """Whether the sandbox claims to serve this type (not: this very action of it)."""
        if not self.is_arm:
            return True
        routed = any(
            route_pattern(route.template).fullmatch(self.path)
            for route in ROUTES
            if route.method == self.method
        )
        return routed or self.type.lower() in _TYPES


def recordings() -> dict[str, list[Exchange]]:
    """Return the exchanges of each recording, by its name such as `aso/acr_crud`."""
    found = {}
    for file in sorted(RECORDED.glob("*/*.json")):
        name = f"{file.parent.name}/{file.stem}"
        found[name] = list(_exchanges(name, json.loads(file.read_text(encoding="utf-8"))))
    return found


def _exchanges(name: str, recording: dict[str, Any]) -> Iterator[Exchange]:
    begun: dict[str, str] = {}  # operation path -> type of the write that began it
    for one in recording["exchanges"]:
        request, response = one["request"], one["response"]
        url = urlsplit(request["url"])
        type_, verb = _classified(request["method"], url, begun)
        headers = {key.lower(): value for key, value in response["headers"].items()}
        for header in WAIT_HEADERS:
            begun.setdefault(urlsplit(headers.get(header, "")).path.lower(), type_)
        yield Exchange(
            f"{name}#{one['n']}",
            request["method"],
            url,
            request["body"],
            response["status"],
            headers,
            response["body"],
            type_,
            verb,
        )


def _classified(method: str, url: SplitResult, begun: dict[str, str]) -> tuple[str, str]:
    """Return type and verb: the method, `LIST`, `POLL` or `POST action`."""
    if not url.netloc.startswith("management."):
        return _data_plane(url), method
    if _POLL.search(url.path):
        return begun.get(url.path.lower(), "Microsoft.Resources/operations"), "POLL"
    own = _OWN.fullmatch(url.path)
    if own is not None:
        return _own(method, own["group"], own["rest"] or "")
    target = parse(url.path)
    if target is None or not target.is_collection:
        return (target.type if target else "Microsoft.Resources/operations"), method
    if method != "POST":
        return target.type, "LIST"
    owner, _, action = target.type.rpartition("/")
    return owner, f"POST {action}"


def _own(method: str, group: str | None, rest: str) -> tuple[str, str]:
    """Resource Manager's own: groups, their actions, and the list of resources."""
    if rest.lower() == "/resources":
        return "Microsoft.Resources/resources", "LIST"
    if rest and method == "POST":
        return "Microsoft.Resources/resourceGroups", f"POST {rest[1:]}"
    return "Microsoft.Resources/resourceGroups", method if group else "LIST"


def _data_plane(url: SplitResult) -> str:
    service = url.netloc.split(".")[1]
    return {"blob": "Blob service", "file": "File service"}.get(service, "Azure ML flow service")
