"""What other programs left in the environment does not lead a run astray."""

import os

import pytest

from reconciler.cloud import ml
from reconciler.operations.load import load
from tests.support.azure import ROOT


@pytest.mark.parametrize("name", ["AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL"])
def test_the_cloud_of_another_client_of_azure_ml_is_not_ours(azure, monkeypatch, name):
    monkeypatch.setenv(name, "https://127.0.0.1:9/another")
    loaded = load(str(ROOT / "examples" / "smallest.yaml"))
    _, problems = azure.apply(loaded)
    assert problems == []
    assert os.environ[name] == "https://127.0.0.1:9/another"
    workspace = loaded.resources["workspace"].resource_id.rpartition("/")[2]
    group = loaded.spec.target.resource_group
    client = ml.client(azure.connection(loaded), group, workspace)
    assert client.workspaces.get(workspace).name == workspace
    assert os.environ[name] == "https://127.0.0.1:9/another"
