"""Generated parts of the pages in docs/: each stands between two marks and is tested for freshness.

    python -m tools.pages

writes all of them again; `make reference` does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def marks(name: str) -> tuple[str, str]:
    """Return the lines between which a generated part stands."""
    return f"<!-- {name}: make reference -->", f"<!-- /{name} -->"


def with_part(page: str, name: str, text: str) -> str:
    """Return a page with a generated part put between its marks. Raises `ValueError` without."""
    begin, end = marks(name)
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no part {name}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def parts() -> Mapping[str, Mapping[str, Callable[[], str]]]:
    """Return what is generated: by file, the makers of its parts by name."""
    from tools import commands_reference, kinds_table, spec_reference

    return {
        "docs/commands.md": {
            "commands": commands_reference.commands,
            "exit codes": commands_reference.exit_codes,
        },
        "docs/spec.md": {
            "sections": spec_reference.overview,
            "fields": spec_reference.reference,
        },
        "docs/kinds.md": {"kinds": kinds_table.table},
    }


def written(file: str) -> str:
    """Return what a page must hold."""
    page = (ROOT / file).read_text(encoding="utf-8")
    for name, make in parts()[file].items():
        page = with_part(page, name, make())
    return page


if __name__ == "__main__":
    for file in parts():
        text = written(file)
        (ROOT / file).write_text(text, encoding="utf-8")
