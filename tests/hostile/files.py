"""The files that a run reads, one of each kind, and the command that reads it."""

import shutil
import time
from dataclasses import dataclass

import duckdb

from reconciler.datasets import validation_cache
from reconciler.diagnostics import ExitCode
from tests.hostile.answers import Answers
from tests.hostile.damage import damaged
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process, reconcile

SPEC = "specs/phi3-ultrachat.yaml"
OWN = "examples/bring-your-own-data.yaml"
FLOW = "examples/flows/phi3-chat"
POLICY = """\
version: 1
allow:
  locations: [eastus, westeurope]
  sizes: [Standard_*]
  roles: [Contributor]
limits:
  currency: USD
  max_instances: 4
  runs_per_day: 3
  cost_per_hour: 100
deny:
  public_network: true
  delete_kinds: [workspace]
require:
  tags: [owner]
override:
  teams: [platform]
  expires: 2030-01-01
"""
PARQUET = """COPY (SELECT [{'role': 'user', 'content': 'q' || i}, {'role': 'assistant', 'content': 'a'}]
AS messages FROM range(300) t(i)) TO '{FILE}' (FORMAT parquet)"""


@dataclass(frozen=True)
class Kind:
    """A file by its path, and the words of the commands that read it."""

    path: str
    commands: tuple[tuple[str, ...], ...]
    weight: int = 1
    """How many of the tries are of this kind."""


VALIDATE = (("validate", SPEC), ("validate", SPEC, "-o", "json"), ("graph", SPEC))
OWN_DATA = (("validate", OWN), ("validate", OWN, "-o", "json"))
KINDS = {
    "spec": Kind(SPEC, VALIDATE, 4),
    "own spec": Kind(OWN, OWN_DATA, 2),
    "rows": Kind("examples/data/support-chats.jsonl", OWN_DATA, 3),
    "Parquet": Kind("examples/data/rows.parquet", (("validate", "examples/parquet.yaml"),), 3),
    "flow": Kind(f"{FLOW}/flow.dag.yaml", (("validate", SPEC),), 3),
    "ignore file": Kind(f"{FLOW}/.gitignore", (("validate", SPEC),)),
    "Python": Kind(f"{FLOW}/chat.py", (("validate", SPEC),)),
    "requirements": Kind(f"{FLOW}/requirements.txt", (("validate", SPEC),)),
    "saved plan": Kind(
        "plan.json",
        (("show", "plan.json"), *(("show", "plan.json", "-o", o) for o in ("json", "markdown"))),
        3,
    ),
    "policy": Kind(
        "policies/policy.yaml",
        (("plan", "own/smallest.yaml", "--policy", "policies/policy.yaml"),),
        2,
    ),
}


class Tree:
    """A folder with a good file of each kind."""

    def __init__(self, folder, server):
        """Make a plan there, and keep what Azure answered to it."""
        self.folder = attached(folder, server)
        for part in ("specs", "examples"):
            shutil.copytree(ROOT / part, folder / part)
        self._write()
        self.answers = Answers()
        with self.answers.recorded():
            for words in (("plan", SPEC, "--out", "plan.json"), ("plan", "own/smallest.yaml")):
                done = self.run(words)
                assert done.returncode == ExitCode.OK, done.stderr
        self._good = {name: (folder / kind.path).read_bytes() for name, kind in KINDS.items()}

    def _write(self):
        for name in ("own", "policies"):
            (self.folder / name).mkdir()
        shutil.copy(ROOT / "examples/smallest.yaml", self.folder / "own")
        (self.folder / "policies/policy.yaml").write_text(POLICY)
        (self.folder / f"{FLOW}/.gitignore").write_text("*.log\n!keep.log\n/build/\n[a-c]*.tmp\n")
        data = self.folder / "examples/data/rows.parquet"
        duckdb.sql(PARQUET.replace("{FILE}", str(data)))
        own = (self.folder / OWN).read_text().replace("support-chats.jsonl", "rows.parquet")
        (self.folder / "examples/parquet.yaml").write_text(own)

    def run(self, words):
        """Run a command; a plan is one on the sandbox."""
        how = reconcile if words[0] == "plan" else in_process
        return how(self.folder, *words, RECONCILE_CACHE=str(self.folder / "cache"))

    def told(self, name, number, seed):
        """Return how a command ended that read a damaged file, and its seconds of a processor."""
        file, commands = self.folder / KINDS[name].path, KINDS[name].commands
        file.write_bytes(damaged(self._good[name], seed))
        validation_cache._here.clear()
        began = time.process_time()
        with self.answers.replayed():
            done = self.run(commands[number % len(commands)])
        spent = time.process_time() - began
        file.write_bytes(self._good[name])
        return done, spent
