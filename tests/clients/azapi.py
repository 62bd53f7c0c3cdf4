"""Terraform's azapi provider as far as Azure sees it: its requests, its polling, its comparison.

The provider cannot be installed from a package index, so its behaviour is written anew, after
reading Azure/terraform-provider-azapi (azapi_resource, azapi_update_resource, resource_client,
utils/json) and the pollers of azure-sdk-for-go's azcore (runtime.NewPoller).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.clients.azapi_bodies import (
    Ignored,
    changes,
    identity_of,
    merged,
    normal,
    updated,
    without,
    writable,
)
from tests.clients.conftest import Served
from tests.support.signed_in import credential_of

Json = dict[str, Any]
ASYNC, LOCATION = "Azure-AsyncOperation", "Location"
TERMINAL = ("succeeded", "failed", "canceled", "cancelled")
POLLS = 60
VOLATILE = ("etag", "updatedOn", "lastUpdatedOn", "lastModifiedAt", "lastModifiedBy", "modifiedOn")


class AzapiError(Exception):
    """What Terraform would print; the message names the resource."""


@dataclass(frozen=True)
class Output:
    """A reference to what another block's last read gave: `azapi_resource.NAME.output.PATH`."""

    block: str
    path: str = "id"
    below: str = ""


@dataclass(frozen=True)
class Block:
    """One `azapi_resource`, or with `updates` one `azapi_update_resource`, of a configuration."""

    label: str
    type: str
    version: str
    name: str
    parent: Any
    body: Json = field(default_factory=dict)
    location: str | None = None
    tags: Json | None = None
    identity: Json | None = None
    updates: bool = False
    delete_query: Json = field(default_factory=dict)
    ignore_casing: bool = False

    def sent(self) -> Json:
        """The body with the arguments that azapi puts into it."""
        more = {"location": self.location, "tags": self.tags, "identity": self.identity}
        return {**self.body, **{key: value for key, value in more.items() if value is not None}}


@dataclass
class Kept:
    """What the state file keeps of a block: its id and what was sent."""

    block: Block
    id: str
    body: Json
    output: Json


