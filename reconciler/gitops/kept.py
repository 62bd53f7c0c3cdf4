"""The specs that one revision has of those that loop.yaml names, and how each is read.

A pattern may name many files: each is a spec of its own, named after the entry and the part of
its path that the pattern left open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.diagnostics import Diagnostic, SpecError
from reconciler.engine.types import Address
from reconciler.gitops.config import LoopConfig, Settings, SpecConfig
from reconciler.gitops.contend import Field
from reconciler.gitops.records import Tree
from reconciler.kinds.local.folder import ROOT_MARK
from reconciler.operations.lifecycle import ignoring
from reconciler.operations.load import Loaded, load_document
from reconciler.spec import document as documents
from reconciler.spec.document import Inputs
from reconciler.spec.overlay import overlaid

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Kept:
    """A spec to keep: its name, its file within the source ("" where there is none), and how."""

    name: str
    path: str
    settings: Settings = field(default_factory=Settings)
    pattern: str = ""
    """What loop.yaml names it by."""
    entry: str = ""
    """The name of its entry there."""


def kept_of(config: LoopConfig, tree: Tree) -> list[Kept]:
    """Return the specs of a revision. An entry that names no file is among them, without a path."""
    found: list[Kept] = []
    for entry in config.specs:
        settings = config.settings(entry)
        named = sorted(_named(entry, tree))
        found += [Kept(name, path, settings, entry.path, entry.name) for name, path in named]
        if not named:
            found.append(Kept(entry.name, "", settings, entry.path, entry.name))
    return found


def _named(entry: SpecConfig, tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield name and path of each file of an entry."""
    if not entry.is_pattern:
        if (tree.folder / entry.path).is_file():
            yield entry.name, entry.path
        return
    fixed = _fixed(entry.path)
    for file in tree.folder.glob(entry.path):
        if file.is_file() and file.suffix in SUFFIXES:
            path = file.relative_to(tree.folder)
            rest = path.relative_to(fixed).with_suffix("")
            yield f"{entry.name}.{'.'.join(rest.parts)}", path.as_posix()


def _fixed(pattern: str) -> Path:
    """Return the folders of a pattern before the first that it leaves open."""
    parts = Path(pattern).parts[:-1]
    is_open = [any(sign in part for sign in "*?[") for part in parts]
    return Path(*parts[: is_open.index(True)] if any(is_open) else parts)


def load_kept(kept: Kept, tree: Tree) -> Loaded:
    """Return the spec of a revision, with what loop.yaml leaves to others.

    Raises `SpecError` with places in the source, as whoever pushed the revision knows them.
    """
    (tree.folder / ROOT_MARK).touch()
    document = documents.load(str(tree.folder / kept.path), kept.path)
    loaded = load_document(overlaid(document, Inputs(kept.settings.environment)))
    return _leaving(loaded, kept)


def _leaving(loaded: Loaded, kept: Kept) -> Loaded:
    resources = dict(loaded.resources)
    for text in kept.settings.ignore:
        address = max((a for a in resources if text.startswith(f"{a}.")), key=len, default="")
        field = text.removeprefix(f"{address}.")
        found = ignoring(resources[address], [field]) if address else None
        if found is None or found.ignored == resources[address].ignored:
            raise SpecError(_not_ignorable(text, kept))
        resources[address] = found
    return replace(loaded, resources=resources)


def leaving(loaded: Loaded, fields: frozenset[Field]) -> Loaded:
    """Return the spec with single fields, by their body paths, left to others."""
    resources = dict(loaded.resources)
    for address, path in fields:
        if path and address in resources:
            own = resources[address]
            resources[address] = replace(own, ignored=own.ignored | {path})
    return replace(loaded, resources=resources)


def whole(fields: frozenset[Field]) -> frozenset[Address]:
    """Return the resources that are left alone as a whole."""
    return frozenset(address for address, path in fields if not path)


def _not_ignorable(text: str, kept: Kept) -> Diagnostic:
    return Diagnostic(
        f"`ignore` of loop.yaml names `{text}`, which this spec has not, or which cannot be ignored",
        detail=f"the spec `{kept.name}`, {kept.path}",
        hint="write it as SECTION.NAME.FIELD, such as `deployments.blue.instance_count`",
    )
