"""SIGTERM ends an apply within seconds, also while Azure does not answer a request."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from reconciler.cli.signals import GRACE_S
from reconciler.diagnostics import ExitCode
from reconciler.sandbox.launch import Server, launch

ROOT = Path(__file__).parents[2]
SPEC = str(ROOT / "examples" / "smallest.yaml")
RECONCILE = [sys.executable, "-m", "reconciler"]
HANGS = {"method": "PUT", "path": "/storageAccounts/", "times": 0, "action": {"delay_s": 60}}


def control(server: Server, name: str, body: object = None) -> str:
    request = urllib.request.Request(
        f"{server.url}/_sandbox/{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-sandbox-token": server.control_token},
    )
    context = ssl.create_default_context(cafile=server.ca_file)
    with urllib.request.urlopen(request, context=context) as reply:
        return str(reply.read().decode())


def writes(server: Server) -> list[str]:
    entries = map(json.loads, control(server, "journal").splitlines())
    return [e["path"] for e in entries if e["method"] in ("PUT", "PATCH", "DELETE")]


def test_sigterm_does_not_wait_for_a_request_that_hangs(tmp_path: Path) -> None:
    with launch(tmp_path, clock="instant") as server:
        control(server, "faults", HANGS)
        words = [*RECONCILE, "apply", SPEC, "--yes", "--sandbox", server.url, "--parallelism", "1"]
        environment = {"RECONCILE_SANDBOX_STATE": str(tmp_path), "PATH": "/usr/bin:/bin"}
        with subprocess.Popen(
            words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
        ) as process:
            while not json.loads(control(server, "faults"))["value"][0]["seen"]:
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            before, began = writes(server), time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            elapsed_s = time.monotonic() - began
        assert process.returncode == ExitCode.TERMINATED
        assert elapsed_s < GRACE_S + 1
        assert writes(server) == before
