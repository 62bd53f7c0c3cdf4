"""Runs a job of an Azure pipeline: its scripts with bash, tasks of others as a test says.

Conditions, macros and logging commands as learn.microsoft.com/azure/devops/pipelines says, as far
as the examples use them; what they do not use is an error here.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

Task = Callable[["PipelineJob", Mapping[str, Any]], None]
_MACRO = re.compile(r"\$\(([\w.]+)\)")
_PARAMETER = re.compile(r"\$\{\{ parameters\.(\w+) \}\}")
_RUNTIME = re.compile(r"\$\[ (.*) \]")
_WORD = re.compile(r"\b(and|in|not)\(")
_OUTPUT = re.compile(
    r"^##vso\[task\.setvariable variable=(\w+);isOutput=true;\](.*)$", re.MULTILINE
)
_SUMMARY = re.compile(r"^##vso\[task\.uploadsummary\](.*)$", re.MULTILINE)
SECONDS = 60


@dataclass
class PipelineJob:
    """One job on an agent of its own, in a folder that is empty at first."""

    folder: Path
    variables: dict[str, str]
    environment: dict[str, str]
    tasks: Mapping[str, Task]
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    result: str = "Succeeded"

    @property
    def workspace(self) -> Path:
        """Where the repository is checked out, and scripts run."""
        return self.folder / "s"

    @property
    def temp(self) -> Path:
        """The agent's folder, which it empties after the job."""
        return self.folder / "temp"

    def run(self, file: Path, name: str, **needs: PipelineJob) -> PipelineJob:
        """Run all steps of the job, or none where its condition says so."""
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        job = next(j for j in document["jobs"] if name in (j.get("job"), j.get("deployment")))
        assert {job["dependsOn"]} == set(needs) if "dependsOn" in job else not needs
        if not self._wanted(job, needs):
            self.result = "Skipped"
            return self
        for made in (self.workspace, self.temp):
            made.mkdir(parents=True)
        self._define(document["variables"] | job.get("variables", {}), needs)
        steps = job["strategy"]["runOnce"]["deploy"]["steps"] if "strategy" in job else job["steps"]
        for step in _expanded(steps, file):
            if self._wanted(step, {}):
                self._step(step)
        return self

    def _wanted(self, item: Mapping[str, Any], needs: Mapping[str, PipelineJob]) -> bool:
        """Return what a condition says; without one, whether all before succeeded.

        Of a step that is what came before it in the job, and not the jobs that it needs.
        """
        return bool(self._value(item.get("condition", "succeeded()"), needs))

    def _value(self, text: str, needs: Mapping[str, PipelineJob]) -> Any:
        """Return the value of an expression, which has the form of calls in Python too."""
        results = [self.result, *(job.result for job in needs.values())]
        names = {
            "variables": self.variables,
            "dependencies": SimpleNamespace(**needs),
            "eq": lambda a, b: a == b,
            "ne": lambda a, b: a != b,
            "and_": lambda *all_: all(all_),
            "in_": lambda a, *others: a in others,
            "succeeded": lambda: all(result.startswith("Succeeded") for result in results),
            "always": lambda: True,
        }
        return eval(_WORD.sub(r"\1_(", text), {"__builtins__": {}}, names)

    def _define(self, given: Mapping[str, str], needs: Mapping[str, PipelineJob]) -> None:
        self.variables |= {
            "Agent.TempDirectory": str(self.temp),
            "Pipeline.Workspace": str(self.folder),
            "Build.SourcesDirectory": str(self.workspace),
        }
        for name, text in given.items():
            found = _RUNTIME.fullmatch(text)
            self.variables[name] = self._value(found[1], needs) if found else self._filled(text)

    def _filled(self, text: str) -> str:
        return _MACRO.sub(lambda m: self.variables[m[1]], text)

    def _step(self, step: Mapping[str, Any]) -> None:
        kind = next(k for k in ("checkout", "bash", "task", "publish", "download") if k in step)
        if kind == "bash":
            self._script(step, step["bash"])
            return
        self.tasks[step["task"] if kind == "task" else kind](self, step)
        if kind == "task":
            self._script(step, step["inputs"]["inlineScript"])

    def _script(self, step: Mapping[str, Any], text: str) -> None:
        """Run a script as the agent does, and read its commands from standard output."""
        names = (n for n in self.variables if n != "System.AccessToken")
        known = {n.upper().replace(".", "_"): self.variables[n] for n in names}
        own = {n: self._filled(v) for n, v in step.get("env", {}).items()}
        script = self.folder / "script.sh"
        script.write_text(self._filled(text), encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", str(script)],
            cwd=self.workspace,
            env={**self.environment, **known, **own},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.log += done.stdout + done.stderr
        found = _OUTPUT.findall(done.stdout)
        self.outputs |= {f"{step.get('name', '')}.{n}": value for n, value in found}
        for path in _SUMMARY.findall(done.stdout):
            self.summary += Path(path).read_text(encoding="utf-8")
        if done.returncode:
            self.result = "SucceededWithIssues" if step.get("continueOnError") else "Failed"

    def step_folder(self, step: Mapping[str, Any], key: str) -> Path:
        """Return the folder that a step names."""
        return Path(self._filled(step[key]))


def _expanded(steps: list[dict[str, Any]], file: Path) -> list[dict[str, Any]]:
    """Return steps with those of templates in their places."""
    found: list[dict[str, Any]] = []
    for step in steps:
        if "template" not in step:
            found.append(step)
            continue
        text = (file.parent / step["template"]).read_text(encoding="utf-8")
        declared = yaml.safe_load(text)["parameters"]
        given = {p["name"]: p.get("default") for p in declared} | step["parameters"]
        assert None not in given.values()
        text = _PARAMETER.sub(lambda m, given=given: given[m[1]] or '""', text)
        found += yaml.safe_load(text)["steps"]
    return found
