"""The JSON Schema that the command line prints is the one in the repository, and is usable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.main import main
from reconciler.kinds.json_schema import DIALECT, document

COMMITTED = Path(__file__).parents[2] / "schemas" / "reconcile.v1.schema.json"


def test_the_committed_schema_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    shown = capsys.readouterr().out
    assert shown == COMMITTED.read_text(encoding="utf-8"), "run `make schema`"


def test_the_schema_says_what_it_is() -> None:
    found = document()
    assert found["$schema"] == DIALECT
    assert found["$id"]
    assert found["title"]


def test_every_property_of_the_top_has_hover_text() -> None:
    for name, part in document()["properties"].items():
        assert part.get("description"), name


def test_the_schema_has_no_reference_to_nowhere() -> None:
    found = document()
    text = json.dumps(found)
    for name in set(text.split('"#/$defs/')[1:]):
        assert name.split('"')[0] in found["$defs"]
