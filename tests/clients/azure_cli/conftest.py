"""The Azure CLI from the package index, signed in to a sandbox that it knows as a cloud.

Sources: learn.microsoft.com/cli/azure/manage-clouds-azure-cli (`az cloud register`),
learn.microsoft.com/cli/azure/authenticate-azure-cli-service-principal.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Served

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("AZURE_CLI_PYTHON", ROOT / ".venv-azure-cli/bin/python"))


@dataclass(frozen=True)
class Ran:
    """What one command line came to."""

    exit: int
    out: str
    err: str


@dataclass
class AzureCli:
    """`az(...)` returns a command's JSON; `az.run(...)` how it ended, whether well or not."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    refused: Ran | None = field(default=None)

    def run(self, *words: str) -> Ran:
        """Run one command line, which may fail."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return Ran(**json.loads(self.process.stdout.readline()))

    def __call__(self, *words: str) -> Any:
        """Run one command line, which must succeed."""
        ran = self.run(*words)
        assert ran.exit == 0, f"az {' '.join(words)}\n{ran.err}"
        return json.loads(ran.out) if ran.out.strip() else None

    def sign_in(self, served: Served, secret: str) -> Ran:
        """Sign in as the sandbox's service principal, as the documentation has it."""
        return self.run(
            *("login", "--service-principal", "--username", served.client_id),
            *("--password", secret, "--tenant", served.tenant_id),
        )


@pytest.fixture(scope="session")
def _az(_served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureCli]:
    if not PYTHON.parent.parent.joinpath(".installed").exists():  # made last, when all is there
        pytest.skip("the Azure CLI is not installed: run `make azure-cli`")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AZURE_")},
        "AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("azure")),
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "REQUESTS_CA_BUNDLE": _served.ca_file,
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
    }
    process = subprocess.Popen(
        [str(PYTHON), str(Path(__file__).with_name("session.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        az = AzureCli(process, environment)
        az("cloud", "register", "-n", "Sandbox", "--endpoint-resource-manager", _served.url)
        az("cloud", "set", "-n", "Sandbox")
        az.refused = az.sign_in(_served, "nonsense")
        assert az.sign_in(_served, _served.client_secret).exit == 0
        yield az
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def az(_az: AzureCli, served: Served) -> AzureCli:
    """The signed-in CLI over an empty subscription with one resource group, `rg`."""
    _az("group", "create", "--name", "rg", "--location", "eastus", "--tags", "team=ml")
    return _az
