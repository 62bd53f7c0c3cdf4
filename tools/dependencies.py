"""What the product runs with: name, version and licence of every package of the runtime lock.

    python -m tools.dependencies

writes the list in docs/dependencies.md from what is installed; `make licences` does the same.
"""

from __future__ import annotations

import re
from importlib import metadata

from tools.pages import ROOT, with_part

LOCK = ROOT / "requirements-runtime.lock"
PAGE = ROOT / "docs" / "dependencies.md"
PART = "packages"
OTHER_MACHINES = "(not for this machine)"
"""The licence of a package that the lock has for another system only."""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_CLASSIFIER = "License :: "


def locked() -> dict[str, str]:
    """Return the version of each package of the runtime lock."""
    return dict(_PINNED.findall(LOCK.read_text(encoding="utf-8")))


def licence_of(name: str) -> str:
    """Return the licence that an installed package states: its expression, or its classifiers."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return OTHER_MACHINES
    if expression := told.get("License-Expression"):
        return expression
    stated = [c.split(" :: ")[-1] for c in told.get_all("Classifier") or () if _CLASSIFIER in c]
    first = (told.get("License") or "").strip().splitlines()
    return ", ".join(stated) or (first[0] if first else "not stated")


def table() -> str:
    """Return the packages as a table."""
    rows = [f"| {name} | {version} | {licence_of(name)} |" for name, version in locked().items()]
    return "\n".join(("| package | version | licence |", "| --- | --- | --- |", *rows))


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_part(page, PART, table()), encoding="utf-8")
