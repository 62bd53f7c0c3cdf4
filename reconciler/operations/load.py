"""From a file to resources: read, validate, expand, link. Touches no network.

All problems of a spec are reported at once: where a section does not fit its model, the
sections that do are still expanded, and what refers to a broken one is not judged.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reconciler.diagnostics import Diagnostic, Position, SpecError, UsageError, errors_of
from reconciler.engine.graph import Edges, edges, ordered
from reconciler.engine.ids import type_of
from reconciler.engine.types import Address, Resource
from reconciler.kinds import HANDLERS, KINDS, Spec, kind_of
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.extensions import ChecksFiles
from reconciler.operations.acceptance import open_warnings
from reconciler.operations.lifecycle import with_lifecycle
from reconciler.operations.literal_references import literal_references
from reconciler.spec import document as documents
from reconciler.spec.document import NO_INPUTS, Document, Inputs
from reconciler.spec.literals import literal_secrets
from reconciler.spec.overlay import SECTION, overlaid
from reconciler.spec.problems import diagnostics, did_you_mean, nearest

PLANS = "reconcile-plan/"
"""How the format of every saved plan begins; the number of the version follows."""
START_OF_PLAN = 200
SINGLE_SECTIONS = ("workspace", "hub", "project", "quota")
STAND_INS = {
    "version": 1,
    "name": "stand-in",
    "target": {
        "subscription_id": "00000000-0000-0000-0000-000000000000",
        "resource_group": "stand-in",
        "location": "eastus",
    },
    "tags": {},
}
"""What takes the place of a broken section that all others need, to judge them too."""


@dataclass(frozen=True)
class Existing:
    """Something that the spec only uses: a kind, by the id of what is there already."""

    address: Address
    kind: str
    resource_id: str
    position: Position


@dataclass(frozen=True)
class Loaded:
    """A valid spec: its document, its resources in dependency order, and their graph."""

    document: Document
    spec: Spec
    resources: dict[Address, Resource]
    graph: Edges
    warnings: tuple[Diagnostic, ...] = ()
    existing: tuple[Existing, ...] = ()
    """What it uses and does not have."""

    @property
    def open_warnings(self) -> list[Diagnostic]:
        """The warnings that the spec does not accept itself."""
        return list(open_warnings(self.warnings, self.resources))

    def select(self, words: Iterable[str], option: str) -> list[Address]:
        """Return the addresses that a user's words name: an address or a whole section.

        Raises `UsageError` with the nearest name for a word that names nothing.
        """
        found: list[Address] = []
        for word in words:
            hits = [a for a in self.resources if a == word or a.startswith(f"{word}.")]
            if not hits:
                raise UsageError.because(
                    f"{option} {word}: this spec has no such resource",
                    hint=did_you_mean(word, self.resources),
                )
            found.extend(a for a in hits if a not in found)
        return found


def load(source: str, *, adopt: Iterable[Address] = (), inputs: Inputs = NO_INPUTS) -> Loaded:
    """Return the spec of a file (`-`: standard input), as it is with `inputs`, ready to plan.

    Raises `SpecError` with every problem found, each with its place; `UsageError` for a plan
    that was saved.
    """
    if is_saved_plan(source):
        raise UsageError.because(
            f"{source} is a saved plan, not a spec",
            hint=f"print it with `reconcile show {source}`, apply it with "
            f"`reconcile apply {source}`, or pass the spec that it was made from",
        )
    return load_document(overlaid(documents.load(source), inputs), adopt=adopt)


def is_saved_plan(source: str) -> bool:
    """Return whether a file begins as saved plans do. Standard input is never one."""
    path = Path(source)
    if source == "-" or not path.is_file():
        return False
    with path.open("rb") as file:
        return PLANS.encode() in file.read(START_OF_PLAN)


def load_document(document: Document, *, adopt: Iterable[Address] = ()) -> Loaded:
    """Return the spec of a document that was read already, with its inputs laid over it."""
    if SECTION in document.data:
        document = overlaid(document, document.inputs)
    spec, problems, broken = _validated(document)
    if spec is None:
        raise SpecError(*problems, *literal_secrets(document))
    expansion = _expanded(spec, document, frozenset(adopt), broken)
    problems = [*problems, *errors_of(expansion.problems), *literal_secrets(document)]
    problems += _same_twice(expansion)
    problems += literal_references(expansion.resources.values(), document)
    existing = tuple(_existing(expansion))
    problems += _of_other_types(existing)
    if not problems:
        problems = _checked(expansion)
    if problems:
        raise SpecError(*sorted(problems, key=_place))
    resources = with_lifecycle(expansion.resources, spec, document)
    graph = edges(resources.values())
    inside = {address: resources[address] for address in ordered(graph)}
    warnings = (*document.warnings, *(p for p in expansion.problems if p not in problems))
    loaded = Loaded(document, spec, inside, graph, tuple(warnings), existing)
    loaded.select(adopt, "--adopt")
    return loaded


def _validated(document: Document) -> tuple[Spec | None, list[Diagnostic], frozenset[Address]]:
    """Return the spec, or what is left of it without the parts that do not fit."""
    data: Any = document.data
    problems: list[Diagnostic] = []
    broken: set[Address] = set()
    for _attempt in range(3):
        try:
            return Spec.model_validate(data), problems, frozenset(broken)
        except ValidationError as error:
            problems = problems or diagnostics(error, document, Spec)
            data = copy.deepcopy(data)
            for item in error.errors(include_url=False, include_input=False):
                broken.add(_cut(data, item["loc"]))
    return None, problems, frozenset(broken)


def _cut(data: Any, loc: tuple[int | str, ...]) -> Address:
    """Take the part out of the data that a problem sits in; return its address."""
    section = str(loc[0]) if loc else ""
    if section in STAND_INS:
        data[section] = STAND_INS[section]
        return section
    part = data.get(section)
    if section not in SINGLE_SECTIONS and isinstance(part, dict) and len(loc) > 1:
        part.pop(loc[1], None)
        return f"{section}.{loc[1]}"
    data.pop(section, None)
    return nearest(section, Spec.model_fields) or section


def _expanded(
    spec: Spec, document: Document, adopt: frozenset[Address], broken: frozenset[Address]
) -> Expansion:
    target = spec.target
    expansion = Expansion(
        document=document,
        owner=spec.name,
        subscription_id=target.subscription_id,
        resource_group=target.resource_group,
        location=target.location,
        tags=spec.tags,
        adopt=adopt,
        allow_retired=frozenset(a for a, word in spec.lifecycle.items() if word.allow_retired),
        attributes={handler.kind: handler.attributes for handler in KINDS},
        broken=broken,
    )
    for handler in KINDS:
        handler.expand(spec, expansion)
    for handler in KINDS:
        handler.expand_late(spec, expansion)
    return expansion


def _existing(expansion: Expansion) -> Iterator[Existing]:
    """Yield what the spec names by its id, and where."""
    for address, resource_id in expansion.externals.items():
        place = expansion.document.position(tuple(address.split(".")))
        yield Existing(address, expansion.kinds[address], resource_id, place)
    yield from _named(expansion)


def _named(expansion: Expansion) -> Iterator[Existing]:
    """Yield what fields name by its id, unless the spec makes it or names it above."""
    known = {r.resource_id.casefold() for r in expansion.resources.values()}
    known |= {one.casefold() for one in expansion.externals.values()}
    for resource_id, (kind, path) in expansion.named.items():
        found = kind or _kind_named(resource_id)
        if resource_id.casefold() not in known and found:
            name = f"{found} {_name_of(resource_id)}"
            label = name if name not in known else f"{found} {resource_id}"
            known |= {resource_id.casefold(), name}
            yield Existing(label, found, resource_id, expansion.document.position(path))


def _name_of(resource_id: str) -> str:
    """Return what people call it: its name, with the version of an asset."""
    asset, versions, version = resource_id.rpartition("/versions/")
    name = (asset if versions else resource_id).rpartition("/")[2]
    return f"{name}:{version}" if versions else name


def _kind_named(resource_id: str) -> str:
    """Return the kind that an id alone tells; "" where it takes more, or none is known."""
    handler = kind_of({"type": type_of(resource_id)})
    return "" if handler is None or handler.arm_kinds else handler.kind


def _of_other_types(existing: Iterable[Existing]) -> list[Diagnostic]:
    """Return a problem for each id that is not of what it stands for."""
    found: list[Diagnostic] = []
    for item in existing:
        wanted, named = HANDLERS[item.kind].type, type_of(item.resource_id)
        if named.casefold() != wanted.casefold():
            what = f"`{item.address}` is the id of a {named}, not of a {wanted}"
            hint = f"pass the id of a {item.kind}"
            found.append(Diagnostic(what, item.position, item.resource_id, hint))
    return found


def _same_twice(expansion: Expansion) -> list[Diagnostic]:
    """Return a problem for each resource that is in Azure what another of the spec is already.

    Azure's names differ in more than case.
    """
    first: dict[tuple[str, str], Resource] = {}
    found: list[Diagnostic] = []
    for resource in expansion.resources.values():
        other = first.setdefault((resource.kind, resource.resource_id.casefold()), resource)
        if other is not resource:
            what = (
                f"`{resource.address}` and `{other.address}` are the same {resource.kind} in Azure"
            )
            hint = "Azure ignores case in names: choose another name"
            found.append(Diagnostic(what, resource.position, hint=hint))
    return found


def _checked(expansion: Expansion) -> list[Diagnostic]:
    """Return what is wrong with the local files that the spec names."""
    return [
        problem
        for resource in expansion.resources.values()
        for handler in (HANDLERS[resource.kind],)
        if isinstance(handler, ChecksFiles)
        for problem in handler.check(resource, expansion.document)
    ]


def _place(problem: Diagnostic) -> tuple[str, int, int]:
    place = problem.position
    return (place.file, place.line, place.column) if place else ("", 0, 0)
