"""A server of the loop for tests, and what was asked of the loop through it."""

import threading

import requests

from reconciler.cloud.traffic import Traffic
from reconciler.gitops.config_told import HttpConfig
from reconciler.gitops.http import Told
from reconciler.gitops.http_thread import HttpThread
from reconciler.gitops.last_passes import LastPasses
from reconciler.gitops.metrics import Metrics
from reconciler.gitops.vitals import Vitals

TOKEN, SECRET, PASSWORD = "a-token-of-the-loop", "a-secret-of-github", "a-password-of-azure"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Served:
    """The server, at a port of its own."""

    def __init__(self, folder, *, lifetime_s=30.0, **access):
        files = {"token_file": TOKEN, "github_secret_file": SECRET}
        files["azure_devops_password_file"] = PASSWORD
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
        self.folder, self.clock = folder, Clock()
        given = {name: str(folder / name) for name in files} | access
        self.last, self.vitals = LastPasses(), Vitals(now=self.clock)
        self.metrics = Metrics(self.last, self.vitals, Traffic())
        self.asked, self.heard = [], threading.Event()
        told = Told(
            self.vitals,
            self.last,
            self.metrics,
            lambda: ["chat", "new"],
            self._hear,
            lambda: self._hear("source"),
            HttpConfig(**given),
        )
        self.thread = HttpThread(told, "127.0.0.1:0", lifetime_s=lifetime_s)
        self.thread.start()

    def _hear(self, what):
        self.asked.append(what)
        self.heard.set()

    def passed(self, *ends):
        for end in ends:
            self.last.passed(end)
            self.metrics.passed(end)

    def ask(self, path, method="GET", **options):
        url = f"http://127.0.0.1:{self.thread.port}{path}"
        return requests.request(method, url, timeout=10, **options)
