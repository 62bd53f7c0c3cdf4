"""What can be said of a dataset's rows before anything is sent: wrong ones, and too few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.datasets import slices
from reconciler.datasets.rows import local_file
from reconciler.datasets.split import MORE_ROWS, undivided
from reconciler.datasets.survey import check_files, row_count
from reconciler.diagnostics import Diagnostic
from reconciler.kinds.data.dataset_settings import Wanted
from reconciler.spec.document import Document, Keys


def local_problems(
    wanted: Wanted, paths: list[str], share: float | None, document: Document, path: Keys
) -> list[Diagnostic]:
    """Return what is wrong in the rows of local files, and whether a share has no row."""
    files = [
        local_file(document.folder, text, named(document, text), wanted.format) for text in paths
    ]
    problems = check_files(files)
    if problems or share is None or not (said := undivided(row_count(files), share)):
        return problems
    stated: Any = document.data["datasets"][path[-1]]
    place = document.position((*path, "split" if "split" in stated else "source"), of_key=True)
    return [Diagnostic(said, place, hint=MORE_ROWS)]


def hub_problems(split: str, share: float, document: Document, path: Keys) -> list[Diagnostic]:
    """Return whether a slice is too small to be divided, whatever it is a slice of."""
    at_most = slices.most(slices.parse(split))
    if at_most is None or not (said := undivided(at_most, share)):
        return []
    place = document.position((*path, "source", "split"))
    return [Diagnostic(f"at most {said}", place, hint=MORE_ROWS)]


def named(document: Document, text: str) -> str:
    """Return a local file's name as the user can open it: beside the spec's own name."""
    if document.file == "<stdin>":
        return text
    return str(Path(document.file).parent / text)
