"""What the sandbox costs: its start, reads in a second over HTTPS, reads among many resources.

Reads are measured with wrk (https://github.com/wg/wrk, Debian's `wrk`) over keep-alive
connections; where wrk is not installed that row says so. One sandbox is one Python process on
one core, wrk runs on the other.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.world import SandboxProcess

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/bench"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
VERSIONS = "?api-version=2023-01-31"
MANY = 10_000
CONNECTIONS = 16
SECONDS = 5
SINGLE_READS = 400


def rows(runs: int) -> list[tuple[str, str]]:
    """Return every figure of the sandbox."""
    return [*start_up(runs), *reads()]


def start_up(runs: int) -> list[tuple[str, str]]:
    """Return the time from the start of the process to its first answer."""
    found = []
    for name in ("new state", "old state"):
        with tempfile.TemporaryDirectory() as folder:
            if name == "old state":
                _first_answer_s(Path(folder) / "state")
            fresh = name == "new state"
            times = [
                _first_answer_s(Path(folder) / (f"state{run}" if fresh else "state"))
                for run in range(runs)
            ]
        figure = f"{statistics.median(times):.3f} s wall (median of {runs})"
        found.append((f"sandbox to its first answer, {name}", figure))
    return found


def _first_answer_s(state: Path) -> float:
    started = time.perf_counter()
    with SandboxProcess(state) as sandbox:
        Client(sandbox).close()
        return time.perf_counter() - started


def reads() -> list[tuple[str, str]]:
    """Return GETs in a second, and what one GET takes among few and among many resources."""
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(Path(folder)) as sandbox:
        client = Client(sandbox)
        client.ask("PUT", f"{GROUP}?api-version=2024-11-01", {"location": "eastus"})
        client.ask("PUT", f"{IDENTITIES}/id0{VERSIONS}", {"location": "eastus"})
        found = [("sandbox GETs", _wrk(sandbox, client.headers))]
        few = client.read_ms(f"{IDENTITIES}/id0{VERSIONS}")
        for number in range(1, MANY):
            client.ask("PUT", f"{IDENTITIES}/id{number}{VERSIONS}", {"location": "eastus"})
        many = client.read_ms(f"{IDENTITIES}/id{MANY // 2}{VERSIONS}")
        found.append(
            (
                "one GET",
                f"{few:.2f} ms among 2 resources, {many:.2f} ms among {MANY:,} ({many / few:.2f}x)",
            )
        )
        found.append((f"sandbox GETs, {MANY:,} resources", _wrk(sandbox, client.headers)))
        client.close()
    return found


def _wrk(sandbox: SandboxProcess, headers: Mapping[str, str]) -> str:
    program = shutil.which("wrk")
    if program is None:
        return "not measured: wrk is not installed"
    command = [program, "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    command += ["-H", f"Authorization: {headers['Authorization']}"]
    command.append(f"{sandbox.url}{IDENTITIES}/id0{VERSIONS}")
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"the sandbox refused reads:\n{text}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate is not None, text
    return f"{float(rate[1]):,.0f} in a second ({CONNECTIONS} connections, {SECONDS} s)"


class Client:
    """One signed-in keep-alive connection."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        """Connect and get a token."""
        ready = sandbox.ready
        context = ssl.create_default_context(cafile=ready["ca_file"])
        self._connection = http.client.HTTPSConnection("127.0.0.1", ready["port"], context=context)
        self.headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form = {
            "grant_type": "client_credentials",
            "client_id": ready["client_id"],
            "client_secret": ready["client_secret"],
            "scope": "https://management.azure.com/.default",
        }
        path = f"/{ready['tenant_id']}/oauth2/v2.0/token"
        token = self._send("POST", path, urllib.parse.urlencode(form))["access_token"]
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request. Raises SystemExit on any refusal."""
        return self._send(method, path, None if body is None else json.dumps(body))

    def read_ms(self, path: str) -> float:
        """Return the median milliseconds of a GET."""
        times = []
        for _ in range(SINGLE_READS):
            started = time.perf_counter()
            self.ask("GET", path)
            times.append(1000 * (time.perf_counter() - started))
        return statistics.median(times)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, path: str, body: str | None) -> Any:
        self._connection.request(method, path, body, self.headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)
