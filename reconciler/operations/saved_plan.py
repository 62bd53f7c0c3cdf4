"""Plans on disk: what was approved, and the fingerprints that say whether it still holds.

A saved plan holds no secret and no body: where it was made, the digest of the spec, the
version of the tool, and per resource its id, the decision, and digests of what is wanted
(with it, of the files that it is made of) and of what was observed. `apply` plans again and
refuses by name whatever differs. Beside that it keeps how the plan was printed, for
`reconcile show`; apply does not read it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import Diagnostic, LocalError, ReconcileError, RefusedError, SpecError
from reconciler.engine.decisions import Change
from reconciler.engine.graph import Edges, with_dependencies
from reconciler.engine.types import Address, JsonObject
from reconciler.limits import SAVED_PLAN_BYTES, SAVED_PLAN_VALUES
from reconciler.operations.load import PLANS, Loaded, load
from reconciler.operations.output_file import write_whole
from reconciler.operations.plan.build import Plan
from reconciler.safe_open import real_path
from reconciler.secrets import on_one_line
from reconciler.spec.document import NO_INPUTS, Inputs

FORMAT = f"{PLANS}6"
MOST_NAMED = 10
MOST_OF_PATH = 300
NEW_PLAN = "make a new plan and review it"
AS_THEN = f"pass `--sandbox` as for the plan, or {NEW_PLAN}"
VOLATILE = {"etag", "systemdata", "modifiedon", "lastmodifiedat", "currentnodecount"}


@dataclass(frozen=True)
class Choices:
    """What the user allowed when the plan was made; apply must be told the same."""

    adopt: tuple[str, ...] = ()
    retry: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    prune: bool = False
    allow_outage: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Which Azure a plan was made for: two empty ones look the same in all else."""

    resource_manager: str
    tenant: str

    @classmethod
    def of(cls, run: RunScope) -> Place:
        """Return where a run leads. Raises `DeniedError` when sign-in fails."""
        return cls(run.cloud.resource_manager, run.tenant_id())

    def __str__(self) -> str:
        """Return the words for a message."""
        return f"{self.resource_manager}, tenant {self.tenant or 'unknown'}"


@dataclass(frozen=True)
class SavedPlan:
    """A plan as it was saved: the spec's path, what must still be true, and how it was printed."""

    spec: str
    spec_digest: str
    tool: str
    decisions: dict[str, dict[str, str]]
    choices: Choices
    place: Place
    prints: JsonObject
    inputs: Inputs = NO_INPUTS

    def load(self) -> Loaded:
        """Load the spec that the plan was made from.

        Raises `RefusedError` for what cannot be read as one now. Its lines are not shown: a plan
        of somebody else may name any file.
        """
        try:
            return load(self.spec, adopt=self.choices.adopt, inputs=self.inputs)
        except SpecError as error:
            what = f"{self.shown_spec} changed since the plan was made: it is not a valid spec now"
            hint = f"check it with `reconcile validate`, then {NEW_PLAN}"
            raise RefusedError.because(what, hint=hint) from error

    @property
    def shown_spec(self) -> str:
        """The spec's path as people type it here."""
        return on_one_line(os.path.relpath(self.spec), MOST_OF_PATH)

    def refuse_other_cloud(self, resource_manager: str) -> None:
        """Raise `RefusedError` where the plan was made for another cloud: before any sign-in."""
        if resource_manager != self.place.resource_manager:
            raise RefusedError.because(
                f"the plan was made for {self.place}",
                detail=f"this is {resource_manager}",
                hint=AS_THEN,
            )

    def refuse_elsewhere(self, place: Place) -> None:
        """Raise `RefusedError` when the plan was made for another Azure than this one."""
        if place != self.place:
            raise RefusedError.because(
                f"the plan was made for {self.place}",
                detail=f"this is {place}",
                hint=NEW_PLAN,
            )

    def refuse_if_stale(self, loaded: Loaded, current: Plan) -> None:
        """Raise `RefusedError` that names everything that changed since the plan was saved."""
        if self.tool != tool_version():
            raise RefusedError.because(f"the plan was made by reconcile {self.tool}", hint=NEW_PLAN)
        if self.spec_digest != spec_digest(loaded):
            what = f"{self.shown_spec} changed since the plan was made"
            raise RefusedError.because(what, hint=NEW_PLAN)
        now = {c.address: decision(c) for c in current.changes}
        stale = [
            address
            for address in sorted(now.keys() | self.decisions.keys())
            if now.get(address) != self.decisions.get(address)
        ]
        if stale:
            raise RefusedError(*self._causes(stale, now, current.graph))

    def _causes(
        self, stale: list[Address], now: dict[str, dict[str, str]], graph: Edges
    ) -> Iterator[Diagnostic]:
        """Yield one problem for each resource that differs for a reason of its own.

        What depends on it differs with it, and is listed there.
        """
        above = {a: with_dependencies(graph, [a] if a in graph else []) - {a} for a in stale}
        told: set[Address] = set()
        for root in (a for a in stale if above[a].isdisjoint(stale)):
            with_it = [a for a in stale if root in above[a] and a not in told]
            told.update(with_it)
            what = _changed(root, self.decisions.get(root), now.get(root))
            shown = ", ".join(islice(with_it, MOST_NAMED))
            more = len(with_it) - MOST_NAMED
            shown += f" and {more} more" if more > 0 else ""
            detail = f"what depends on it differs with it: {shown}" if with_it else ""
            yield Diagnostic(what, detail=detail, hint=NEW_PLAN)


