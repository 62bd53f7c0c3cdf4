"""A sandbox for the contract tests: one server, empty again for every test."""

import json
import shutil
import ssl
import urllib.request
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.cloud.connection import Cloud, Connection, SandboxAccess
from reconciler.operations.apply.executor import apply
from reconciler.operations.load import load
from reconciler.operations.plan.build import plan
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.sandbox.launch import launch
from tests.support.survey import keep

ROOT = Path(__file__).resolve().parents[2]
WRITES = ("PUT", "PATCH", "DELETE", "POST")
READING_POSTS = ("listkeys", "listsecrets", "checknameavailability")


class Quiet:
    """Watches an apply and says nothing."""

    def started(self, address, action):
        pass

    def finished(self, outcome):
        pass

    def say(self, address, message, *, link=""):
        pass

    def bytes(self, address, done, total):
        pass


class Azure:
    """What a test sees of the sandbox, and the product's operations on it."""

    def __init__(self, server):
        self.server = server
        self.access = SandboxAccess(
            server.url, server.ca_file, server.tenant_id, server.client_id, server.client_secret
        )

    def connection(self, loaded, *, read_only=False):
        return Connection(
            Cloud.of_sandbox(self.access), loaded.spec.target.subscription_id, read_only=read_only
        )

    def plan(self, loaded, **options):
        return plan(loaded, self.connection(loaded, read_only=True), **options)

    def apply(self, loaded, **options):
        report = apply(
            loaded, self.connection(loaded), self.plan(loaded), progress=Quiet(), **options
        )
        problems = [(o.address, o.problem) for o in report.outcomes if o.problem]
        return report, problems

    def destroy(self, loaded, **options):
        connection = self.connection(loaded)
        planned = plan_destroy(loaded, connection, **options)
        return apply(loaded, connection, planned, progress=Quiet())

    def control(self, method, name, body=None):
        request = urllib.request.Request(
            f"{self.server.url}/_sandbox/{name}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-sandbox-token": self.server.control_token},
        )
        context = ssl.create_default_context(cafile=self.server.ca_file)
        with urllib.request.urlopen(request, context=context) as reply:
            return reply.read().decode()

    def journal(self):
        lines = self.control("GET", "journal").splitlines()
        return [e for e in map(json.loads, lines) if e.get("kind") != "token"]

    def clear_journal(self):
        self.control("DELETE", "journal")

    def writes(self):
        """Every request since the journal was cleared that could change anything."""
        return [
            f"{e['method']} {e['path']}"
            for e in self.journal()
            if e["method"] in WRITES
            and not (e["method"] == "POST" and e["path"].lower().endswith(READING_POSTS))
        ]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with launch(tmp_path_factory.mktemp("sandbox"), clock="instant") as running:
        yield running


@pytest.fixture
def run(azure, monkeypatch, capsys):
    """Run a command of the tool on this sandbox, never waiting; return exit code and stdout."""
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(Path(azure.server.ca_file).parent))
    monkeypatch.setattr(Connection, "sleep", lambda _self, _seconds: None)

    def command(*words, spec="examples/smallest.yaml"):
        name, *options = words
        capsys.readouterr()
        code = main([name, str(ROOT / spec), *options, "--sandbox", azure.server.url])
        return code, capsys.readouterr().out

    return command


@pytest.fixture
def azure(server):
    world = Azure(server)
    keep(world.control("GET", "journal"))
    world.control("POST", "reset", {})
    return world


@pytest.fixture
def applied(azure):
    """The smallest example, applied, and an empty journal."""
    loaded = load(str(ROOT / "examples/smallest.yaml"))
    _, problems = azure.apply(loaded)
    assert problems == []
    azure.clear_journal()
    return loaded


def edited(tmp_path, example, *changes):
    """Return an example with some of its text replaced, loadable from anywhere."""
    text = (ROOT / example).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder = (ROOT / example).parent
    if "../examples/flows" in text:
        text = text.replace("../examples/flows", "flows")
        shutil.copytree(ROOT / "examples" / "flows", tmp_path / "flows", dirs_exist_ok=True)
    if (folder / "data").is_dir():
        # Data must lie beside its spec: a path that leads out is refused.
        shutil.copytree(folder / "data", tmp_path / "data", dirs_exist_ok=True)
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    return load(str(file))