class Azapi:
    """`apply`, `plan` and `destroy` of blocks, with a state that only this object knows."""

    def __init__(self, served: Served, poll_by: tuple[str, str]) -> None:
        self.url, self.poll_by = served.url, poll_by
        self.state: dict[str, Kept] = {}
        self._session = requests.Session()
        self._session.verify, self._session.trust_env = served.ca_file, False
        token = credential_of(served).get_token("https://management.azure.com/.default").token
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._session.headers.update(headers)

    def apply(self, blocks: list[Block]) -> list[str]:
        """Create or update what differs, in order; returns the labels that were written."""
        changed = self.plan(blocks)
        for block in blocks:
            if block.label in changed:
                self._write(block)
        return list(changed)

    def plan(self, blocks: list[Block], *, ignore_missing: bool = True) -> dict[str, list[str]]:
        """Refresh, then return for each block that differs the paths that do; empty means create."""
        found: dict[str, list[str]] = {}
        for block in blocks:
            kept = self.state.get(block.label)
            if kept is None:
                found[block.label] = []
                continue
            paths = list(self._drift(kept, ignore_missing=ignore_missing))
            paths += list(changes(self._resolved(block.sent()), kept.body))
            if paths:
                found[block.label] = paths
        return found

    def outputs(self) -> dict[str, Json]:
        """What the last reads gave, without the fields that azapi knows to change by themselves."""
        return {label: without(kept.output, VOLATILE) for label, kept in self.state.items()}

    def destroy(self, blocks: list[Block]) -> None:
        """Delete what was created, in reverse order, and wait for each."""
        for block in reversed(blocks):
            kept = self.state.pop(block.label)
            if block.updates:
                continue  # azapi_update_resource deletes nothing
            answer = self.send("DELETE", kept.id, block.version, **block.delete_query)
            expect(answer, (200, 202, 204, 404), f"deleting {kept.id}")
            self._wait("DELETE", kept.id, block.version, answer)

    def get(self, resource_id: str, version: str) -> requests.Response:
        return self.send("GET", resource_id, version)

    def send(
        self, method: str, path: str, version: str, body: Any = None, **query: str
    ) -> requests.Response:
        """Send one request; `path` begins at `/subscriptions`."""
        params = {"api-version": version, **query}
        return self._session.request(method, self.url + path, params=params, json=body, timeout=30)

    def _write(self, block: Block) -> None:
        resource_id, body = self.id_of(block), self._resolved(block.sent())
        existing = self.get(resource_id, block.version)
        wanted = body
        if block.updates:
            expect(existing, (200,), f"checking for presence of existing {resource_id}")
            wanted = merged(writable(existing.json()), body)
        elif block.label not in self.state:
            expect(existing, (404,), f"{resource_id} already exists, import it")
        answer = self.send("PUT", resource_id, block.version, wanted)
        expect(answer, (200, 201, 202), f"creating/updating {resource_id}")
        self._wait("PUT", resource_id, block.version, answer)
        read = self.get(resource_id, block.version)
        expect(read, (200,), f"reading {resource_id}")
        self.state[block.label] = Kept(block, resource_id, body, read.json())

    def id_of(self, block: Block) -> str:
        """The id as azapi builds it: the casing of `type`, below the id of the parent."""
        parent = str(self._resolved(block.parent))
        if block.type == "Microsoft.Resources/resourceGroups":
            return f"{parent}/resourceGroups/{block.name}"
        if block.type.count("/") == 1:
            return f"{parent}/providers/{block.type}/{block.name}"
        return f"{parent}/{block.type.rpartition('/')[2]}/{block.name}"

    def _drift(self, kept: Kept, *, ignore_missing: bool) -> list[str]:
        answer = self.get(kept.id, kept.block.version)
        expect(answer, (200,), f"reading {kept.id}")
        kept.output = answer.json()
        body = {k: v for k, v in kept.body.items() if k not in ("location", "tags", "identity")}
        options = Ignored(ignore_missing, kept.block.ignore_casing)
        remote = updated(body, kept.output, options)
        return [*changes(body, remote), *_arguments(kept.block, kept.body, kept.output)]

    def _resolved(self, value: Any) -> Any:
        match value:
            case Output(block=label, path="id", below=below):
                return self.state[label].id + below
            case Output(block=label, path=path):
                found: Any = self.state[label].output
                for key in path.split("."):
                    found = found[key]
                return found
            case dict():
                return {self._resolved(k): self._resolved(v) for k, v in value.items()}
            case list():
                return [self._resolved(one) for one in value]
        return value

    def _wait(self, method: str, path: str, version: str, first: requests.Response) -> None:
        """Poll as azcore does: by a header if there is one, else by the resource's own state."""
        for header in self.poll_by:
            if link := first.headers.get(header):
                by_status = header == ASYNC
                self._follow(link, by_status=by_status)
                return
        if method == "PUT" and _state(first) not in ("", *TERMINAL[:1]):
            self._follow(f"{self.url}{path}?api-version={version}", by_status=False)

    def _follow(self, link: str, *, by_status: bool) -> None:
        for _ in range(POLLS):
            assert urlsplit(link).query, f"a link to poll has its own api-version: {link}"
            answer = self._session.get(link, timeout=30)
            expect(answer, (200, 201, 202, 204), f"polling {link}")
            int(answer.headers.get("Retry-After", "0"))  # azcore reads seconds
            state = str(answer.json()["status"]).lower() if by_status else _progress(answer)
            if state in TERMINAL:
                if state != "succeeded":
                    raise AzapiError(f"{link}: {answer.text}")
                return
            link = link if by_status else answer.headers.get(LOCATION, link)
        raise AzapiError(f"{link} never ended")


def expect(answer: requests.Response, statuses: tuple[int, ...], doing: str) -> None:
    """Raise AzapiError where the provider would stop."""
    if answer.status_code not in statuses:
        raise AzapiError(f"{doing}: {answer.status_code} {answer.text}")


def _state(answer: requests.Response) -> str:
    body = answer.json() if answer.content else {}
    properties = body.get("properties") if isinstance(body, dict) else None
    return str((properties or {}).get("provisioningState") or "").lower()


def _progress(answer: requests.Response) -> str:
    if answer.status_code == 202:
        return "inprogress"
    return _state(answer) or "succeeded"


def _arguments(block: Block, sent: Json, shown: Json) -> list[str]:
    """Compare what azapi has arguments of its own for: location, tags and identity."""
    found = []
    location = shown.get("location")
    if None not in (location, block.location) and normal(location) != normal(block.location):
        found.append("location")
    if not block.updates and (shown.get("tags") or {}) != (block.tags or {}):
        found.append("tags")
    if not block.updates and identity_of(shown.get("identity")) != identity_of(
        sent.get("identity")
    ):
        found.append("identity")
    return found
