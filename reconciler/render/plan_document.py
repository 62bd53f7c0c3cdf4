"""Read again what `plan -o json` printed, in another job, from a place that anybody may write to.

A comment is made of these values, never of text that came with them: bytes, depth, number and
shapes are checked here, and what does not fit is refused with its file and why.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler.bounded_json import loads
from reconciler.diagnostics import LocalError, ReconcileError, RefusedError
from reconciler.engine.attribution import By
from reconciler.engine.types import JsonObject
from reconciler.limits import PLAN_DOCUMENT_BYTES
from reconciler.render.plan_json import FORMAT_VERSION
from reconciler.secrets import on_one_line, shortened

LONGEST = 500
MOST_FIELDS = 60
EFFECT = re.compile(r"plan-[0-9a-f]{12}")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
STAYING = (("no-op",), ("read",))


@dataclass(frozen=True)
class DocumentChange:
    """What happens to one resource; `is_anyway`: without the change of the spec, too."""

    address: str
    kind: str
    actions: tuple[str, ...]
    why: str
    is_run: bool = False
    is_anyway: bool = False
    intent: str = ""
    lines: tuple[str, ...] = ()
    """What a reader sees of it, below its headline."""

    @property
    def is_change(self) -> bool:
        """Whether apply does anything."""
        return self.actions not in STAYING


@dataclass(frozen=True)
class DocumentDanger:
    """What needs attention before anybody approves it."""

    what: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class DocumentProblem:
    """An error or a warning, with its place as `file:line:col` ("" where it has none)."""

    severity: str
    place: str
    summary: str
    hint: str


@dataclass(frozen=True)
class PlanDocument:
    """A plan as far as a comment tells it; `effect` is "" where nothing can be approved."""

    spec: str
    target: str
    place: str
    effect: str
    is_errored: bool
    changes: tuple[DocumentChange, ...]
    dangers: tuple[DocumentDanger, ...]
    problems: tuple[DocumentProblem, ...]
    cost: str = ""
    """What it costs, in one sentence."""

    @property
    def is_unchanged(self) -> bool:
        """Whether there is nothing to do and nothing to say."""
        return not (self.changes or self.dangers or self.problems or self.is_errored)


def read_plan_document(path: Path) -> PlanDocument:
    """Return the plan of a file.

    Raises `RefusedError` for what `plan -o json` does not print, `LocalError` for a file that
    cannot be read.
    """
    try:
        return _plan(_object(loads(_bytes(path)), "the document"))
    except OSError as error:
        raise LocalError.because(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _not_a_document(path, str(error)) from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(PLAN_DOCUMENT_BYTES + 1)
    if len(raw) > PLAN_DOCUMENT_BYTES:
        raise ValueError(f"it is larger than {PLAN_DOCUMENT_BYTES >> 20} MiB")
    return raw


def _not_a_document(path: Path, why: str) -> ReconcileError:
    return RefusedError.because(
        f"{path} is not a plan that `reconcile plan -o json` printed",
        detail=on_one_line(why, LONGEST),
        hint="make it with `reconcile plan SPEC -o json > FILE`, or with `--out-json FILE`",
    )


def _plan(found: JsonObject) -> PlanDocument:
    if found.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"`format_version` is not {FORMAT_VERSION}")
    changes = tuple(map(_change, _objects(found, "resource_changes")))
    target = found.get("target")
    place = _place(_object(target, "target")) if target is not None else ""
    return PlanDocument(
        spec=_name(found),
        target=hashlib.sha256(place.casefold().encode()).hexdigest()[:12] if place else "",
        place=place,
        effect=_effect(found),
        is_errored=_truth(found, "errored"),
        changes=tuple(change for change in changes if change.is_change),
        dangers=tuple(map(_danger, _open(_objects(found, "attention")))),
        problems=tuple(map(_problem, _open(_objects(found, "diagnostics")))),
        cost=_text(found, "cost_sentence") if "cost_sentence" in found else "",
    )


def _open(found: list[JsonObject]) -> list[JsonObject]:
    """Return those that the spec does not accept."""
    return [one for one in found if "accepted" not in one]


def _name(found: JsonObject) -> str:
    """Return the name of the spec; "" for one without a valid name."""
    name = _text(found, "spec")
    return name if NAME.fullmatch(name) else ""


def _effect(found: JsonObject) -> str:
    effect = found.get("effect")
    if effect is None or not _truth(found, "applyable"):
        return ""
    if not isinstance(effect, str) or not EFFECT.fullmatch(effect):
        raise ValueError("`effect` is not `plan-` and 12 digits")
    return effect


def _place(target: JsonObject) -> str:
    named = [_text(target, name) for name in ("subscription_id", "resource_group", "location")]
    return "/".join(named)


def _change(found: JsonObject) -> DocumentChange:
    change = _object(found.get("change"), "change")
    actions = change.get("actions")
    if not isinstance(actions, list) or not all(isinstance(one, str) for one in actions):
        raise ValueError("`actions` is not a list of texts")
    named = tuple(shortened(one, LONGEST) for one in actions)
    why = _text(found, "reason") if "reason" in found else ""
    is_run, is_anyway = found.get("action_reason") == "run", found.get("by") == By.DRIFT.value
    texts = _text(found, "address"), _text(found, "type")
    plain = DocumentChange(*texts, named, why, is_run, is_anyway)
    return replace(plain, **_shown(found["shown"])) if "shown" in found else plain


def _shown(found: Any) -> dict[str, Any]:
    """Return what a reader sees of a change."""
    shown = _object(found, "shown")
    notes, fields = shown.get("notes"), _objects(shown, "fields")
    if not isinstance(notes, list) or not all(isinstance(one, str) for one in notes):
        raise ValueError("`notes` is not a list of texts")
    told = [shortened(one, LONGEST) for one in notes]
    lines = [*told, *(_field(one) for one in islice(fields, MOST_FIELDS))]
    more = len(fields) - MOST_FIELDS
    lines += [f"and {more} more fields"] if more > 0 else []
    left_out = _text(shown, "left_out")
    lines += [f"({left_out})"] if left_out else []
    return {"kind": _text(shown, "what"), "intent": _text(shown, "intent"), "lines": tuple(lines)}


def _field(found: JsonObject) -> str:
    before = f"{_text(found, 'before')} -> " if found.get("before") is not None else ""
    return f"{_text(found, 'name')}: {before}{_text(found, 'after')}"


def _danger(found: JsonObject) -> DocumentDanger:
    addresses = found.get("addresses")
    if not isinstance(addresses, list) or not all(isinstance(one, str) for one in addresses):
        raise ValueError("`addresses` is not a list of texts")
    shown = tuple(shortened(one, LONGEST) for one in addresses)
    return DocumentDanger(_text(found, "summary"), shown)


def _problem(found: JsonObject) -> DocumentProblem:
    place = ""
    if "range" in found:
        where = _object(found["range"], "range")
        start = _object(where.get("start"), "start")
        line, column = _number(start, "line"), _number(start, "column")
        place = f"{_text(where, 'filename')}:{line}:{column}"
    texts = (_text(found, "severity"), place, _text(found, "summary"), _text(found, "hint"))
    return DocumentProblem(*texts)


def _object(found: Any, name: str) -> JsonObject:
    if not isinstance(found, dict):
        raise ValueError(f"{name} is not an object")  # noqa: TRY004 - a shape, not a mistake of ours
    return found


def _objects(found: JsonObject, name: str) -> list[JsonObject]:
    rows = found.get(name)
    if not isinstance(rows, list):
        raise ValueError(f"`{name}` is not a list")  # noqa: TRY004 - as above
    return [_object(row, f"an item of `{name}`") for row in rows]


def _text(found: JsonObject, name: str) -> str:
    text = found.get(name)
    if not isinstance(text, str):
        raise ValueError(f"`{name}` is not a text")  # noqa: TRY004 - as above
    return shortened(text, LONGEST)


def _number(found: JsonObject, name: str) -> int:
    number = found.get(name)
    if not isinstance(number, int) or not 0 <= number < 10**9:
        raise ValueError(f"`{name}` is not a number of a line or column")
    return number


def _truth(found: JsonObject, name: str) -> bool:
    truth = found.get(name)
    if not isinstance(truth, bool):
        raise ValueError(f"`{name}` is neither true nor false")  # noqa: TRY004 - as above
    return truth
