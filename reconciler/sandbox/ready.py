"""What a server was asked for, and the record by which others find it once it is ready."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.sandbox.private import write_private
from reconciler.sandbox.store import VERSION
from reconciler.sandbox.tls import ca_file
from reconciler.sandbox.world import World

Json = dict[str, Any]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Options:
    """What the command line asked for; port 0 means the remembered one, else any free one."""

    state: Path
    port: int = 0
    attached: bool = False
    clock: str = "auto"
    tells_keys: bool = True
    """Whether the whole record is printed, secrets too: for programs."""
    forge: bool = False
    """Whether GitHub and Azure DevOps are served, too."""
    git: bool = False
    """Whether git repositories are served, too."""


def describe(world: World, options: Options, port: int) -> Json:
    """Return the ready record, as printed and as kept in server.json."""
    identity = world.identity
    return {
        "url": world.base_url,
        "port": port,
        "pid": os.getpid(),
        "state": str(options.state.resolve()),
        "ca_file": str(ca_file(options.state.resolve())),
        "control_token": identity.control_token,
        "tenant_id": identity.tenant_id,
        "client_id": identity.client_id,
        "client_secret": identity.client_secret,
        "identity_header": identity.identity_header,
        "version": VERSION,
    }


def for_people(record: Json) -> str:
    """Return what somebody at a terminal needs of a record: without secrets, which others could read there."""
    state = shlex.quote(record["state"])
    return f"""Azure emulator at {record["url"]}, until Ctrl-C. In another terminal:

  reconcile plan SPEC --sandbox {record["url"]}
  eval "$(reconcile sandbox env --state {state})"   # for the Azure SDKs and az there

State: {record["state"]}. Its keys: the same command with `-o json`."""


def records_dir() -> Path:
    """Return where running sandboxes are recorded by port."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "reconcile" / "sandboxes"


def publish(state: Path, record: Json) -> None:
    """Record a running server in its state directory and by port."""
    _write_record(state / "server.json", record)
    folder = records_dir()
    with contextlib.suppress(OSError):  # only `find(url)` needs it; a read-only home is no reason
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_record(folder / f"{record['port']}.json", record)


def unpublish(port: int) -> None:
    """Forget the record by port."""
    with contextlib.suppress(OSError):
        (records_dir() / f"{port}.json").unlink()


def _write_record(file: Path, record: Json) -> None:
    write_private(file, json.dumps(record).encode())
