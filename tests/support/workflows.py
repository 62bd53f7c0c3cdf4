"""Runs a job of a GitHub workflow: its `run:` steps with bash, actions of others as a test says.

Expressions, conditions, outputs and environments as docs.github.com/actions/reference says, as far
as the examples use them; what they do not use is an error here.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Context = dict[str, Any]
Action = Callable[["Job", Mapping[str, str]], None]
_TOKEN = re.compile(r"\s*('[^']*'|==|!=|&&|\|\||[!()]|[\w.-]+)")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_STATUS = ("always()", "failure()", "success()", "cancelled()")
SECONDS = 60


def evaluated(text: str, context: Context) -> Any:
    """Return the value of an expression."""
    words = _TOKEN.findall(text)
    assert "".join(words) == text.replace(" ", ""), text
    return _either(words, context)


def _either(words: list[str], context: Context) -> Any:
    value = _both(words, context)
    while words[:1] == ["||"]:
        words.pop(0)
        other = _both(words, context)
        value = value or other
    return value


def _both(words: list[str], context: Context) -> Any:
    value = _compared(words, context)
    while words[:1] == ["&&"]:
        words.pop(0)
        other = _compared(words, context)
        value = value and other
    return value


def _compared(words: list[str], context: Context) -> Any:
    value = _one(words, context)
    if words[:1] in (["=="], ["!="]):
        is_equal = words.pop(0) == "=="
        return (value == _one(words, context)) is is_equal
    return value


def _one(words: list[str], context: Context) -> Any:
    word = words.pop(0)
    if word == "!":
        return not _one(words, context)
    if word.startswith("'"):
        return word[1:-1]
    if words[:2] == ["(", ")"]:
        del words[:2]
        return context["status"][word]
    return _looked_up(word, context)


def _looked_up(name: str, context: Context) -> Any:
    """Return what a path leads to; an unknown context is an error, a missing member is empty."""
    first, *rest = name.split(".")
    value = context[first]
    for key in rest:
        value = value.get(key, "") if isinstance(value, Mapping) else ""
    return value


def filled(text: object, context: Context) -> str:
    """Return a text with its expressions replaced."""
    return _EXPRESSION.sub(lambda m: str(evaluated(m[1].strip(), context)), str(text))


@dataclass
class Job:
    """One job on a runner of its own, in a folder that is empty at first."""

    folder: Path
    github: Context
    environment: dict[str, str]
    actions: Mapping[str, Action]
    variables: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    result: str = "success"

    @property
    def workspace(self) -> Path:
        """Where its steps run."""
        return self.folder / "work"

    @property
    def temp(self) -> Path:
        """The runner's folder for what a job needs meanwhile."""
        return self.folder / "temp"

    def run(self, workflow: Path, name: str, **needs: Job) -> Job:
        """Run all steps of the job, or none where its condition says so."""
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        job = document["jobs"][name]
        context = self._context(needs)
        if not self._is_wanted(job, context, all(n.result == "success" for n in needs.values())):
            self.result = "skipped"
            return self
        self.workspace.mkdir(parents=True)
        self.temp.mkdir()
        for given in (document.get("env", {}), job.get("env", {})):
            context["env"] |= {n: filled(v, context) for n, v in given.items()}
        self._steps(job["steps"], context)
        self.outputs = {n: filled(v, context) for n, v in job.get("outputs", {}).items()}
        return self

    def _context(self, needs: Mapping[str, Job]) -> Context:
        done = {n: {"result": j.result, "outputs": j.outputs} for n, j in needs.items()}
        runner = {"temp": str(self.temp)}
        return {
            "github": self.github,
            "env": {},
            "steps": {},
            "needs": done,
            "runner": runner,
            "vars": dict(self.variables),
        }

    def _is_wanted(self, item: Mapping[str, Any], context: Context, is_well: bool) -> bool:
        """Return whether a job or a step runs: after a failure only if it asks for that."""
        condition = str(item.get("if", "success()"))
        condition = condition.removeprefix("${{").removesuffix("}}").strip()
        status = {"always": True, "success": is_well, "failure": not is_well, "cancelled": False}
        wanted = evaluated(condition, {**context, "status": status})
        return bool(wanted) and (is_well or any(word in condition for word in _STATUS))

    def _steps(self, steps: list[dict[str, Any]], context: Context) -> None:
        for step in steps:
            if not self._is_wanted(step, context, self.result == "success"):
                continue
            outputs = self._run(step, context) if "run" in step else self._use(step, context)
            context["steps"][step.get("id", "")] = {"outputs": outputs}

    def _use(self, step: dict[str, Any], context: Context) -> dict[str, str]:
        given = {n: filled(v, context) for n, v in step.get("with", {}).items()}
        name = step["uses"].partition("@")[0]
        if not name.startswith("./"):
            self.actions[name](self, given)
            return {}
        file = self.workspace / name / "action.yml"
        action = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert {n for n, i in action["inputs"].items() if i.get("required")} <= given.keys()
        inner = {**context, "inputs": given, "steps": {}}
        self._steps(action["runs"]["steps"], inner)
        return {n: filled(o["value"], inner) for n, o in action["outputs"].items()}

    def _run(self, step: dict[str, Any], context: Context) -> dict[str, str]:
        """Run a script as the runner does, and return the outputs of the step."""
        files = {n: self.folder / n for n in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        own = {n: filled(v, context) for n, v in step.get("env", {}).items()}
        script = self.folder / "script.sh"
        script.write_text(filled(step["run"], context), encoding="utf-8")
        strict = ["--noprofile", "--norc", "-eo", "pipefail"] if "shell" in step else ["-e"]
        done = subprocess.run(
            ["bash", *strict, str(script)],
            cwd=self.workspace,
            env={
                **self.environment,
                **context["env"],
                **own,
                **{n: str(f) for n, f in files.items()},
                "GITHUB_WORKSPACE": str(self.workspace),
                "RUNNER_TEMP": str(self.temp),
            },
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.log += done.stdout + done.stderr
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        self.result = "success" if done.returncode == 0 else "failure"
        return outputs_in(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))


def outputs_in(text: str) -> dict[str, str]:
    """Return the outputs of a step: `name=value`, or lines up to a delimiter."""
    found, rows = {}, iter(text.splitlines())
    for row in rows:
        if "<<" in row:
            name, end = row.split("<<")
            found[name] = "\n".join(iter(lambda end=end: next(rows), end))
        else:
            name, _, value = row.partition("=")
            found[name] = value
    return found


def safe_environment() -> dict[str, str]:
    """Return what a runner has of ours: a path, and no way out to the internet."""
    nowhere = "http://127.0.0.1:9"
    kept = {n: os.environ[n] for n in ("PATH", "LANG", "HOME") if n in os.environ}
    return {**kept, "HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "NO_PROXY": "127.0.0.1"}
