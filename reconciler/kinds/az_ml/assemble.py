"""Several az ml files as one spec: what they name of each other becomes a reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, Severity, SpecError
from reconciler.engine.types import JsonObject
from reconciler.kinds import Spec
from reconciler.kinds.az_ml.convert import SINGLE, Taken, take
from reconciler.kinds.az_ml.paths import moved
from reconciler.kinds.az_ml.stand_ins import NO_ENDPOINT
from reconciler.spec import document as documents

NOWHERE = "00000000-0000-0000-0000-000000000000"
_OF_WORKSPACE = re.compile(r"azureml:(?P<name>[\w.-]+)(?::(?P<version>[\w.-]+))?")
_REFERRED = {
    "model": "models",
    "environment": "environments",
    "compute": "compute",
    "path": "datasets",
    "training_data": "datasets",
    "validation_data": "datasets",
}
"""The fields that may name what another file states, and the section it is then in."""


@dataclass(frozen=True)
class Home:
    """Where the files were meant for: what `az ml` is told by its options."""

    subscription_id: str = NOWHERE
    resource_group: str = "your-resource-group"
    workspace: str = "your-workspace"
    location: str = "eastus"
    endpoint: str = ""

    @property
    def workspace_id(self) -> str:
        """The ARM id of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


@dataclass(frozen=True)
class Imported:
    """A spec out of az ml files; `left` has what could not be taken, `told` what to look at."""

    spec: JsonObject
    taken: tuple[Taken, ...]
    left: tuple[Diagnostic, ...]
    told: tuple[Diagnostic, ...]


def imported(files: Sequence[str], home: Home, name: str, folder: Path) -> Imported:
    """Return one spec that states what the files do; its paths are relative to `folder`.

    Raises `SpecError` where no file could be taken.
    """
    taken: list[Taken] = []
    left: list[Diagnostic] = []
    for file in files:
        try:
            taken.append(take(documents.load(file)))
        except SpecError as error:
            left += [_of_file(problem, file) for problem in error.diagnostics]
    if not taken:
        raise SpecError(*left)
    named = _distinct(_at_endpoints(taken, home), left)
    sections = _sections(named, folder)
    for one in named:
        left += one.left
    told = [problem for one in named for problem in one.told]
    spec: JsonObject = {"version": 1, "name": name, "target": _target(home)}
    spec.setdefault("workspace", home.workspace_id)
    spec |= {k: sections[k] for k in Spec.model_fields if k in sections}
    ordered = {k: spec[k] for k in Spec.model_fields if k in spec}
    return Imported(_linked(ordered), tuple(named), tuple(left), tuple(told))


def _of_file(problem: Diagnostic, file: str) -> Diagnostic:
    return problem if problem.position else problem.at(Position(file, 1, 1))


def _target(home: Home) -> JsonObject:
    return {
        "subscription_id": home.subscription_id,
        "resource_group": home.resource_group,
        "location": home.location,
    }


def _at_endpoints(taken: Iterable[Taken], home: Home) -> Iterator[Taken]:
    """Yield what was taken, deployments with the endpoint that az ml is told by an option."""
    taken = list(taken)
    endpoints = [one for one in taken if one.section == "endpoints"]
    for one in taken:
        if one.section != "deployments" or "endpoint_name" in one.document.data:
            yield one
            continue
        beside = [e for e in endpoints if e.document.folder == one.document.folder]
        found = (beside or endpoints)[:1]
        name = home.endpoint or (found[0].item.get("name", found[0].key) if found else NO_ENDPOINT)
        yield _at_endpoint(one, str(name))


def _at_endpoint(one: Taken, name: str) -> Taken:
    place = one.document.position(())
    told = Diagnostic(
        f"`endpoint_name` is `{name}`: the file leaves it to an option of `az ml`",
        place,
        hint="pass --endpoint NAME for another one",
        severity=Severity.WARNING,
    )
    return replace(one, item={**one.item, "endpoint_name": name}, told=(*one.told, told))


def _distinct(taken: Iterable[Taken], left: list[Diagnostic]) -> list[Taken]:
    """Return what was taken, each thing once; what a file before states too is told in `left`.

    `blue` of two endpoints are two deployments: the second one's key names its endpoint.
    """
    found: dict[tuple[str, str], Taken] = {}
    for one in taken:
        first = found.get((one.section, one.key))
        own = _beside_namesake(one) if first and _is_other(first, one) else one
        if (own.section, own.key) in found:
            left.append(_stated_twice(own, found[own.section, own.key]))
        else:
            found[own.section, own.key] = own
    return list(found.values())


def _is_other(first: Taken, second: Taken) -> bool:
    """Return whether two of one key are two things in Azure."""
    is_deployment = first.section == "deployments"
    return is_deployment and first.item["endpoint_name"] != second.item["endpoint_name"]


def _beside_namesake(one: Taken) -> Taken:
    key = f"{one.item['endpoint_name']}-{one.key}"
    return replace(one, key=key, item={"name": one.key, **one.item})


def _stated_twice(one: Taken, first: Taken) -> Diagnostic:
    where = f"{one.section}.{one.key}" if one.section not in SINGLE else one.section
    return Diagnostic(
        f"`{where}` is stated by {first.document.file} too, and taken from there",
        one.document.position(("name",)),
        hint="import one of the two files",
        severity=Severity.WARNING,
    )


def _sections(taken: Iterable[Taken], folder: Path) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for one in taken:
        item = moved(one.item, one.document.folder, folder)
        if one.section in SINGLE:
            sections[one.section] = item
        else:
            sections.setdefault(one.section, {})[one.key] = item
        for section, items in one.beside.items():
            beside = moved(items, one.document.folder, folder)
            sections.setdefault(section, {}).update(beside)
    return sections


def _linked(spec: JsonObject) -> JsonObject:
    """Return a spec in which `azureml:NAME` of something that it states is a reference to it."""
    return {
        section: {key: _refer(item, spec) for key, item in value.items()}
        if isinstance(value, dict) and section not in (*SINGLE, "target")
        else value
        for section, value in spec.items()
    }


def _refer(node: Any, spec: JsonObject, field: str = "") -> Any:
    if isinstance(node, dict):
        return {key: _refer(value, spec, key) for key, value in node.items()}
    if isinstance(node, list):
        return [_refer(value, spec, field) for value in node]
    section = _REFERRED.get(field)
    found = _OF_WORKSPACE.fullmatch(node) if section and isinstance(node, str) else None
    if not found:
        return node
    for key, item in (spec.get(section or "") or {}).items():
        if item.get("name", key) == found["name"] and _is_version(item, found["version"]):
            return f"${{{{ {section}.{key} }}}}"
    return node


def _is_version(item: JsonObject, version: str | None) -> bool:
    stated = item.get("version")
    return version is None or stated is None or str(stated) == version
