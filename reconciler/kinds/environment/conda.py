"""The conda file of an environment: read with its places, sent as az ml sends it.

Azure takes the content as text. Keys are sorted, so the same packages are the same version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.diagnostics import SpecError
from reconciler.kinds.environment.secret_lines import in_conda
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.local.files import beside, file_beside
from reconciler.kinds.local.folder import Purpose
from reconciler.spec.document import Document, Keys, parse

FILE = Purpose("conda file", "conda_file", "an image gets no keys when it is built")


def text_of(stated: str | Mapping[str, Any], expansion: Expansion, path: Keys) -> str:
    """Return the text for a conda file that a spec names or contains; problems are noted."""
    if not isinstance(stated, str):
        inside = Document(
            expansion.document.file,
            dict(stated),
            expansion.document.folder,
            values={path: expansion.document.position(path)},
        )
        expansion.problems += in_conda(inside, path)
        return dumped(stated)
    document = _read(stated, expansion, path)
    if document is None:
        return ""
    expansion.problems += in_conda(document)
    return dumped(document.data)


def _read(text: str, expansion: Expansion, path: Keys) -> Document | None:
    found = file_beside(expansion.document, text, FILE)
    place = expansion.document.position(path)
    expansion.problems += [problem.at(place) for problem in found.problems]
    if not found.files:
        return None
    shown = beside(expansion.document, text).shown
    (content,) = found.files.values()
    try:
        return parse(content.decode("utf-8"), shown, expansion.document.folder)
    except UnicodeDecodeError:
        expansion.problem(f"{shown} is not UTF-8 text", path, hint="save it as UTF-8")
    except SpecError as error:
        expansion.problems += error.diagnostics
    return None


def dumped(data: Mapping[str, Any]) -> str:
    """Return YAML with sorted keys, byte for byte what az ml sends."""
    import yaml

    return str(yaml.safe_dump(dict(data), sort_keys=True))


def same(observed: Any, desired: Any) -> bool:
    """Compare what two texts say, whatever their layout."""
    if not isinstance(observed, str) or not isinstance(desired, str):
        return bool(observed == desired)
    return observed == desired or _plain(observed) == _plain(desired)


def _plain(text: str) -> Any:
    from pathlib import Path

    try:
        return parse(text, "conda", Path()).data
    except SpecError:
        return text
