"""A job begins after all that the spec makes of what it reads, however its data is named."""

import pytest

from tests.support.azure import edited

OWN = "examples/bring-your-own-data.yaml"
STORE = """datastores:
  lake: {type: azure_data_lake_gen2, account_name: contosolake, filesystem: curated}
jobs:
"""
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-own-data"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/own-data-ws"
REFERENCES = (
    "training_data: ${{ datasets.support.train }}",
    "validation_data: ${{ datasets.support.test }}",
)


def needs(tmp_path, training, validation):
    changes = (
        (REFERENCES[0], f"training_data: {training}"),
        (REFERENCES[1], f"validation_data: {validation}"),
        ("jobs:\n", STORE),
    )
    return edited(tmp_path, OWN, *changes).graph["jobs.finetune"]


@pytest.fixture
def version(tmp_path):
    return edited(tmp_path, OWN).resources["datasets.support"].known["version"]


@pytest.mark.parametrize(
    "named",
    [
        "azureml:support-train:{version}",
        f"{WORKSPACE}/data/support-train/versions/{{version}}",
        f"azureml:{WORKSPACE.upper()}/data/Support-Train/versions/{{version}}/",
        f"azureml:/{GROUP}/workspaces/own-data-ws/data/support-train/versions/{{version}}",
    ],
)
def test_data_of_the_spec_in_azures_words_comes_first(tmp_path, version, named):
    found = needs(tmp_path, named.format(version=version), "azureml:elsewhere:1")
    assert "datasets.support" in found
    assert "datastores.lake" not in found


@pytest.mark.parametrize(
    "named",
    [
        "azureml://datastores/lake/paths/2026/chats.jsonl",
        f"azureml:/{GROUP}/workspaces/own-data-ws/datastores/lake/paths/2026/chats.jsonl",
    ],
)
def test_a_datastore_of_the_spec_comes_before_the_job_that_reads_in_it(tmp_path, named):
    found = needs(tmp_path, "azureml:elsewhere:1", named)
    assert "datastores.lake" in found
    assert "datasets.support" not in found


@pytest.mark.parametrize(
    "named",
    [
        "azureml:support-train:1",
        "azureml://datastores/other/paths/a.jsonl",
        f"{WORKSPACE}2/data/support-train/versions/{{version}}",
    ],
)
def test_what_others_make_orders_nothing(tmp_path, version, named):
    found = needs(tmp_path, named.format(version=version), "azureml:elsewhere:1")
    assert not {"datasets.support", "datastores.lake"} & found
