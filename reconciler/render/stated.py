"""Which fields of something new were stated in the spec, and in which words.

A desired body holds more than a user wrote: defaults, and what Azure wants to hear. A reader
is shown what was stated; the rest is a matter of `-v`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from reconciler.engine.decisions import Change
from reconciler.engine.types import FieldDiff, Reference, Unknown
from reconciler.render.fields import Views, name_of, shown
from reconciler.secrets import SENSITIVE, Secret
from reconciler.spec.sections import is_set

HIDDEN = ("environment_variables",)
"""Settings of which only the names are shown."""
SCALARS = (str, int, float, bool)
_REFERENCE = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


def is_stated(views: Views, change: Change, item: FieldDiff) -> bool:
    """Return whether a field of something new says what the spec states.

    A field under the spec's own word is, where the spec has it; one under another word is
    where a kind worded it, or where its value comes from somewhere else.
    """
    section = views.section(change)
    parts = name_of(item).split(".")
    if section is not None and parts[0] in type(section).model_fields:
        return is_set(section, parts)
    is_tag = item.keys[-2:-1] == ("tags",)
    is_worded = views.of(change).words_it(item.label)
    return section is None or is_tag or is_worded or _comes_from_elsewhere(item.after)


def as_spelled(views: Views, change: Change, item: FieldDiff) -> str:
    """Return the value of a field as the spec spells it (`dedicated`), "" where it does not."""
    value: Any = views.section(change)
    for part in name_of(item).split("."):
        if not isinstance(value, BaseModel) or part not in value.model_fields_set:
            return ""
        value = getattr(value, part)
    is_reference = isinstance(value, str) and (_REFERENCE.search(value) or value.startswith("/"))
    return shown(value) if isinstance(value, SCALARS) and not is_reference else ""


def settings_rows(
    views: Views, change: Change, fields: Sequence[FieldDiff]
) -> Iterator[tuple[str, str]]:
    """Yield name and value of each stated setting that no field of the body says.

    A flow's path and connections, a dataset's source, where a role holds. What the spec states
    there as resources of their own has changes of its own.
    """
    section = views.section(change)
    if section is None:
        return
    names = {name_of(item) for item in fields}
    said = {name.split(".")[0] for name in names}
    apart = views.of(change).stated_apart | {"name", "tags"}
    for name in type(section).model_fields:
        if name in section.model_fields_set and name not in said | apart:
            for place, text in _leaves(name, getattr(section, name)):
                if place.rpartition(".")[2] not in names:
                    yield place, text


def _comes_from_elsewhere(value: Any) -> bool:
    return isinstance(value, Unknown | Secret | Reference)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield each value of a setting that is a plain one; lists of parts are left out."""
    if isinstance(value, BaseModel):
        for field in [n for n in type(value).model_fields if n in value.model_fields_set]:
            yield from _leaves(f"{name}.{field}", getattr(value, field))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{name}.{key}", SENSITIVE if name in HIDDEN else item)
    elif isinstance(value, list):
        if value and all(isinstance(item, SCALARS) for item in value):
            yield name, shown(json.dumps(value, ensure_ascii=False))
    elif isinstance(value, SCALARS):
        yield name, shown(_REFERENCE.sub(r"\1", value) if isinstance(value, str) else value)
