"""Nothing outside `kinds/` knows a kind by its name: what it needs to know, the handler says.

A comparison with a name is a table with one row, and forgetting the next kind fails silently.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.engine.acceptance import ACCEPTABLE
from reconciler.kinds import HANDLERS

ROOT = Path(reconciler.__file__).parent
APART = ("kinds", "sandbox")
"""The kinds themselves, and the other side: a sandbox that knew our names would be no proof."""


def names_of_kinds(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield each text that is the name of a kind, where it decides something."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = [node.left, *node.comparators]
            case ast.Dict():
                sides = [key for key in node.keys if key]
            case ast.MatchValue():
                sides = [node.value]
            case _:
                continue
        yield from (part for side in sides for part in ast.walk(side) if is_name(part))


def is_name(node: ast.AST) -> bool:
    """Whether a node is a kind's name of several words, or `SomeHandler.kind`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "kind" and ast.unparse(node.value).endswith("Handler")
    named = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return named and node.value in HANDLERS and not is_another_word(node.value)


def is_another_word(name: str) -> bool:
    """Whether it is also the address of the one thing of its kind in a spec, or a check's id."""
    return name in {handler.section for handler in HANDLERS.values()} or name in ACCEPTABLE


def kinds_compared(tree: ast.AST) -> Iterator[ast.Compare]:
    """Yield comparisons of `….kind` with anything written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = any(isinstance(s, ast.Attribute) and s.attr == "kind" for s in sides)
            if asked and any(isinstance(s, ast.Constant | ast.Set | ast.Tuple) for s in sides):
                yield node


def test_no_kind_is_known_by_its_name():
    files = [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] not in APART]
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    assert len(files) > 100
    assert [
        f"{file}:{node.lineno}: {ast.unparse(node)}"
        for file, tree in trees.items()
        for node in (*names_of_kinds(tree), *kinds_compared(tree))
    ] == []


@pytest.mark.parametrize(
    "code",
    [
        'resource.kind == "role assignment"',
        'r.kind != "workspace"',
        'kind in ("prompt flow", "connection")',
        "resource.kind == KeyVaultHandler.kind",
        'INSIDE = {"online endpoint": ("deployments",)}',
        "INSIDE = {EndpointHandler.kind: ()}",
        'match kind:\n    case "compute cluster": pass',
    ],
)
def test_each_way_to_write_it_is_found(code):
    tree = ast.parse(code)
    assert [*names_of_kinds(tree), *kinds_compared(tree)]
