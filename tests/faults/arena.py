"""A sandbox and commands that are run in it, each in a process of its own that may be killed."""

import atexit
import contextlib
import gc
import http.client
import importlib
import json
import os
import select
import signal
import ssl
import sys
from collections import Counter
from urllib.parse import urlsplit

from reconciler.kinds import Spec
from tests.faults.canonical import canonical
from tests.support.forked import Running
from tests.support.outages import outages

READING_POSTS = ("listkeys", "listsecrets", "checknameavailability")


class Arena:
    """The sandbox as the harness sees it."""

    def __init__(self, server, state):
        self.server = server
        self._address = urlsplit(server.url).netloc
        self._context = ssl.create_default_context(cafile=server.ca_file)
        # Without the tickets of TLS 1.3 a connection is readable when an answer has come.
        self._context.maximum_version = ssl.TLSVersion.TLSv1_2
        self._runs = []
        self._line = None
        self.steady = ""
        """The scene that was run to its end in this world, where nothing came after it."""
        os.environ["RECONCILE_SANDBOX_STATE"] = str(state)

    def control(self, method, name, body=None):
        """Call one of the sandbox's controls and return its answer as text."""
        outages.used(self.server.url, self.control)
        data = None if body is None else json.dumps(body)
        headers = {"x-sandbox-token": self.server.control_token}
        for attempt in (1, 2):
            if self._line is None:
                self._line = self.line()
            try:
                self._line.request(method, f"/_sandbox/{name}", data, headers)
                reply = self._line.getresponse()
                text = reply.read().decode()
            except (http.client.HTTPException, OSError):
                # An idle connection that the server closed meanwhile.
                self._line.close()
                self._line = None
                if attempt == 2:
                    raise
                continue
            assert reply.status == 200, text
            return text
        raise AssertionError("unreachable")

    def line(self):
        """Return a connection to the sandbox, for a request of somebody else's."""
        return http.client.HTTPSConnection(self._address, context=self._context)

    def reset(self):
        outages.note(self.server.url, self.control)
        self.control("DELETE", "faults")
        self.control("POST", "reset", {})

    def snapshot(self):
        return json.loads(self.control("GET", "snapshot"))

    def whole(self):
        """Return a snapshot with the bytes of blobs and shares, for runs that read them."""
        return json.loads(self.control("GET", "snapshot?bytes=1"))

    def restore(self, snapshot):
        """Go back to a snapshot, with the blobs that it holds and an empty journal."""
        self.reset()
        self.steady = ""
        self.control("POST", "restore", snapshot)
        self.control("DELETE", "journal")

    def canonical(self):
        return canonical(self.snapshot())

    def journal(self):
        """Every request since the last reset, oldest first."""
        return [json.loads(line) for line in self.control("GET", "journal").splitlines()]

    def arm(self, *faults):
        for fault in faults:
            self.control("POST", "faults", fault)

    def faults(self):
        """Return the armed faults, each with how many requests it has seen."""
        return json.loads(self.control("GET", "faults"))["value"]

    def disarm(self):
        self.control("DELETE", "faults")

    def start(self, *words):
        """Fork a run of a command line that waits for `go`."""
        running = Running([*words, "--sandbox", self.server.url, "--color", "never"])
        self._runs = [*(run for run in self._runs if not run.is_joined), running]
        return running

    def clear(self):
        """End what a case that went wrong left: held requests, turns, runs that nobody joined."""
        self.disarm()
        self.control("DELETE", "turns")
        for run in self._runs:
            if not run.is_joined:
                os.kill(run.pid, signal.SIGKILL)
                os.waitpid(run.pid, 0)
        self._runs.clear()

    @staticmethod
    def as_they_end(running):
        """Yield runs in the order in which they end."""
        left = list(running)
        while left:
            ended, _, _ = select.select(left, [], [])
            for run in ended:
                left.remove(run)
                yield run

    def run(self, *words):
        """Run a command line to its end."""
        running = self.start(*words)
        running.go()
        return running.join()


def warm(ended):
    """Import what a run had imported at its end, and build the model, so that forks need not."""
    for name in ended.modules:
        if name not in sys.modules and name != "__main__":
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    Spec.model_rebuild()
    gc.freeze()
    atexit.register(gc.unfreeze)


def is_write(entry):
    reads = entry["method"] == "POST" and entry["path"].lower().endswith(READING_POSTS)
    return entry["method"] in ("PUT", "PATCH", "DELETE", "POST") and not reads


def submissions(entries):
    """Return how often each training job was committed, by its name."""
    return _jobs(entry for entry in entries if entry["committed"])


def creations(entries):
    """Return how often each training job was made: a repeated PUT of it answers 200."""
    return _jobs(entry for entry in entries if entry["status"] == 201)


def _jobs(entries):
    puts = (e for e in entries if e["method"] == "PUT" and "/jobs/" in e["path"])
    return dict(Counter(entry["path"].rpartition("/")[2] for entry in puts))
