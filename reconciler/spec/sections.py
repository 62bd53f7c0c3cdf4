"""Which part of a spec states what, and which of its fields somebody wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel


def sections_of(spec: BaseModel) -> dict[str, BaseModel]:
    """Return the part of a spec that states each address: `jobs.finetune`, `workspace.key_vault`."""
    found: dict[str, BaseModel] = {}
    for section in type(spec).model_fields:
        value = getattr(spec, section)
        if isinstance(value, BaseModel):
            found[section] = value
            inner = ((field, getattr(value, field)) for field in type(value).model_fields)
            found |= {f"{section}.{n}": v for n, v in inner if isinstance(v, BaseModel)}
        elif isinstance(value, Mapping):
            items = value.items()
            found |= {f"{section}.{n}": v for n, v in items if isinstance(v, BaseModel)}
    return found


def is_set(model: BaseModel, parts: Sequence[str]) -> bool:
    """Return whether the spec sets the field that the parts lead to."""
    if parts[0] not in model.model_fields_set:
        return False
    inner = getattr(model, parts[0])
    is_deeper = isinstance(inner, BaseModel) and len(parts) > 1
    if is_deeper and parts[1] in type(inner).model_fields:
        return is_set(inner, parts[1:])
    return True
