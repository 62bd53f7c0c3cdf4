"""A sandbox of its own in which a spec has trained once: made once, put back for every test."""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.operations.load import Loaded
from reconciler.sandbox.launch import Server, launch
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
        azure.control("DELETE", "faults")
        azure.control("POST", "restore", self.world)
        azure.clear_journal()
        return azure


@contextmanager
def trained_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spec")
    loaded = edited(folder, SPEC)
    with launch(tmp_path_factory.mktemp("sandbox"), clock="instant") as server:
        azure = Azure(server)
        _, problems = azure.apply(loaded)
        assert problems == []
        yield Trained(server, loaded, folder, json.loads(azure.control("GET", "snapshot?bytes=1")))
