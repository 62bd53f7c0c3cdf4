"""Runs the command of a job in a child process, where the user asked for that (`--sandbox-runs-code`).

One process on this machine, whatever the job says of nodes and images: in a folder of its own with
the job's code, inputs as files and outputs collected, without our environment, with limits of CPU
time, memory, size and time. It runs as the user does and can do what the user can: that is why it
is off unless asked for. The event loop never waits for it: a job that is not done stays Running.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import command_jobs, ml, training_data
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.finetuning import JobFailedError
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
CPU_S, WALL_S = 60, 120
MEMORY_KIB, FILE_KIB = 2 << 20, 256 << 10
OUTPUT_BYTES = 256 << 20
LOG_BYTES = 256 << 10
TOLD_LINES = 8
"""So many of the last lines of a log stand in the reason of a failure."""
LIMITED = (
    f"ulimit -t {CPU_S}; ulimit -f {FILE_KIB * 2}; ulimit -v {MEMORY_KIB} 2>/dev/null; "
    f'(sleep {WALL_S}; kill -9 0) >/dev/null 2>&1 & exec /bin/sh -c "$1"'
)
_NAMED = re.compile(r"\$\{\{\s*+(inputs|outputs)\.([A-Za-z0-9_]++)\s*+\}\}")
_CHILDREN: dict[str, Child] = {}


@dataclass(frozen=True)
class Child:
    """A command that runs, and the folder that it runs in."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        """What it wrote so far, at most its end."""
        content = (self.folder / "log").read_bytes()
        return content[-LOG_BYTES:].decode("utf-8", "replace")

    def end(self) -> None:
        """Kill what is left of it and remove its folder."""
        with suppress(ProcessLookupError):  # it ended, and so did what it had started
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(world: World, job: Record) -> None:
    """Start the command of a job. Raises JobFailedError where its code or data is missing."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-run-"))
    properties = job.body["properties"]
    try:
        paths = _laid_out(world, job, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    command = _NAMED.sub(lambda m: paths.get((m[1], m[2]), m[0]), properties["command"])
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", LIMITED, "sh", command],
            cwd=folder / "code",
            env=_environment(folder, job),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _CHILDREN[job.id] = Child(process, folder)
    job.hidden["ran"] = True


def has_ended(world: World, job: Record) -> bool:
    """Return whether the command is done; its outputs are then collected.

    One that this sandbox does not know any more is started again. Raises JobFailedError with the
    end of its log where it failed.
    """
    child = _CHILDREN.get(job.id)
    if child is None:
        start(world, job)
        return False
    code = child.process.poll()
    job.hidden["log"] = child.log
    if code is None:
        return False
    del _CHILDREN[job.id]
    try:
        if code:
            raise JobFailedError(_failure(code, job.hidden["log"]), "UserScriptError")
        _collect(world, job, child.folder)
    finally:
        child.end()
    return True


def stop(job: Record) -> None:
    """End the command of a job that is cancelled."""
    child = _CHILDREN.pop(job.id, None)
    if child:
        child.end()


@atexit.register
def _stop_all() -> None:
    for child in _CHILDREN.values():
        child.end()


def _failure(code: int, log: str) -> str:
    end = "\n".join(log.strip().splitlines()[-TOLD_LINES:])
    why = f"was killed by signal {-code} (limits: {CPU_S} s of CPU, {WALL_S} s, 2 GiB)"
    said = why if code < 0 else f"exited with status {code}"
    return f"the command {said}: {end}"


def _environment(folder: Path, job: Record) -> dict[str, str]:
    return {
        "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AZUREML_RUN_ID": job.name,
        **dict.fromkeys(("RANK", "LOCAL_RANK", "NODE_RANK"), "0"),
        "WORLD_SIZE": "1",
        **(job.body["properties"].get("environmentVariables") or {}),
    }


def _laid_out(world: World, job: Record, folder: Path) -> dict[tuple[str, str], str]:
    """Write code and inputs; return the text for each input and output in the command."""
    for name in ("bin", "code", "inputs", "outputs"):
        (folder / name).mkdir()
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(sys.executable)
    code = str(job.body["properties"].get("codeId") or "")
    if code:
        _copy(world, job, str(_code_uri(world, code)), folder / "code")
    found: dict[tuple[str, str], str] = {}
    for name, entry in (job.body["properties"].get("inputs") or {}).items():
        found["inputs", name] = _input(world, job, name, entry, folder)
    for name, entry in (job.body["properties"].get("outputs") or {}).items():
        place = folder / "outputs" / name
        if (entry or {}).get("jobOutputType") != "uri_file":
            place.mkdir()
        found["outputs", name] = str(place)
    return found


def _code_uri(world: World, code: str) -> str:
    record = world.store.get(code)
    if record is None:
        raise JobFailedError(f"The code {code} was not found.", "CodeNotFound")
    return str(record.body["properties"]["codeUri"])


def _input(world: World, job: Record, name: str, entry: Json, folder: Path) -> str:
    if entry.get("jobInputType") == "literal":
        return str(entry.get("value"))
    place = folder / "inputs" / name
    place.mkdir()
    names = _copy(world, job, str(entry.get("uri") or ""), place)
    is_file = entry.get("jobInputType") == "uri_file" and len(names) == 1
    return str(place / names[0] if is_file else place)


def _copy(world: World, job: Record, uri: str, to: Path) -> list[str]:
    """Write the blob, or those of the folder, that a URI means; return their names below it."""
    try:
        place = command_jobs.place_of(world, ml.workspace_id(job.id), uri)
    except (training_data.DataError, ArmError) as error:
        raise JobFailedError(f"{uri}: {error}", "DataAccessError") from error
    store = world.files if place.is_share else world.blobs
    single = store.get(place.account, place.container, place.path)
    if single is not None:
        found = {place.path.rpartition("/")[2]: single}
    else:
        prefix = f"{place.path.rstrip('/')}/"
        names = store.list(place.account, place.container, prefix)
        contents = ((n, store.get(place.account, place.container, n)) for n in names)
        found = {
            name.removeprefix(prefix): content for name, content in contents if content is not None
        }
    for name, content in found.items():
        file = to / name
        if ".." in file.parts or not file.is_relative_to(to):
            raise JobFailedError(f"{uri}: {name} leads out of its folder.", "DataAccessError")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return list(found)


def _collect(world: World, job: Record, folder: Path) -> None:
    """Put what the command wrote where its outputs are."""
    left = OUTPUT_BYTES
    for name, entry in (job.body["properties"].get("outputs") or {}).items():
        place = folder / "outputs" / name
        account, container, path = command_jobs.output_place(world, job, name, entry or {})
        for file in _files(place):
            left -= file.stat().st_size
            if left < 0:
                raise JobFailedError(
                    f"{name}: more than {OUTPUT_BYTES >> 20} MiB", "OutputTooLarge"
                )
            below = "" if file == place else f"/{file.relative_to(place).as_posix()}"
            world.blobs.put(account, container, f"{path}{below}", file.read_bytes())


def _files(place: Path) -> Iterator[Path]:
    """Yield the regular files of an output; what is a link is no output."""
    if place.is_file() and not place.is_symlink():
        yield place
    for folder, _, names in os.walk(place):
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_file() and not file.is_symlink():
                yield file
