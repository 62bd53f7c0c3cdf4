"""Where in an ARM body a field of the spec goes: stated once, on the field of the model.

From it follow the spec's word for a path, and what Azure cannot change in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.engine.diff import Rules, Same
from reconciler.spec.model import SpecModel


@dataclass(frozen=True)
class Arm:
    """The path of a field in the body; `immutable`: another value takes another resource."""

    path: str
    immutable: bool = False


def rules_of(
    *models: type[SpecModel],
    immutable: Iterable[str] = (),
    same: Mapping[str, Same] | None = None,
    labels: Mapping[str, str] | None = None,
    write_only: Iterable[str] = (),
    create_only: Iterable[str] = (),
    sensitive: Iterable[str] = (),
) -> Rules:
    """Return the rules that some models state, and what stands in no field of theirs besides."""
    fields = {path: word for model in models for word, path in _stated(model)}
    return Rules(
        immutable=frozenset({*immutable, *(arm.path for arm in fields if arm.immutable)}),
        same=dict(same or {}),
        labels={**{arm.path: word for arm, word in fields.items()}, **(labels or {})},
        write_only=frozenset(write_only),
        create_only=frozenset(create_only),
        sensitive=frozenset(sensitive),
    )


def _stated(model: type[SpecModel]) -> Iterator[tuple[str, Arm]]:
    for name, field in model.model_fields.items():
        for stated in field.metadata:
            if isinstance(stated, Arm):
                yield name, stated
