"""`reconcile sandbox rehearse SPEC`: an apply on bad days, against a calm one.

Each rehearsal has a sandbox of its own, empty and in instant time, and runs the very command
line (`python -m reconciler apply`), so that a kill is a kill. It holds when the end state is
that of the calm run and nothing was trained twice.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.sandbox_controls import ask, ask_text
from reconciler.cli.sandbox_launch import check_installed, launched
from reconciler.diagnostics import ExitCode, LocalError, UsageError
from reconciler.operations.load import load
from reconciler.operations.vault_references import vault_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.session import Session
    from reconciler.sandbox.launch import Server
    from reconciler.sandbox.rehearsals import Rehearsal

Json = dict[str, Any]
MAX_RUNS = 6
_JOB = re.compile(r"/workspaces/[^/]+/jobs/[^/]+$", re.IGNORECASE)


@dataclass
class Result:
    """What a rehearsal came to. `exits` are exit codes, of a killed run the negative signal."""

    name: str
    about: str
    exits: list[int] = field(default_factory=list)
    struck: int = 0
    requests: int = 0
    jobs: int = 0
    difference: str = ""
    said: str = ""
    """What the last run wrote to standard error."""

    @property
    def ended(self) -> bool:
        """Whether the last run did what it should."""
        return bool(self.exits) and self.exits[-1] == ExitCode.OK

    def holds(self, calm: Result) -> bool:
        """Whether it came out as the calm run did."""
        return self.ended and not self.difference and self.jobs == calm.jobs

    def as_json(self, calm: Result) -> Json:
        """Return it for machines."""
        return {
            "name": self.name,
            "about": self.about,
            "exit_codes": self.exits,
            "struck": self.struck,
            "requests": self.requests,
            "training_jobs": self.jobs,
            "same_end_state": not self.difference,
            "holds": self.holds(calm),
        }


def rehearse(session: Session) -> ExitCode:
    """Run the named rehearsals of a spec, or all, and report. Returns FAILED unless all hold."""
    from reconciler.sandbox.rehearsals import REHEARSALS

    options = session.options
    if len(options.words) != 1:
        raise UsageError.because(
            "rehearse takes one spec", hint="reconcile sandbox rehearse specs/phi3-ultrachat.yaml"
        )
    unknown = sorted(set(options.faults) - REHEARSALS.keys())
    if unknown:
        raise UsageError.because(
            f"there is no rehearsal {unknown[0]!r}", hint=f"one of: {', '.join(REHEARSALS)}"
        )
    check_installed()
    spec, names = options.words[0], options.faults or list(REHEARSALS)
    seed = options.seed or 0
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        calm, world = _calm(spec, Path(folder))
        session.err.say(f"calm: exit 0, {calm.requests} requests")
        results = []
        for name in names:
            stage = _Stage(spec, Path(folder) / name, seed, world)
            results.append(stage.play(name, REHEARSALS[name]))
            session.err.say(f"{name}: exits {', '.join(map(str, results[-1].exits))}")
    _report(session, calm, results)
    held = all(result.holds(calm) for result in results)
    return ExitCode.OK if held else ExitCode.FAILED


def _calm(spec: str, folder: Path) -> tuple[Result, list[str]]:
    from reconciler.sandbox.rehearsals import Rehearsal

    stage = _Stage(spec, folder / "calm", 0, None)
    found = stage.play("calm", Rehearsal("nothing goes wrong"))
    if not found.ended:
        raise LocalError.because(
            f"{spec} cannot be rehearsed: a calm apply ends with exit code {found.exits[-1]}",
            detail=found.said.strip(),
            hint=f"see `reconcile apply {spec} --sandbox`",
        )
    return found, stage.world


class _Stage:
    """One sandbox, the runs in it, and what they left behind."""

    def __init__(self, spec: str, state: Path, seed: int, expected: list[str] | None) -> None:
        self._spec, self._state, self._seed = spec, state, seed
        self._expected = expected
        self.world: list[str] = []

    def play(self, name: str, rehearsal: Rehearsal) -> Result:
        """Run until a run succeeds, or `MAX_RUNS` did not."""
        result = Result(name, rehearsal.about)
        with launched(self._state, "instant") as server:
            self._fill_vaults(server)
            if rehearsal.throttle:
                ask(server, "POST", "throttle", rehearsal.throttle)
            if rehearsal.latency:
                ask(server, "POST", "latency", rehearsal.latency)
            for number in range(MAX_RUNS):
                self._run(server, rehearsal if number < rehearsal.runs else None, result)
                if result.ended and number + 1 >= rehearsal.runs:
                    break
            self._look(server, result)
        return result

    def _fill_vaults(self, server: Server) -> None:
        """Put something into every vault that the spec takes a secret from."""
        taken = list(vault_secrets(load(self._spec)))
        for vault in sorted({identifier.vault for identifier, is_outside in taken if is_outside}):
            for resource_id, body in _somebody_elses(vault, server.tenant_id):
                ask(server, "POST", "drift", {"op": "put", "id": resource_id, "body": body})
        for identifier, _ in taken:
            what = {"vault": identifier.vault, "name": identifier.name}
            value = f"rehearsed value of {identifier.name}"
            version = {"version": identifier.version} if identifier.version else {}
            ask(server, "POST", "secret", {**what, "value": value, **version})

    def _run(self, server: Server, rehearsal: Rehearsal | None, result: Result) -> None:
        words = [sys.executable, "-P", "-m", "reconciler", "apply", self._spec, "--yes", "--quiet"]
        child = subprocess.Popen(
            [*words, "--sandbox", server.url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "RECONCILE_SANDBOX_STATE": str(self._state)},
        )
        for fault in (
            rehearsal.armed(self._seed + len(result.exits), child.pid) if rehearsal else ()
        ):
            ask(server, "POST", "faults", fault)
        result.said = child.communicate()[1]
        result.exits.append(child.returncode)
        result.struck += sum(_strikes(fault) for fault in ask(server, "GET", "faults")["value"])
        ask(server, "DELETE", "faults")

    def _look(self, server: Server, result: Result) -> None:
        from reconciler.sandbox.canonical import canonical, difference

        entries = [json.loads(line) for line in ask_text(server, "GET", "journal").splitlines()]
        result.requests = len(entries)
        result.struck += sum(entry["status"] == 429 for entry in entries)
        made = {e["path"] for e in entries if e["method"] == "PUT" and e["status"] == 201}
        result.jobs = sum(1 for path in made if _JOB.search(path))
        self.world = canonical(ask(server, "GET", "snapshot"))
        if self._expected is not None:
            result.difference = difference(self._expected, self.world)


def _somebody_elses(vault: str, tenant_id: str) -> Iterator[tuple[str, Json]]:
    """Yield the id and body of a vault that is not of the spec, its group first."""
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-of-others"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": tenant_id, "sku": sku, "enableRbacAuthorization": True}
    yield group, {"location": "eastus"}
    path = f"{group}/providers/Microsoft.KeyVault/vaults/{vault}"
    yield path, {"location": "eastus", "properties": properties}


def _strikes(fault: Json) -> int:
    met = max(0, int(fault["seen"]) - int(fault["nth"]) + 1)
    return min(met, int(fault["times"])) if fault["times"] else met


def _report(session: Session, calm: Result, results: list[Result]) -> None:
    if session.options.output == "json":
        found = [result.as_json(calm) for result in (calm, *results)]
        session.out.raw(json.dumps(found, indent=2) + "\n")
        return
    width = max(len(result.name) for result in (calm, *results))
    for result in (calm, *results):
        session.out.say(f"{result.name:<{width}}  {_outcome(result, calm)}")
        session.out.say(f"{'':<{width}}  {result.about}")
        if not result.ended:
            session.out.say(result.said.strip())
        elif result.difference:
            session.out.say(result.difference)


def _outcome(result: Result, calm: Result) -> str:
    runs = f"{len(result.exits)} run{'s' if len(result.exits) > 1 else ''}"
    jobs = f"{result.jobs} training job{'' if result.jobs == 1 else 's'}"
    parts = [runs, f"{result.struck} struck", f"{result.requests} requests", jobs]
    if not result.ended:
        parts.append(f"DID NOT END WELL: exit code {result.exits[-1]}")
    elif result.difference:
        parts.append("ANOTHER END STATE")
    elif result.jobs != calm.jobs:
        parts.append("TRAINED AGAIN")
    elif result is not calm:
        parts.append("same end state")
    return ", ".join(parts)
