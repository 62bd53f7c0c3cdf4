"""Files and folders beside a spec that are uploaded: found, named in messages, read as bytes.

They lie below the folder above the spec's (`folder.root_of`); what is a link to elsewhere, a file
of keys or too large is a problem with its place, never an upload.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.local.folder import LocalFolder, Purpose, read_file, read_folder, root_of
from reconciler.safe_open import real_path
from reconciler.spec.document import Document


@dataclass(frozen=True)
class Local:
    """A path that a spec states: the place itself, its name in messages, what it must lie in."""

    place: Path
    shown: str
    top: Path


def beside(document: Document, text: str) -> Local:
    """Return what a path of a spec means; its name in messages is relative like the spec's."""
    folder = Path(document.file).parent if document.file != "<stdin>" else Path()
    place = Path(os.path.normpath(document.folder / text))
    return Local(place, os.path.normpath(folder / text), root_of(document.folder))


def folder_beside(document: Document, text: str, purpose: Purpose) -> LocalFolder:
    """Return the files of a folder that a spec names."""
    found = beside(document, text)
    if Path(text).is_absolute():
        return _refused(found.shown, f"{text} is absolute", purpose)
    return read_folder(found.place, found.shown, found.top, purpose)


def file_beside(document: Document, text: str, purpose: Purpose) -> LocalFolder:
    """Return the one file that a spec names, under its last name."""
    found = beside(document, text)
    if Path(text).is_absolute():
        return _refused(found.shown, f"{text} is absolute", purpose)
    try:
        real = real_path(found.place, strict=True)
    except (OSError, ValueError):
        return _refused(found.shown, f"there is no file {found.shown}", purpose)
    if not real.is_relative_to(found.top):
        problem = Diagnostic(f"{found.shown} is outside {found.top}", hint=purpose.too_far)
        return LocalFolder(found.shown, problems=(problem,))
    return read_file(real, found.place.name, found.shown, found.top, purpose)


def _refused(shown: str, what: str, purpose: Purpose) -> LocalFolder:
    return LocalFolder(shown, problems=(Diagnostic(what, hint=purpose.no_folder),))
