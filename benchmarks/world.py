"""A sandbox of the benchmark's own: started, steered over its control plane, stopped."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self


class SandboxProcess:
    """A running sandbox with a fresh state; a context manager."""

    def __init__(self, state: Path) -> None:
        """Keep the state under `state`."""
        self._state = state
        self._process: subprocess.Popen[str] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Start it and wait for its one line."""
        command = [sys.executable, "-m", "reconciler.sandbox", "serve", "--state", str(self._state)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.ready = json.loads(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=10)

    @property
    def url(self) -> str:
        """Its address."""
        return str(self.ready["url"])

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find it."""
        return {"RECONCILE_SANDBOX_STATE": str(self._state)}

    def set_latency(self, seconds: float) -> None:
        """Delay every answer."""
        self._call("POST", "latency", {"ms": 1000 * seconds})

    def set_clock(self, mode: str) -> None:
        """Let the sandbox's time pass as it does (`auto`), or let nothing take any (`instant`)."""
        self._call("POST", "clock", {"mode": mode})

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._call("DELETE", "journal")

    def journal(self) -> list[dict[str, Any]]:
        """Return the requests to ARM and the data planes since the journal was cleared."""
        lines = self._call("GET", "journal").splitlines()
        return [e for e in map(json.loads, lines) if e.get("kind") != "token"]

    def _call(self, method: str, name: str, body: Any = None) -> str:
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{name}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "x-sandbox-token": self.ready["control_token"],
                "Content-Type": "application/json",
            },
        )
        context = ssl.create_default_context(cafile=self.ready["ca_file"])
        with urllib.request.urlopen(request, context=context) as reply:
            return str(reply.read().decode())
