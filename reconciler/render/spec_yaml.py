"""A spec as YAML that a person would write: sections apart, texts of several lines as blocks."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

from reconciler.engine.types import JsonObject

NEVER_FOLDED = 1 << 16
"""A line width that no path or id reaches: each stays on its line, to be found and copied."""


def spec_yaml(spec: JsonObject, comment: str = "") -> str:
    """Return a spec as YAML text, under a comment of one or more lines."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    top = {key: value for key, value in spec.items() if not isinstance(value, dict)}
    parts = [_dumped(top)] if top else []
    parts += [_dumped({k: v}) for k, v in spec.items() if isinstance(v, dict)]
    return head + "\n".join(parts)


def _dumped(part: JsonObject) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.width = NEVER_FOLDED
    yaml.representer.add_representer(float, _as_written)
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(_blocks(part), text)
    return text.getvalue()


def _as_written(representer: Any, number: float) -> Any:
    """Write 0.00002 as people do, not as 2e-05."""
    plain = format(Decimal(repr(number)), "f")
    text = plain if "." in plain else f"{plain}.0"
    return representer.represent_scalar("tag:yaml.org,2002:float", text)


def _blocks(node: Any) -> Any:
    from ruamel.yaml.scalarstring import LiteralScalarString

    if isinstance(node, dict):
        return {key: _blocks(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_blocks(value) for value in node]
    is_block = isinstance(node, str) and "\n" in node.strip() and not node.startswith((" ", "\n"))
    return LiteralScalarString(node) if is_block else node
