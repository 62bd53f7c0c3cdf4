"""The loop in half a minute, on this machine alone: `make demo-loop`.

It starts a sandbox with a git repository in it, runs `reconcile loop` on that, pushes a change,
changes something behind its back, and shows what the loop did about each.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

RECONCILE = str(Path(sys.executable).with_name("reconcile"))
LONGEST_S = 60.0
"""How long one step may take before the demonstration gives up; each takes seconds."""
PAUSE_S = 0.1
"""How often it is looked whether something happened."""
ASK_S = 2.0
"""How often the loop is asked to look now, as a webhook would."""
AGAIN_WELL = ("Succeeded", "Recovered")
REPO = "acme/ml"
SPEC = """\
version: 1
name: team
target: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-team, location: eastus}
tags: {team: ml}
workspace:
  name: ws-team
  storage_account: {name: demoloopstore}
  key_vault: {name: demo-loop-kv}
  application_insights: {name: demo-loop-insights}
compute:
  cpu: {size: Standard_DS3_v2, max_instances: 1}
"""
BIGGER = SPEC.replace("max_instances: 1", "max_instances: 4")
CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-team/providers/"
    "Microsoft.MachineLearningServices/workspaces/ws-team/computes/cpu"
)
BY_HAND = '{"properties": {"properties": {"scaleSettings": {"maxNodeCount": 9}}}}'
CONFIG = """\
version: 1
source: {{url: "{url}/_git/{repo}.git", ref: refs/heads/main, poll: 60s}}
defaults: {{interval: 60s, drift: correct, changes: auto}}
specs:
  - {{name: team, path: specs/team.yaml}}
listen: 127.0.0.1:{port}
"""


class StuckError(Exception):
    """A step that did not come to its end."""


def main() -> int:
    """Run the demonstration. Returns 0 when the loop did all that it should."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-demo-"))
    try:
        with _sandbox(folder) as url:
            _show(folder, url)
    except StuckError as stuck:
        print(f"error: {stuck}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _show(folder: Path, url: str) -> None:
    _say("a sandbox of Azure and a git repository, both on this machine")
    _commit(folder, SPEC, "init", REPO, "repo")
    port = _free_port()
    (folder / "loop.yaml").write_text(CONFIG.format(url=url, repo=REPO, port=port))
    with _loop(folder) as told:
        told.wait_for_its_start(f"http://127.0.0.1:{port}/livez")
        _say("the loop reads the spec from git, and makes Azure match it")
        told.until(lambda event: event["reason"] == "Succeeded")
        _say("somebody pushes: the cluster may have four nodes")
        _commit(folder, BIGGER, "commit", REPO, "specs/team.yaml")
        told.until(lambda event: event["reason"] == "Succeeded" and told.matches())
        _say("somebody sets it to nine in the portal: the loop is to correct what drifts")
        _run(folder, "sandbox", "drift", "edit", CLUSTER, BY_HAND)
        told.until(lambda event: event["reason"] in AGAIN_WELL and told.matches())
        _say("SIGTERM: it ends within seconds, with exit code 0")
    print(f"exit code {told.code}")


class Told:
    """A running loop, and the events that it prints."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        """Follow the loop of a folder."""
        self._folder = folder
        self._process = process
        self._seen = 0
        self._asked = 0.0

    @property
    def code(self) -> int | None:
        """How the loop ended."""
        return self._process.returncode

    def wait_for_its_start(self, url: str) -> None:
        """Wait until the loop answers over HTTP. Raises `StuckError` where it does not."""
        for _ in range(int(LONGEST_S / PAUSE_S)):
            with suppress(OSError), urllib.request.urlopen(url, timeout=LONGEST_S):
                return
            self._check_running()
            time.sleep(PAUSE_S)
        raise StuckError(f"{url} does not answer")

    def _check_running(self) -> None:
        if self._process.poll() is not None:
            raise StuckError(f"the loop ended: {(self._folder / 'loop.err').read_text()}")

    def _look_now(self) -> None:
        """Ask for a look at all specs, as a webhook does: by itself it looks twice a minute."""
        if time.monotonic() >= self._asked + ASK_S:
            self._asked = time.monotonic()
            self._process.send_signal(signal.SIGHUP)

    def matches(self) -> bool:
        """Return whether Azure is as the spec says now."""
        words = ("plan", "repo/specs/team.yaml", "--sandbox", "--detailed-exitcode", "--no-prices")
        done = subprocess.run(
            [RECONCILE, *words], cwd=self._folder, capture_output=True, check=False
        )
        return done.returncode == 0

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """Print events until one is as wanted. Raises `StuckError` where none comes."""
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            self._check_running()
            self._look_now()
            for event in self._new():
                print(f"    {event['spec']}: {event['reason']}: {event['message']}")
                if is_it(event):
                    return
            time.sleep(PAUSE_S)
        raise StuckError(f"nothing happened for {LONGEST_S:.0f} seconds")

    def _new(self) -> Iterator[dict[str, Any]]:
        lines = (self._folder / "loop.out").read_text().splitlines()
        for line in lines[self._seen :]:
            self._seen += 1
            yield json.loads(line)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """Yield the URL of a sandbox with git repositories."""
    words = ("sandbox", "serve", "--git", "--clock", "speed=600", "-o", "json")
    with (
        (folder / "box.err").open("w") as err,
        subprocess.Popen(
            [RECONCILE, *words], cwd=folder, stdout=subprocess.PIPE, stderr=err, text=True
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise StuckError((folder / "box.err").read_text())
            yield json.loads(line)["url"]
        finally:
            process.terminate()


@contextmanager
def _loop(folder: Path) -> Iterator[Told]:
    """Yield a running loop, and end it as a container is ended."""
    with (
        (folder / "loop.out").open("w") as out,
        (folder / "loop.err").open("w") as err,
        subprocess.Popen(
            [RECONCILE, "loop", "loop.yaml", "--sandbox"],
            cwd=folder,
            stdout=out,
            stderr=err,
            text=True,
        ) as process,
    ):
        try:
            yield Told(folder, process)
        finally:
            process.terminate()
            process.wait(LONGEST_S)


def _commit(folder: Path, spec: str, *words: str) -> None:
    file = folder / "repo" / "specs" / "team.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(spec)
    at = ("--state", str(folder / ".reconcile" / "sandbox"))
    _run(folder / "repo" if words[0] == "commit" else folder, "sandbox", "git", *words, *at)


def _run(folder: Path, *words: str) -> str:
    """Run a command of ours and return what it prints. Raises `StuckError` where it fails."""
    done = subprocess.run(
        [RECONCILE, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StuckError(f"{_line(words)}: {done.stderr}")
    return done.stdout


def _line(words: Sequence[str]) -> str:
    return f"reconcile {' '.join(words)}"


def _say(text: str) -> None:
    print(f"\n* {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
