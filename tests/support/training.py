"""A sandbox, and specs that train: the world of the tests of datasets, jobs and models."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ExitCode
from reconciler.operations.apply.executor import Report, apply
from reconciler.operations.load import Loaded, load_document
from reconciler.operations.plan.build import Plan, PlanOptions, plan
from reconciler.operations.plan.destroy import plan_destroy
from reconciler.operations.progress import NullProgress
from reconciler.sandbox.launch import Server
from reconciler.spec.document import parse
from tests.support.controls import Pool
from tests.support.signed_in import SignedIn

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
COMMIT = "8049631c405ae6576f93f445c6b8166f76f5505a"
API = "2026-05-01"
JOBS_API = "2024-10-01-preview"


def spec(name: str, *changes: tuple[str, str]) -> str:
    """Return a spec of its own group; `changes` replace text in it."""
    text = f"""
version: 1
name: {name}
target: {{subscription_id: {SUBSCRIPTION}, resource_group: rg-{name}, location: eastus}}
quota:
  - {{vm_family: standardNCADSA100v4Family, cores: 24, on_short: request}}
workspace:
  name: ws-{name}
  storage_account: {{name: {name}storage}}
  key_vault: {{name: kv-{name}}}
  application_insights: {{name: ins-{name}}}
identities:
  uai-{name}:
    role_assignments:
      - {{role: Storage Blob Data Contributor, scope: "${{{{ workspace.storage_account }}}}"}}
compute:
  gpu:
    size: Standard_NC24ads_A100_v4
    max_instances: 1
    identity: {{type: user_assigned, user_assigned_identities: ["${{{{ identities.uai-{name} }}}}"]}}
datasets:
  chats:
    source:
      type: huggingface
      repo: HuggingFaceH4/ultrachat_200k
      revision: {COMMIT}
      split: "train_sft[:10%]"
jobs:
  tune:
    model: azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14
    training_data: ${{{{ datasets.chats.train }}}}
    validation_data: ${{{{ datasets.chats.test }}}}
    compute: ${{{{ compute.gpu }}}}
    hyperparameters: {{num_train_epochs: 1, learning_rate: 0.00002, apply_lora: true}}
models:
  phi3: {{path: "${{{{ jobs.tune.outputs.registered_model }}}}"}}
"""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Events(NullProgress):
    """Watches an apply and keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, address: str, message: str, *, link: str = "") -> None:
        self.said.append(f"{address}: {message}")

    def started(self, address: str, action: Any) -> None:
        pass

    def finished(self, outcome: Any) -> None:
        pass


class Azure(SignedIn):
    """The sandbox as a test sees it, and the product's operations on it."""

    def __init__(self, server: Server, folder: Path) -> None:
        super().__init__(server)
        self.folder = folder
        self.arm = self.connection().arm

    def connection(self, *, read_only: bool = False) -> RunScope:
        return self.run(SUBSCRIPTION, read_only=read_only)

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        return self.entries(since)

    def now(self) -> int:
        return max((int(e["seq"]) for e in self.journal()), default=0)

    def writes(self, since: int, part: str = "") -> list[str]:
        """Return the last two parts of the path of every PUT, PATCH and DELETE."""
        return [
            f"{e['method']} {'/'.join(e['path'].split('/')[-3:])}"
            for e in self.journal(since)
            if e["method"] in ("PUT", "PATCH", "DELETE") and part in e["path"]
        ]

    def load(self, text: str) -> Loaded:
        return load_document(parse(text, str(self.folder / "spec.yaml"), self.folder))

    def plan(self, text: str, **options: Any) -> Plan:
        return plan(self.load(text), self.connection(read_only=True), PlanOptions(**options))

    def apply(self, text: str, *, retry: tuple[str, ...] = (), **options: Any) -> Report:
        planned = self.plan(text, retry=retry)
        options.setdefault("progress", Events())
        return apply(self.load(text), self.connection(), planned, **options)

    def applied(self, text: str, **options: Any) -> Report:
        report = self.apply(text, **options)
        problems = [(o.address, o.problems) for o in report.outcomes if o.problems]
        assert report.exit_code is ExitCode.OK, problems
        return report

    def destroy(self, text: str) -> Report:
        loaded, connection = self.load(text), self.connection()
        return apply(loaded, connection, plan_destroy(loaded, connection), progress=Events())

    def workspace(self, name: str) -> str:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{name}"
        return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/ws-{name}"

    def list(self, path: str, version: str = API) -> list[dict[str, Any]]:
        return self.arm.list(path, version)


@contextlib.contextmanager
def training_in(pool: Pool, folders: pytest.TempPathFactory) -> Iterator[Azure]:
    """Lend an empty sandbox, with a folder for specs and a cache of data that is empty too."""
    with pool.lent() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECONCILE_CACHE", str(folders.mktemp("cache")))
        yield Azure(server, folders.mktemp("spec"))
