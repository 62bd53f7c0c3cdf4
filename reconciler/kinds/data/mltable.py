"""The file `MLTable` of a table: read and checked, so that what it names really goes along.

Source: learn.microsoft.com/azure/machine-learning/reference-yaml-mltable (`paths` with `file`,
`folder` or `pattern`; relative ones are relative to the file itself).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.kinds.local_tree import LocalTree
from reconciler.limits import SPEC_BYTES
from reconciler.spec.document import Document, Keys, parse

NAME = "MLTable"
FORMS = ("file", "folder", "pattern")
_A_PATH = "write `- file: PATH`, `- folder: PATH` or `- pattern: PATTERN`"
_UPLOADED = "put the data into the folder of the table, or name it by its address in the cloud"


@dataclass(frozen=True)
class Table:
    """What a table refers to, as it is written, and what is wrong with it."""

    referenced: tuple[str, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


def read_table(tree: LocalTree) -> Table:
    """Return what the file `MLTable` of a folder says."""
    shown = f"{tree.shown}/{NAME}"
    file = next((file for file in tree.files if file.name == NAME), None)
    if file is None:
        if tree.problems:
            return Table()
        hint = "a table is a folder with a file `MLTable`; for any other folder use `local_folder`"
        return Table(problems=(Diagnostic(f"{tree.shown} has no file `MLTable`", hint=hint),))
    try:
        with tree.opened(file) as opened:
            text = opened.read(SPEC_BYTES + 1).decode("utf-8-sig")
        document = parse(text, shown, Path())
    except UnicodeDecodeError:
        return Table(problems=(Diagnostic("not UTF-8 text", Position(shown, 1, 1)),))
    except OSError as error:
        return Table(problems=(Diagnostic(f"{shown} cannot be read: {error.strerror}"),))
    except SpecError as error:
        return Table(problems=tuple(error.diagnostics))
    return _checked(document, tree)


def _checked(document: Document, tree: LocalTree) -> Table:
    paths = document.data.get("paths")
    if not isinstance(paths, list) or not paths:
        place = document.position(("paths",)) or Position(document.file, 1, 1)
        return Table(problems=(Diagnostic("`paths` is not a list of paths", place, hint=_A_PATH),))
    referenced: list[str] = []
    problems: list[Diagnostic] = []
    for index, entry in enumerate(paths):
        form, value = _stated(entry)
        if not form:
            place = document.position(("paths", index))
            problems.append(Diagnostic("not a path of data", place, hint=_A_PATH))
            continue
        referenced.append(value)
        keys: Keys = ("paths", index, form)
        problems += [p.at(document.position(keys)) for p in _missing(form, value, tree)]
    return Table(tuple(referenced), tuple(problems))


def _stated(entry: Any) -> tuple[str, str]:
    """Return the form and the text of an entry; two empty texts where it is neither."""
    if not isinstance(entry, dict):
        return "", ""
    stated = [(form, entry[form]) for form in FORMS if isinstance(entry.get(form), str)]
    return stated[0] if len(stated) == 1 else ("", "")


def _missing(form: str, value: str, tree: LocalTree) -> Iterator[Diagnostic]:
    """Yield what is wrong with a path that is not one in the cloud."""
    if "://" in value or value.startswith("azureml:"):
        return
    path = posixpath.normpath(value)
    if posixpath.isabs(value) or path.startswith(".."):
        yield Diagnostic(f"{value!r} is outside the table's folder", hint=_UPLOADED)
        return
    names = [file.name for file in tree.files]
    found = {
        "file": path in names,
        "folder": path == "." or any(name.startswith(f"{path}/") for name in names),
        "pattern": any(fnmatch(name, path.replace("**/", "*")) for name in names),
    }
    if not found[form]:
        yield Diagnostic(f"the {form} {value!r} is not in the table's folder", hint=_UPLOADED)
