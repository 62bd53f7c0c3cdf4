"""Writes `shapes.txt`: what Microsoft's own packages say that parts of bodies may hold.

The sandbox's schemas name a model of a package (`networkAcls: <storage.NetworkRuleSet>`); this
reads those models from the installed packages (our extra `schemas`) and states each in the
schemas' own language, nested models in place. Importing the packages takes seconds, reading the
file takes a millisecond. Only facts are taken: names, types, enumerations, required, read-only.

`python -m tests.sandbox.published_shapes --write` writes the file.
"""

from __future__ import annotations

import enum
import importlib
import importlib.metadata
import re
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ARM = Path(__file__).resolve().parents[2] / "reconciler" / "sandbox" / "arm"
FILE = ARM / "shapes.txt"
PACKAGES = {
    "storage": ("azure-mgmt-storage", "azure.mgmt.storage"),
    "keyvault": ("azure-mgmt-keyvault", "azure.mgmt.keyvault"),
    "acr": ("azure-mgmt-containerregistry", "azure.mgmt.containerregistry"),
    "logs": ("azure-mgmt-loganalytics", "azure.mgmt.loganalytics"),
    "ml": ("azure-ai-ml", "azure.ai.ml._restclient.arm_ml_service"),
}
# Where a package says less than Azure takes.
CORRECTED = {
    # "any combination of Logging|Metrics|AzureServices", says the property's own description.
    "storage.NetworkRuleSet": {"bypass": "str"},
}
HEAD = """\
# What parts of bodies may hold, in the language of schema_language.py. Generated; do not edit:
# `make shapes`. The facts are from Microsoft's packages (MIT licence):
"""
NAMED = re.compile(r"<(\w+)\.(\w+)>")
SCALARS = {str: "str", int: "int", float: "num", bool: "bool"}


def wanted() -> list[tuple[str, str]]:
    """Return the (package, model) pairs that the sandbox's schemas name."""
    texts = (
        path.read_text() for path in sorted(ARM.glob("*.py")) if path.name != "schema_language.py"
    )
    return sorted({found.groups() for text in texts for found in NAMED.finditer(text)})  # type: ignore[type-var] # both groups always match


def text() -> str:
    """Return what the file should hold."""
    pairs = wanted()
    lines = [HEAD.rstrip()]
    for key, (package, _) in PACKAGES.items():
        if any(key == name for name, _ in pairs):
            lines.append(f"# {key}: {package} {importlib.metadata.version(package)}")
    for key, model in pairs:
        models = importlib.import_module(PACKAGES[key][1] + ".models")
        found = _properties(getattr(models, model), models, "  ", ())
        lines += [f"{key}.{model}:", *(_corrected(f"{key}.{model}", line) for line in found)]
    return "\n".join(lines) + "\n"


def _corrected(shape: str, line: str) -> str:
    name, _, _ = line.partition(":")
    kind = CORRECTED.get(shape, {}).get(name.strip())
    return f"{name}: {kind}" if kind else line


def _properties(model: Any, models: Any, indent: str, above: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a model's properties, and of each of its kinds where it has several."""
    own = _fields(model, models)
    tag = next((name for name, (_, field) in own.items() if field._is_discriminator), None)
    kinds = _kinds(model) if tag is not None else {}
    for name, (hint, field) in sorted(own.items()):
        if name == tag and kinds:
            yield f"{indent}{name}!: {'|'.join(sorted(kinds))}"
        else:
            yield from _property(name, hint, field, models, indent, above)
    alike: dict[tuple[str, ...], list[str]] = {}
    for value, kind in sorted(kinds.items()):
        more = {n: f for n, f in _fields(kind, models).items() if n not in own}
        lines: list[str] = []
        for name, (hint, field) in sorted(more.items()):
            lines += _property(name, hint, field, models, indent + "  ", above)
        alike.setdefault(tuple(lines), []).append(value)
    for lines_of_kind, values in alike.items():
        if lines_of_kind:
            yield f"{indent}?{tag} = {'|'.join(values)}"
            yield from lines_of_kind


def _kinds(model: Any) -> dict[str, Any]:
    """Return the models that stand for a discriminated one, by the discriminator's value."""
    mapping = model.__dict__.get("__mapping__") or {}
    return {str(getattr(key, "value", key)): kind for key, kind in mapping.items()}


def _fields(model: Any, models: Any) -> dict[str, tuple[Any, Any]]:
    """Return {wire name: (type hint, field)} of a model and its bases."""
    hints = typing.get_type_hints(model, {"_models": models, "datetime": __import__("datetime")})
    found = {}
    for attribute, hint in hints.items():
        field = _raw(model, attribute)
        if field is not None:
            found[field._rest_name_input or attribute] = (hint, field)
    return found


def _raw(model: Any, attribute: str) -> Any:
    for base in model.__mro__:
        field = base.__dict__.get(attribute)
        if hasattr(field, "_rest_name_input"):
            return field
    return None


def _property(
    name: str, hint: Any, field: Any, models: Any, indent: str, above: tuple[str, ...]
) -> Iterator[str]:
    inner, is_optional = _without_none(hint)
    read_only = field._visibility == ["read"]
    marks = "-" if read_only else "" if is_optional else "!"
    kind, model = _kind(inner)
    if read_only or (model is not None and model.__name__ in above):
        yield f"{indent}{name}{marks}: any"
        return
    yield f"{indent}{name}{marks}:{' ' if kind else ''}{kind}"
    if model is not None:
        yield from _properties(model, models, indent + "  ", (*above, model.__name__))


def _without_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not type(None)]
        enums = [part for part in parts if isinstance(part, type) and issubclass(part, enum.Enum)]
        return (enums or parts)[0], len(parts) < len(typing.get_args(hint))
    return hint, False


def _kind(hint: Any) -> tuple[str, Any]:
    """Return the type's word in the schemas' language, and the model below it if there is one."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return "|".join(str(getattr(one, "value", one)) for one in typing.get_args(hint)), None
    if origin in (list, dict):
        inner, _ = _without_none(typing.get_args(hint)[-1])
        word, model = _kind(inner)
        left, right = "[]" if origin is list else "{}"
        return f"{left}{word}{right}", model
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "|".join(str(one.value) for one in hint), None
    if isinstance(hint, type) and any(base.__name__ == "Model" for base in hint.__mro__):
        return "", hint
    return SCALARS.get(hint, "str" if _is_text(hint) else "any"), None


def _is_text(hint: Any) -> bool:
    """Whether a value is a string on the wire: times and durations."""
    return getattr(hint, "__module__", "") == "datetime"


def main() -> int:
    """Print the file, or write it."""
    if "--write" in sys.argv:
        FILE.write_text(text())
    else:
        sys.stdout.write(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
