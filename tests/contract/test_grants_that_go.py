"""A grant that is left over, or goes, is named with its role and where it holds."""

import json
from functools import partial

import pytest

from tests.support.azure import edited

SMALL = "examples/smallest.yaml"
WITHOUT = ("compute:\n", "identities: {worker: {}}\ncompute:\n")
GRANTED = (
    "compute:\n",
    "identities:\n  worker:\n    role_assignments:\n"
    '      - {role: Reader, scope: "${{ workspace.storage_account }}"}\n'
    "      - {role: Contributor, scope: resource_group}\ncompute:\n",
)
READER = "role assignment: Reader on workspace.storage_account"
CONTRIBUTOR = "role assignment: Contributor on resource_group"


@pytest.fixture
def tool(azure, run, tmp_path):
    """Run a command of the tool on a spec whose grants were applied."""
    _, problems = azure.apply(edited(tmp_path, SMALL, GRANTED))
    assert problems == []
    return partial(run, spec=tmp_path / "spec.yaml")


@pytest.mark.parametrize("options", [(), ("--prune",)])
@pytest.mark.parametrize("format_of", ["text", "markdown"])
def test_one_that_left_the_spec(tool, tmp_path, options, format_of):
    edited(tmp_path, SMALL, WITHOUT)
    code, out = tool("plan", "-o", format_of, *options)
    assert code == 0
    assert READER in out and CONTRIBUTOR in out


def test_one_that_a_destroy_takes_back(azure, tool):
    azure.clear_journal()
    _, out = tool("destroy", "--yes")
    assert READER in out and CONTRIBUTOR in out


def test_json_names_them_too(tool, tmp_path):
    edited(tmp_path, SMALL, WITHOUT)
    left = json.loads(tool("plan", "-o", "json")[1])["leftovers"]
    ids = [item["id"].lower() for item in left if item["type"] == "role_assignment"]
    assert any("/storageaccounts/" in one for one in ids) and len(ids) == 2