def _changed(address: Address, then: dict[str, str] | None, now: dict[str, str] | None) -> str:
    """Return what changed: what the resource is made of, or what Azure holds."""
    wanted = ("resource_id", "desired")
    if then and now and any(then.get(part) != now.get(part) for part in wanted):
        return f"`{address}` uses files that changed since the plan was made"
    return f"`{address}` changed in Azure since the plan was made"


def tool_version() -> str:
    """Return the version of this tool."""
    return version("reconcile-azureml")


def spec_digest(loaded: Loaded) -> str:
    """Return the digest of what the spec says (comments and layout do not matter)."""
    text = json.dumps(loaded.document.data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def decision(change: Change) -> dict[str, str]:
    """Return what was decided for a resource and digests of what it was decided on.

    What is wanted holds no secret: a reference to one, like any other, stays the words of
    the spec. Fingerprints of local data and of a flow's folder are in it or in the id.
    """
    resource, reason = change.resource, change.reason
    return {
        "decision": type(change.decision).__name__,
        "action": change.action.value,
        "resource_id": resource.resource_id,
        "reason": type(reason).__name__ if reason else "",
        "because_of": _digest(asdict(reason)) if reason else "",
        "blocked": change.failure.value if change.failure else "",
        "fields": _digest([f.path for f in change.fields]),
        "desired": _digest(resource.desired),
        "observed": _digest(_steady(change.observed.body if change.observed else None)),
    }


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _steady(value: Any) -> Any:
    """Return a body without what changes although nobody changed anything."""
    if isinstance(value, dict):
        return {k: _steady(v) for k, v in value.items() if k.casefold() not in VOLATILE}
    if isinstance(value, list):
        return [_steady(item) for item in value]
    return value


def save(
    plan: Plan, loaded: Loaded, path: Path, choices: Choices, place: Place, prints: JsonObject
) -> None:
    """Write a plan, whole or not at all. Raises `LocalError` when it cannot be written."""
    spec = loaded.document.folder / Path(loaded.document.file).name
    content = {
        "format": FORMAT,
        "tool": tool_version(),
        "spec": os.path.relpath(spec, real_path(path).parent),
        "spec_digest": spec_digest(loaded),
        "inputs": asdict(_beside(loaded.document.inputs, real_path(path).parent)),
        "choices": asdict(choices),
        "place": asdict(place),
        "changes": {c.address: decision(c) for c in plan.changes},
        "prints": prints,
    }
    write_whole(path, json.dumps(content, indent=2))


def load_plan(path: Path) -> SavedPlan:
    """Read a saved plan. Raises `RefusedError` when the file is not one, or of another format."""
    try:
        content = _content(path)
        _refuse_other_format(path, str(content["format"]))
        place, changes = content["place"], content["changes"]
        return SavedPlan(
            os.path.normpath(real_path(path).parent / _text(content["spec"])),
            _text(content["spec_digest"]),
            _text(content["tool"]),
            {key: {_text(k): _text(v) for k, v in one.items()} for key, one in changes.items()},
            _choices(content["choices"]),
            Place(_text(place["resource_manager"]), _text(place["tenant"])),
            dict(content["prints"]),
            _inputs(content["inputs"], real_path(path).parent),
        )
    except OSError as error:
        raise LocalError.because(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_a_plan(path) from error


def _content(path: Path) -> JsonObject:
    """Return what a file holds. Raises `ValueError` for what is over its limits or no object."""
    with path.open("rb") as file:
        raw = file.read(SAVED_PLAN_BYTES + 1)
    if len(raw) > SAVED_PLAN_BYTES:
        raise LocalError.because(
            f"{path} is larger than {SAVED_PLAN_BYTES >> 20} MiB: no saved plan is",
            hint="make one with `reconcile plan SPEC --out FILE`",
        )
    return dict(loads(raw, SAVED_PLAN_VALUES))


def _text(value: Any) -> str:
    """Return a text of a saved plan. Raises `TypeError` for anything else."""
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("no text")
    return value


def _refuse_other_format(path: Path, found: str) -> None:
    if found == FORMAT:
        return
    if found.startswith(PLANS):
        raise RefusedError.because(
            f"{path} was saved by another version of reconcile",
            detail=f"its format is {found}, this version reads {FORMAT}",
            hint=NEW_PLAN,
        )
    raise not_a_plan(path)


def _beside(inputs: Inputs, folder: Path) -> Inputs:
    """Return inputs with the paths of their files relative to a folder."""
    return replace(
        inputs, values=tuple(os.path.relpath(real_path(file), folder) for file in inputs.values)
    )


def _inputs(content: Any, folder: Path) -> Inputs:
    return Inputs(
        _text(content["environment_name"]),
        tuple(os.path.normpath(folder / _text(file)) for file in content["values"]),
        tuple(map(_text, content["sets"])),
    )


def _choices(content: Any) -> Choices:
    return Choices(
        tuple(map(_text, content["adopt"])),
        tuple(map(_text, content["retry"])),
        tuple(map(_text, content["targets"])),
        bool(content["prune"]),
        tuple(map(_text, content["allow_outage"])),
    )


def not_a_plan(path: Path) -> ReconcileError:
    """Return the error for a file that is not a saved plan."""
    return RefusedError.because(
        f"{path} is not a saved plan", hint="make one with `reconcile plan SPEC --out FILE`"
    )
