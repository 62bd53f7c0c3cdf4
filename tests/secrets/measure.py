"""The figures of secrets: `measured()` runs every command and looks for every secret.

The commands, the secrets and the detector are those of the tests beside it.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.launch import launch
from tests.secrets.conftest import CANARIES, SPEC, Scenario
from tests.secrets.detector import find, leaks
from tests.secrets.test_detector import SECRET, SEEDED
from tests.secrets.test_nowhere import COMMANDS, written
from tests.support.azure import Azure


@dataclass(frozen=True)
class Measured:
    """How often a secret was seen where none may be, and how many seeded leaks were."""

    commands: int
    secrets: int
    hits: int
    caught: int
    seeded: int


def measured():
    """Return the figures; applies the whole scenario and runs every command, some 30 s."""
    with (
        tempfile.TemporaryDirectory() as folder,
        launch(Path(folder) / "state", clock="instant") as server,
    ):
        return _measure(Scenario(Azure(server)), Path(folder) / "plan.json")


def _measure(scenario, plan):
    texts = [written(scenario.run("apply", SPEC, "--yes", "-v"))]
    texts += [written(scenario.run(*words)) for words in COMMANDS.values()]
    texts.append(
        written(scenario.run("plan", SPEC, "--out", str(plan))) + plan.read_text(encoding="utf-8")
    )
    secrets = scenario.secrets()
    hits = sum(len(leaks(secrets, text)) for text in texts)
    hits += len(leaks(CANARIES, str(scenario.azure.entries())))
    caught = sum(1 for leak in SEEDED.values() if find(SECRET, leak))
    return Measured(len(texts), len(secrets), hits, caught, len(SEEDED))
