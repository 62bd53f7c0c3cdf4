"""What a rewrite leaves out is all that Microsoft's published types call read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS
from reconciler.kinds.arm_handler import SYSTEM_KEYS, ArmHandler

TYPES = Path(__file__).resolve().parents[3] / "shared" / "azure-types"
READ_ONLY = 2
REWRITTEN = (
    "storage account",
    "key vault",
    "log analytics workspace",
    "container registry",
    "workspace",
    "hub",
    "project",
)
PLAIN = [h for h in KINDS if isinstance(h, ArmHandler) and h.kind in REWRITTEN]


def published(handler: ArmHandler) -> Iterator[str]:
    """Yield the dotted read-only paths of a type; lists are walked through."""
    namespace = handler.type.partition("/")[0].lower()
    file = TYPES / namespace / f"{handler.api_version}.json"
    items = json.loads(file.read_text(encoding="utf-8"))
    wanted = f"{handler.type}@{handler.api_version}".lower()
    root = next(i for i in items if i["$type"] == "ResourceType" and i["name"].lower() == wanted)

    def at(reference: dict[str, str]) -> Any:
        return items[int(reference["$ref"].partition("#/")[2])]

    def walk(node: Any, path: tuple[str, ...]) -> Iterator[str]:
        if node["$type"] == "ArrayType":
            yield from walk(at(node["itemType"]), path)
        for name, spec in (node.get("properties") or {}).items():
            if spec["flags"] & READ_ONLY:
                yield ".".join((*path, name))
            elif len(path) < 6:
                yield from walk(at(spec["type"]), (*path, name))

    yield from walk(at(root["body"]), ())


@pytest.mark.skipif(not TYPES.is_dir(), reason="the published types (../shared) are not here")
@pytest.mark.parametrize("handler", PLAIN, ids=lambda h: h.kind)
def test_a_rewrite_sends_back_nothing_that_is_read_only(handler: ArmHandler) -> None:
    left = {path for path in published(handler) if not covered(path, handler.read_only)}
    system = {p for p in left if p.partition(".")[0] in (*SYSTEM_KEYS, "apiVersion", "identity")}
    assert left - system == set()


def covered(path: str, read_only: frozenset[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in read_only)
