"""The specs that `reconcile init` writes: shipped examples, with the user's own target in them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reconciler.operations.load import load_document
from reconciler.spec import document as documents
from reconciler.spec.shipped import root

_FOR_EDITORS = re.compile(r"\A# yaml-language-server:.*\n(?:#\n)?")
"""The line that leads to a schema beside the shipped file."""


@dataclass(frozen=True)
class Template:
    """A shipped spec, and the files that it names."""

    about: str
    file: str
    beside: tuple[tuple[str, str], ...] = ()
    """Shipped file or folder, and where it stands beside the new spec."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Paths as the shipped spec writes them, and as the new one must."""
    to_edit: str = "the names of the storage account, key vault and registry: unique in Azure"
    """What only the user knows, besides the target."""
    has_all: bool = True
    """Whether it needs nothing that exists already, so that an empty sandbox can take it."""


TEMPLATES = {
    "phi3": Template(
        "fine-tune Phi-3 on public chats, serve it, chat with it",
        "specs/phi3-ultrachat.yaml",
        (("examples/flows/phi3-chat", "flows/phi3-chat"),),
        (("../examples/flows/phi3-chat", "flows/phi3-chat"),),
    ),
    "own-data": Template(
        "fine-tune on your own chats, a JSONL file beside the spec",
        "examples/bring-your-own-data.yaml",
        (("examples/data/support-chats.jsonl", "data/support-chats.jsonl"),),
    ),
    "existing": Template(
        "add a cluster to a workspace that exists",
        "examples/existing-workspace.yaml",
        to_edit="the id of your workspace, and the name of the cluster",
        has_all=False,
    ),
}


def files_of(template: Template, target: dict[str, str], name: str) -> dict[str, bytes]:
    """Return what to write, by its path beside the spec; the spec itself is under its `name`.

    Raises `SpecError` when the spec is not valid with the values of `target`.
    """
    found = {name: _text(template, target, name).encode()}
    for shipped, beside in template.beside:
        source = root() / shipped
        files = sorted(source.rglob("*")) if source.is_dir() else [source]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                kept = Path(beside) / file.relative_to(source) if source.is_dir() else Path(beside)
                found[kept.as_posix()] = file.read_bytes()
    _validate(found, name)
    return found


def _text(template: Template, target: dict[str, str], name: str) -> str:
    """Return the shipped spec with another target, wherever it names its own."""
    source = root() / template.file
    text = source.read_text(encoding="utf-8")
    stated = documents.load(str(source)).data["target"]
    text = _FOR_EDITORS.sub("", text).replace(template.file, name)
    for old, new in template.renamed:
        text = text.replace(f" {old}\n", f" {new}\n")
    for key, value in target.items():
        old = f"(?<![A-Za-z0-9-]){re.escape(stated[key])}(?![A-Za-z0-9-])"
        text = re.sub(old, lambda _found, value=value: value, text)  # type: ignore[misc]
    return text


def _validate(files: dict[str, bytes], name: str) -> None:
    """Raise `SpecError` unless the spec is valid beside its files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in files.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        load_document(documents.parse(files[name].decode(), name, Path(folder)))
