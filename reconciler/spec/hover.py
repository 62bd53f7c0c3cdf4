"""The docstrings under a model's fields: hover text in editors, help in errors.

Read from the source when somebody asks. pydantic's `use_attribute_docstrings` does the
same for every class at import, which cost each command 80 ms.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache


def texts(model: type) -> dict[str, str]:
    """Return the docstring of each documented field of a model, bases included."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        found.update(_of_module(owner.__module__).get(owner.__qualname__, {}))
    return found


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Return field docstrings by class, for the classes of one of our modules."""
    if not name.startswith("reconciler."):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name: dict(_documented(node)) for node in classes}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as words)),
            ):
                yield name, inspect.cleandoc(words)
