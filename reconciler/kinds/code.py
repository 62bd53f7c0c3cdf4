"""Code of people's own: a folder beside the spec as a version in `workspaces/codes`.

Whoever runs code names a version by its id; the version is a digest of the files that are
uploaded, so a plan knows the id and the same files are one version. Jobs and deployments each
have a name of their own in there, so what one of them no longer needs is nobody else's.
Source: CodeVersions_CreateOrUpdate; az ml's ignore files (`local.left_out`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.datasets.fingerprint import fingerprint
from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import Address
from reconciler.kinds.base import HandlerContext
from reconciler.kinds.data.folder_blobs import put_folder, remove_folder
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.local.files import beside, folder_beside
from reconciler.kinds.local.folder import LocalFolder, Purpose
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.limits import CONTEXT_BYTES, CONTEXT_FILES
from reconciler.spec.document import Document, Keys

API_VERSION = "2026-05-01"
FOLDER = "reconcile/codes"
DIGEST = "reconcile.sha256"
NAME_MAX = 255
CODE = Purpose(
    "code",
    "code",
    "code gets its keys from a key vault, by the identity that it runs as",
    most_files=CONTEXT_FILES,
    most_entries=4 * CONTEXT_FILES,
    most_bytes=CONTEXT_BYTES,
)


@dataclass(frozen=True)
class Code:
    """A version of code: its id, and the files that it is made of."""

    workspace: str
    name: str
    digest: str
    files: Mapping[str, bytes]

    @property
    def id(self) -> str:
        """The ARM id of the version."""
        return f"{self.workspace}/codes/{self.name}/versions/{self.digest}"

    @property
    def folder(self) -> str:
        """Where the files lie in the default datastore."""
        return f"{FOLDER}/{self.name}/{self.digest}"

    def digests(self) -> dict[str, str]:
        """Return a short digest of each file, to tell which ones changed."""
        return {name: hashlib.sha256(c).hexdigest()[:8] for name, c in self.files.items()}


def code_of(text: str, name: str, workspace: str, expansion: Expansion, path: Keys) -> Code:
    """Return the version of code that a folder beside the spec is; problems are noted.

    The spec itself is no code: a change of it alone must not be taken for one.
    """
    folder = _without_spec(folder_beside(expansion.document, text, CODE), expansion.document, text)
    place = expansion.document.position(path)
    expansion.problems += [problem.at(place) for problem in folder.problems]
    if not folder.problems and not folder.files:
        expansion.problem(f"there is no file in {folder.shown}", path, hint=CODE.no_folder)
    return Code(workspace, _short(name), folder.fingerprint(), folder.files)


def register_code(context: HandlerContext, address: Address, code: Code) -> None:
    """Upload the files that are not there yet, and register the version where it is not there.

    Raises `ReconcileError` where a version of this id has other files.
    """
    if code.id in context.placed:
        return
    there = context.run.arm.get(code.id, API_VERSION)
    if there is None:
        uri = put_folder(context, address, code.workspace, code.folder, code.files)
        context.run.arm.put(code.id, API_VERSION, _body(context, code, uri))
    elif (there["properties"].get("properties") or {}).get(DIGEST) != code.digest:
        raise ReconcileError.because(
            "this version of the code exists with different files",
            detail=code.id,
            hint="delete that version, or rename what uses it",
        )
    context.placed.add(code.id)


def remove_code(context: HandlerContext, code: Code) -> None:
    """Delete the version and its files; one that is not ours, or gone, is left alone."""
    there = context.run.arm.get(code.id, API_VERSION)
    tags = (there or {"properties": {}})["properties"].get("tags") or {}
    if tags.get(OWNER_TAG) != mark(context.owner, code.id):
        return
    context.run.arm.delete(code.id, API_VERSION)
    remove_folder(context, code.workspace, code.folder)


def _short(name: str) -> str:
    """Return a name that Azure takes: a digest in the place of one that is too long."""
    return name if len(name) <= NAME_MAX else f"code-{fingerprint({'name': name})}"


def _body(context: HandlerContext, code: Code, uri: str) -> dict[str, object]:
    tags = {OWNER_TAG: mark(context.owner, code.id)}
    return {"properties": {"codeUri": uri, "tags": tags, "properties": {DIGEST: code.digest}}}


def _without_spec(folder: LocalFolder, document: Document, text: str) -> LocalFolder:
    place = beside(document, text).place
    spec = document.folder / Path(document.file).name
    if not spec.is_relative_to(place):
        return folder
    name = spec.relative_to(place).as_posix()
    return replace(folder, files={n: c for n, c in folder.files.items() if n != name})
