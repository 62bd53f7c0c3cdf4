"""A repository with a spec, its pull requests on a forge, and what the jobs on them find there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.sandbox.launch import Server
from tests.support.commands import attached
from tests.support.controls import Controls
from tests.support.workflows import safe_environment

ROOT = Path(__file__).parents[2]
NAMED = "{name: smallestwsstorage}"
TEXT = (ROOT / "examples/smallest.yaml").read_text(encoding="utf-8")
SPEC = TEXT.replace(NAMED, f"{NAMED[:-1]}, tags: {{team: one}}}}")
LARGER = SPEC.replace("max_instances: 2", "max_instances: 3")
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-smallest/providers"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/smallestwsstorage"
PROCESS = ROOT / "tests" / "support" / "brief_process.py"
TOOLS = {
    "reconcile": f'echo "$@" >> "$ASKED"; exec {sys.executable} -P {PROCESS} "$@" $SIGNED_IN',
    "pipx": '[ "$1 $2" = "install reconcile-azureml==0.1.0" ]',
}
"""What a runner has on its path; the package is the one that is tested."""


class Reviewed:
    """A repository beside the subscription that its spec describes."""

    def __init__(self, folder: Path, server: Server, name: str, files: Path, at: str) -> None:
        self.folder, self.server, self.name = folder, server, name
        self.controls = Controls(server)
        self.controls.control("POST", "settings", {"forge": 1})
        self._asked = folder / "asked.txt"
        self._jobs = 0
        self.artifacts: dict[str, Path] = {}
        (folder / "bin").mkdir()
        for tool, script in TOOLS.items():
            (folder / "bin" / tool).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (folder / "bin" / tool).chmod(0o755)
        self.repository = folder / "repository"
        shutil.copytree(files, self.repository / at)
        (self.repository / "azure").mkdir()
        (self.repository / "azure" / "spec.yaml").write_text(SPEC, encoding="utf-8")
        (self.repository / ".gitignore").write_text(".reconcile/\n", encoding="utf-8")
        self.git("init", "-q", "-b", "main")
        self._commit()

    def git(self, *words: str) -> None:
        """Run git in the repository."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *identity, *words], cwd=self.repository, check=True)

    def _commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A change")

    def pull_request(self, text: str, *, file: str = "azure/spec.yaml") -> int:
        """Open a pull request with one change, make its merge commit, and return its number."""
        number = int(self.forge(op="open", repo=self.name, head="change", by="ann")["number"])
        self.git("checkout", "-q", "-b", f"change-{number}", "main")
        (self.repository / file).write_text(text, encoding="utf-8")
        self._commit()
        self.git("checkout", "-q", "-B", f"merge-{number}", "main")
        self.git("merge", "-q", "--no-ff", "-m", "Merge", f"change-{number}")
        return number

    def clone_to(self, folder: Path) -> None:
        """Check the repository out, beside the subscription."""
        self.git("clone", "-q", str(self.repository), str(folder))
        attached(folder, self.server)

    def forge(self, **words: Any) -> Any:
        """Do something on the forge."""
        return json.loads(self.controls.control("POST", "forge", words))

    def token(self, login: str, **permissions: str) -> str:
        """Return a new token of somebody, or of what runs the jobs."""
        named = {name.replace("_", "-"): level for name, level in permissions.items()}
        return str(self.forge(op="token", login=login, permissions=named or None)["token"])

    def runner(self) -> tuple[Path, dict[str, str]]:
        """Return the folder and the environment of another job."""
        self._jobs += 1
        folder = self.folder / f"job-{self._jobs}"
        own = {"ASKED": str(self._asked), "SIGNED_IN": "", "XDG_STATE_HOME": str(folder / "home")}
        given = {**safe_environment(), **own, "CURL_CA_BUNDLE": str(self.server.ca_file)}
        return folder, {**given, "PATH": f"{self.folder / 'bin'}:{given['PATH']}"}

    def commands(self) -> list[str]:
        """Return what `reconcile` was asked for, and forget it."""
        asked = self._asked.read_text(encoding="utf-8") if self._asked.exists() else ""
        self._asked.unlink(missing_ok=True)
        return asked.splitlines()
