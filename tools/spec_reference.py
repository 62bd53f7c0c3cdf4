"""The generated parts of docs/spec.md, from the models of the spec and what their handlers declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reconciler.kinds import KINDS
from reconciler.kinds.field_changes import change_of
from reconciler.kinds.spec_fields import Field, Section, by_path, sections, top

ROOT = Path(__file__).resolve().parent.parent
SPECS = (ROOT / "specs" / "phi3-ultrachat.yaml", *sorted((ROOT / "examples").glob("*.yaml")))
HEAD = ("Field", "Type", "Default", "Meaning", "Immutable")
NOT_REFERRED = ("target", "quota", "lifecycle")


def overview() -> str:
    """Return the table of the top level, with links to the sections."""
    linked = {section.path for section in sections()}
    rows = [("Key", "Type", "Default", "Meaning")]
    rows += [
        (
            f"[`{field.name}`](#{_anchor(field.name)})"
            if field.name in linked
            else f"`{field.name}`",
            field.type,
            field.default,
            field.meaning,
        )
        for field in top().fields
    ]
    return _table(rows)


def reference() -> str:
    """Return every section and the parts inside it: meaning, fields, references, an example."""
    shown = (twins for twins in by_path().values() if _home(twins[0]) == twins[0].path)
    return "\n\n".join(block for twins in shown for block in _blocks(twins))


def _blocks(twins: list[Section]) -> Iterator[str]:
    """Yield one path: its heading, and each shape that it takes."""
    first = twins[0]
    yield f"{'####' if '.' in first.path else '###'} `{first.path}`"
    for section in twins:
        shape = "" if len(twins) == 1 else f"**{_words(section.model)}.** "
        yield shape + section.meaning.replace("\n", " ")
        yield _table([HEAD, *(_row(section, field) for field in section.fields)])
    if "." not in first.path:
        yield from _referred(first)
        yield from _example(first.path)


def _words(model: str) -> str:
    """Return `Blob datastore` for `BlobDatastore`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model).capitalize()


def _home(section: Section) -> str:
    """Return where a part is explained: a vault of the hub's is one like the workspace's."""
    kinds = {handler.section for handler in KINDS}
    twins = (one.path for one in sections() if one.model == section.model and one.path in kinds)
    return next(twins, section.path)


def _row(section: Section, field: Field) -> tuple[str, ...]:
    meaning = field.meaning.replace("\n", " ").replace("|", "\\|")
    shown = _linked(section, field)
    return f"`{field.name}`", shown, field.default, meaning, change_of(section, field)


def _linked(section: Section, field: Field) -> str:
    """Return the type of a field, with a link to the part that explains its map."""
    if not field.nested:
        return field.type
    path = f"{section.path}.{field.name}"
    home = next(_home(one) for one in sections() if one.path == path)
    before, _, after = field.type.rpartition("map")
    return f"{before}[map](#{_anchor(home)}){after}"


def _referred(section: Section) -> Iterator[str]:
    """Yield what others may refer to in a section."""
    shown = [h.attributes.shown for h in KINDS if h.section == section.path]
    if shown and section.path not in NOT_REFERRED:
        listed = ", ".join(f"`{name}`" for name in sorted(frozenset().union(*shown)))
        yield f"References can name: {listed}."


def _example(section: str) -> Iterator[str]:
    """Yield the section as the first shipped spec with it states it."""
    for file in SPECS:
        found = re.search(
            rf"^{section}:.*\n(?:(?:[ ].*)?\n)*", file.read_text(encoding="utf-8"), re.MULTILINE
        )
        if found:
            text = found[0].rstrip()
            yield f"From `{file.relative_to(ROOT)}`:\n\n```yaml\n{text}\n```"
            return


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _anchor(name: str) -> str:
    return name.replace(".", "")
