"""The example specs that come with the package: in a wheel below it, in a checkout beside it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
WHOLE = "specs/phi3-ultrachat.yaml"
ROOTS = (PACKAGE / "shipped", PACKAGE.parent)


def root() -> Path:
    """Return the folder with `specs/` and `examples/` in it. Raises `FileNotFoundError`."""
    for folder in ROOTS:
        if (folder / WHOLE).is_file():
            return folder
    raise FileNotFoundError(2, "the example specs are missing from this installation", WHOLE)


def specs() -> tuple[Path, ...]:
    """Return every shipped spec, the one of the whole scenario first."""
    return (root() / WHOLE, *sorted((root() / "examples").glob("*.yaml")))
