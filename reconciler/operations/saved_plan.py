"""Plans on disk: what was approved, and the fingerprints that say whether it still holds.

A saved plan holds no secret and no body: the digest of the spec, the decision and a
digest of what was observed per resource, and the version of the tool. `apply` plans
again and refuses by name whatever differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, LocalError, ReconcileError, RefusedError
from reconciler.engine.types import Change
from reconciler.operations.loading import Loaded
from reconciler.operations.planning import Plan

FORMAT = "reconcile-plan/1"
VOLATILE = {"etag", "systemdata", "modifiedon", "lastmodifiedat", "currentnodecount"}


@dataclass(frozen=True)
class Choices:
    """What the user allowed when the plan was made; apply must be told the same."""

    adopt: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    prune: bool = False


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was saved: the spec's path, and what must still be true."""

    spec: str
    spec_digest: str
    tool: str
    decisions: dict[str, dict[str, str]]
    choices: Choices

    def refuse_if_stale(self, loaded: Loaded, current: Plan) -> None:
        """Raise `RefusedError` that names everything that changed since the plan was saved."""
        stale: list[Diagnostic] = []
        if self.tool != tool_version():
            stale.append(Diagnostic(f"the plan was made by reconcile {self.tool}"))
        if self.spec_digest != spec_digest(loaded):
            stale.append(Diagnostic(f"{self.spec} changed since the plan was made"))
        now = {c.address: decision(c) for c in current.changes}
        stale.extend(
            Diagnostic(f"`{address}` changed in Azure since the plan was made")
            for address in sorted(now.keys() | self.decisions.keys())
            if now.get(address) != self.decisions.get(address)
        )
        if stale:
            last = stale.pop()
            raise RefusedError(
                *stale, Diagnostic(last.summary, hint="make a new plan and look at it")
            )


def tool_version() -> str:
    """Return the version of this tool."""
    return version("reconcile-azureml")


def spec_digest(loaded: Loaded) -> str:
    """Return the digest of what the spec says (comments and layout do not matter)."""
    text = json.dumps(loaded.document.data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def decision(change: Change) -> dict[str, str]:
    """Return what was decided for a resource and a digest of what it was decided on."""
    body = change.observed.body if change.observed else None
    text = json.dumps(_steady(body), sort_keys=True, default=str)
    fields = json.dumps([f.path for f in change.fields])
    return {
        "action": change.action.value,
        "fields": hashlib.sha256(fields.encode()).hexdigest()[:16],
        "observed": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


def _steady(value: Any) -> Any:
    """Return a body without what changes although nobody changed anything."""
    if isinstance(value, dict):
        return {k: _steady(v) for k, v in value.items() if k.casefold() not in VOLATILE}
    if isinstance(value, list):
        return [_steady(item) for item in value]
    return value


def save(plan: Plan, loaded: Loaded, path: Path, choices: Choices) -> None:
    """Write a plan, whole or not at all. Raises `LocalError` when it cannot be written."""
    content = {
        "format": FORMAT,
        "tool": tool_version(),
        "spec": str(loaded.document.folder / Path(loaded.document.file).name),
        "spec_digest": spec_digest(loaded),
        "choices": asdict(choices),
        "changes": {c.address: decision(c) for c in plan.changes},
    }
    try:
        handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=".plan-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
        Path(name).replace(path)
    except OSError as error:
        raise LocalError.because(f"{path} cannot be written: {error.strerror}") from error


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan. Raises `RefusedError` when the file is not one of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = content["format"] == FORMAT
        found = SavedPlan(
            content["spec"],
            content["spec_digest"],
            content["tool"],
            content["changes"],
            _choices(content["choices"]),
        )
    except OSError as error:
        raise LocalError.because(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _not_a_plan(path) from error
    if not known:
        raise _not_a_plan(path)
    return found


def _choices(content: Any) -> Choices:
    return Choices(
        tuple(content["adopt"]),
        tuple(content["retry"]),
        tuple(content["targets"]),
        bool(content["prune"]),
    )


def _not_a_plan(path: Path) -> ReconcileError:
    return RefusedError.because(
        f"{path} is not a saved plan", hint="make one with `reconcile plan SPEC --out FILE`"
    )
