"""A call in a process of its own: what it says, what it costs, and whether it ends."""

import json
import os
import resource
import select
import signal
from dataclasses import dataclass
from pathlib import Path

HANG_S = 60.0
MOST_CPU_S = 30


@dataclass(frozen=True)
class Told:
    """How a call ended: `mib` is what it took beyond what the process had."""

    returncode: int = 0
    stdout: str = ""
    stderr: str = ""
    cpu_s: float = 0.0
    mib: int = 0
    hangs: bool = False


def apart(call):
    """Return how a call in a fork ended, whose result has a code and two texts."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _carry_out(call, write)
    os.close(write)
    text = _all_of(read)
    if text is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if text is None:
        return Told(hangs=True)
    if not text:
        return Told(os.waitstatus_to_exitcode(status), stderr="internal error: the process is gone")
    return Told(**json.loads(text))


def _all_of(pipe):
    """Return what comes until the other side ends; None when it does not."""
    found = b""
    with os.fdopen(pipe, "rb", buffering=0) as stream:
        while select.select([stream], [], [], HANG_S)[0]:
            chunk = stream.read(1 << 16)
            if not chunk:
                return found
            found += chunk
    return None


def _carry_out(call, pipe):
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
        before, began = _peak_kib(), _cpu_s()
        done = call()
        told = Told(
            int(done.returncode),
            done.stdout,
            done.stderr,
            round(_cpu_s() - began, 3),
            (_peak_kib() - before) >> 10,
        )
        with os.fdopen(pipe, "w", encoding="utf-8", errors="replace") as stream:
            json.dump(told.__dict__, stream)
    finally:
        os._exit(1)


def _peak_kib():
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def _cpu_s():
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)
