"""The `additional_includes` of a flow: files and folders from beside it.

As promptflow does, each is put into the flow's folder under its own last name, and the key is
taken out of the flow file that is uploaded. What promptflow only warns of is a problem here: a
missing one, and one that would hide a file of the flow. All of them lie in the same root as
the flow (source: promptflow, `_sdk/_utilities/general_utils.py`, additional includes).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.flow.dag import read_dag
from reconciler.kinds.local.folder import FLOW, LocalFolder, read_file, read_folder
from reconciler.safe_open import real_path
from reconciler.spec.document import Document

KEY = "additional_includes"


def with_includes(flow: LocalFolder, folder: Path, top: Path) -> LocalFolder:
    """Return a flow with the files that it includes, and what is wrong with them.

    `folder` is where it was read from, `top` the folder that all of it must lie in.
    """
    document, _ = read_dag(flow)
    if document is None or not document.data.get(KEY):
        return flow
    files, problems = dict(flow.files), list(flow.problems)
    for index, entry in _entries(document, problems):
        included = _included(entry, flow.shown, folder, top)
        place = document.position((KEY, index))
        problems += [p if p.position else replace(p, position=place) for p in included.problems]
        hidden = sorted(files.keys() & included.files.keys())
        if hidden:
            what = f"`{entry}` would hide `{hidden[0]}`, which is in the flow already"
            problems.append(Diagnostic(what, place, hint="rename one of them"))
        files = {**included.files, **files}
    if excess := FLOW.over(len(files), sum(map(len, files.values()))):
        what = f"the flow in {flow.shown} has, with its includes, more than {excess}"
        problems.append(Diagnostic(what, document.position((KEY,)), hint=FLOW.smaller))
    return LocalFolder(flow.shown, files, tuple(problems))


def without_includes(document: Document, lines: list[str]) -> list[str]:
    """Return the lines of a flow file without the key: what it names lies in the folder."""
    if KEY not in document.data:
        return lines
    place = document.position((KEY,), of_key=True)
    starts = [document.position((key,), of_key=True).line for key in document.data]
    end = min((line for line in starts if line > place.line), default=len(lines) + 1)
    return lines if place.column != 1 else [*lines[: place.line - 1], *lines[end - 1 :]]


def _entries(document: Document, problems: list[Diagnostic]) -> Iterator[tuple[int, str]]:
    stated = document.data[KEY]
    if not isinstance(stated, list):
        what = f"`{KEY}` must be a list of paths"
        problems.append(Diagnostic(what, document.position((KEY,))))
        return
    for index, entry in enumerate(stated):
        if isinstance(entry, str) and entry.strip():
            yield index, entry
        else:
            what = f"`{KEY}[{index}]` is not a path"
            problems.append(Diagnostic(what, document.position((KEY, index))))


def _included(entry: str, shown: str, folder: Path, top: Path) -> LocalFolder:
    """Return the files of one entry, by the paths that they have in the flow."""
    named = os.path.normpath(f"{shown}/{entry}")
    if Path(entry).is_absolute():
        return _refused(f"`{entry}` is absolute", "give a path relative to the flow's folder")
    place = Path(os.path.normpath(folder / entry))
    try:
        real, home = real_path(place, strict=True), real_path(folder, strict=True)
    except (OSError, ValueError):
        return _refused(f"there is no `{entry}`", f"paths in `{KEY}` are relative to {shown}")
    if not real.is_relative_to(top):
        return _refused(f"`{entry}` is outside {top}", FLOW.too_far)
    if home.is_relative_to(real):
        return _refused(f"`{entry}` contains the flow itself", "name what is needed of it")
    if not real.is_dir():
        return read_file(real, place.name, named, top)
    found = read_folder(real, named, top)
    return replace(found, files={f"{place.name}/{n}": c for n, c in found.files.items()})


def _refused(summary: str, hint: str) -> LocalFolder:
    return LocalFolder("", problems=(Diagnostic(summary, hint=hint),))
