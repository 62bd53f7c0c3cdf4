"""A sandbox for the contract tests: one server, empty again for every test."""

import pytest

from reconciler.cli.main import main
from reconciler.cloud.run_scope import RunScope
from reconciler.operations.load import load
from tests.support.azure import ROOT, Azure
from tests.support.controls import state_of


@pytest.fixture(scope="module")
def server(pool):
    with pool.lent() as lent:
        yield lent


@pytest.fixture
def run(azure, monkeypatch, capsys):
    """Run a command of the tool on this sandbox, never waiting; return exit code and stdout."""
    monkeypatch.setenv("RECONCILE_SANDBOX_STATE", str(state_of(azure.server)))
    monkeypatch.setattr(RunScope, "sleep", lambda _self, _seconds: None)

    def command(*words, spec="examples/smallest.yaml"):
        name, *options = words
        capsys.readouterr()
        code = main([name, str(ROOT / spec), *options, "--sandbox", azure.server.url])
        return code, capsys.readouterr().out

    return command


@pytest.fixture
def azure(server):
    world = Azure(server)
    world.empty()
    return world


@pytest.fixture(scope="module")
def smallest(server):
    """The smallest example, and the world in which it is applied: made once for a file."""
    loaded = load(str(ROOT / "examples/smallest.yaml"))
    return loaded, Azure(server).applied_world(loaded)


@pytest.fixture
def applied(azure, smallest):
    """The smallest example, applied, and an empty journal."""
    loaded, world = smallest
    azure.restore(world)
    return loaded
