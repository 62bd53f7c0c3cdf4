"""Cells of Microsoft's notebooks for azure-ai-ml, written anew: what Azure then holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients import (  # each collects its snippets
    snippets_assets,
    snippets_serving,
    snippets_workspace,
)
from tests.clients.azure_ml import Arm, client
from tests.clients.snippets import SNIPPETS, Notebook

pytestmark = pytest.mark.notebook

COLLECTED = (snippets_assets, snippets_serving, snippets_workspace)


@pytest.fixture
def cell(azure_ml: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    from azure.ai.ml.constants._common import LROConfigurations

    monkeypatch.setattr(LROConfigurations, "SLEEP_TIME", 0.05)  # between looks; 5 s otherwise
    azure_ml.workspace("ws1")
    return Notebook(client(azure_ml.served, "ws1"), azure_ml, tmp_path)


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_cell_does_what_its_page_says(cell: Notebook, name: str) -> None:
    SNIPPETS[name](cell)


def test_there_are_thirty_and_more() -> None:
    assert len(SNIPPETS) >= 30
