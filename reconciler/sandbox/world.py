"""What every part of the sandbox shares: one `World` per running server.

Data planes receive it in `routes(world)` and keep no state of their own outside the store
(small JSON documents, `world.store.documents`) and the state directory (bytes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from reconciler.sandbox.calls import Answer, Call, Lro
from reconciler.sandbox.clock import Clock
from reconciler.sandbox.entra import Identity
from reconciler.sandbox.journal import Journal
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.store import Record, Store

Json = dict[str, Any]
READS = ("GET", "HEAD")
STALE = "stale"
"""Set by the gate on a request that is to see the state from before the latest writes."""
PAGES = "pages"
"""Set by the gate on a request whose list is to come in pages of so many items."""


class Blobs(Protocol):
    """What the control plane needs of blob storage; `reconciler.sandbox.storage` provides it."""

    def put(
        self,
        account: str,
        container: str,
        name: str,
        data: bytes,
        metadata: dict[str, str] | None = None,
    ) -> None: ...
    def get(self, account: str, container: str, name: str) -> bytes | None: ...
    def list(self, account: str, container: str, prefix: str) -> list[str]: ...
    def create_container(self, account: str, container: str) -> None: ...
    def delete_account(self, account: str) -> None: ...
    def export(self) -> Json: ...
    def replace(self, snapshot: Json) -> None: ...


class Files(Protocol):
    """What the control plane needs of file shares."""

    def create_share(self, account: str, share: str) -> None: ...
    def get(self, account: str, share: str, path: str) -> bytes | None: ...
    def list(self, account: str, share: str, prefix: str = "") -> list[str]: ...
    def delete_account(self, account: str) -> None: ...
    def export(self) -> Json: ...
    def replace(self, snapshot: Json) -> None: ...


class Kind(Protocol):
    """What others than ARM's engine need of a resource type; `arm.types.ResourceType` is one."""

    @property
    def type(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def versions(self) -> tuple[str, ...]: ...
    @property
    def tracked(self) -> bool: ...
    @property
    def actions(self) -> Mapping[str, Callable[[World, Record, Call], Answer]]: ...


class Operations(Protocol):
    """What others than ARM's engine need of long-running operations: `arm.lifecycle`."""

    def catch_up(self) -> None: ...
    def open(
        self, record: Record, verb: str, retry_after_s: int = 10, word: str = "InProgress"
    ) -> str: ...
    def close(self, operation: str, error: Json | None) -> None: ...
    def fail(self, operation: str, error: Json) -> None: ...
    def settle(self, record: Record, *, polled: bool = False) -> Record | None: ...
    def remove(self, record: Record) -> None: ...
    def headers(
        self, record: Record, style: Lro, operation: str, version: str
    ) -> dict[str, str]: ...


class Arm(Protocol):
    """What resource types and data planes need of ARM; `arm.engine.Engine` provides it."""

    @property
    def types(self) -> Mapping[str, Kind]: ...
    @property
    def lifecycle(self) -> Operations: ...
    def handle(self, call: Call) -> Answer: ...
    def record(self, resource_id: str) -> Record: ...
    def present(self, record: Record, version: str = "9999") -> Json: ...
    def has_role(self, principal_id: str, scope: str, roles: tuple[str, ...]) -> bool: ...


class World:
    """State, time, identity and storage of one sandbox.

    `base_url` has no trailing slash. `arm`, `blobs` and `files` are set by `app` before the
    first request. Everything runs on one event loop thread: no locking is needed.
    """

    blobs: Blobs
    files: Files
    arm: Arm
    serves_forge: bool = False
    """Whether GitHub and Azure DevOps are served, too."""
    serves_git: bool = False
    """Whether git repositories are served, too."""
    runs_code: bool = False
    """Whether the commands of jobs are run here; never kept: each start begins without."""

    def __init__(
        self,
        state: Path,
        *,
        store: Store,
        clock: Clock,
        identity: Identity,
        base_url: str,
    ) -> None:
        self.state = state
        self.store = store
        self.clock = clock
        self.identity = identity
        self.base_url = base_url
        self.journal = Journal(store)
        self.settings = Settings(store)

    def resource(self, resource_id: str) -> Json | None:
        """Return the stored ARM resource as GET would show it, or None; ids are case-insensitive."""
        record = self.store.get(resource_id)
        return None if record is None else self.arm.present(record)

    def account_for_name(self, account: str) -> Json | None:
        """Return the ARM resource of a storage account by its global name, or None."""
        record = self.store.find_named("Microsoft.Storage/storageAccounts", account)
        return None if record is None else self.arm.present(record)

    def account_key(self, account: str, number: int = 1) -> str:
        """Return key 1 or 2 (base64) of a storage account. Raises KeyError if there is none."""
        record = self.store.find_named("Microsoft.Storage/storageAccounts", account)
        if record is None:
            raise KeyError(account)
        return str(record.hidden["keys"][number - 1])

    def has_role(self, principal_id: str, scope: str, roles: tuple[str, ...]) -> bool:
        """Say whether a principal effectively holds one of the built-in roles (by name) at scope.

        Looks at assignments on the scope and above it, and only at those whose propagation
        delay has passed. The built-in service principal is Owner of everything, which does not
        include data roles: they are listed by name in `roles` like any other.
        """
        return self.arm.has_role(principal_id, scope, roles)
