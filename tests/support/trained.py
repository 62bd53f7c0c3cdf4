"""A sandbox of its own in which a spec has trained once: made once, put back for every test."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.operations.load import Loaded
from reconciler.sandbox.launch import Server
from tests.support.azure import Azure, edited

SPEC = "examples/bring-your-own-data.yaml"


@dataclass(frozen=True)
class Trained:
    """The server, the spec that was applied, where it lies, and what Azure held then."""

    server: Server
    loaded: Loaded
    folder: Path
    world: dict

    def put_back(self, azure):
        """Return the sandbox as it was after the training, with an empty journal."""
        azure.restore(self.world)
        return azure


@contextmanager
def trained_once(pool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spec")
    loaded = edited(folder, SPEC)
    with pool.lent() as server:
        azure = Azure(server)
        _, problems = azure.apply(loaded)
        assert problems == []
        yield Trained(server, loaded, folder, azure.snapshot())
