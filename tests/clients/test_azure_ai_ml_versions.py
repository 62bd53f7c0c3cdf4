"""azure-ai-ml: environments, downloads of models, archives, several kinds of connection.

Source: learn.microsoft.com/azure/machine-learning: how-to-manage-environments-v2,
how-to-manage-models, how-to-connection; learn.microsoft.com/azure/ai-foundry/how-to/
develop/connections-add-sdk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients.azure_ml import WORKSPACES, Arm, client

WORKSPACE = f"{WORKSPACES}/ws1"


@pytest.fixture
def ml(azure_ml: Arm) -> Any:
    azure_ml.workspace("ws1")
    return client(azure_ml.served, "ws1")


def test_an_environment_is_made_from_a_conda_file(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Environment

    conda = tmp_path / "conda.yml"
    conda.write_text("name: pydata\ndependencies: [python=3.10]\n")
    wanted = Environment(
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
        conda_file=str(conda),
        name="docker-image-plus-conda-example",
        description="Environment created from a Docker image plus Conda environment.",
    )
    made = ml.environments.create_or_update(wanted)
    path = f"{WORKSPACE}/environments/{made.name}/versions/{made.version}"
    held = azure_ml.get(path)["properties"]
    assert "pydata" in held["condaFile"]
    assert [one.name for one in ml.environments.list()] == [made.name]
    assert ml.environments.get(made.name, label="latest").version == made.version


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # azure-ai-ml's own
def test_a_model_comes_back_as_it_was_uploaded(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Model

    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "weights.bin").write_bytes(b"12345")
    ml.models.create_or_update(Model(path=str(source), name="m", version="1"))
    ml.models.download("m", version="1", download_path=str(target))
    [found] = target.rglob("weights.bin")
    assert found.read_bytes() == b"12345"
    ml.models.archive("m", version="1")
    assert azure_ml.get(f"{WORKSPACE}/models/m/versions/1")["properties"]["isArchived"] is True
    assert list(ml.models.list(name="m")) == []
    ml.models.restore("m", version="1")
    assert [one.version for one in ml.models.list(name="m")] == ["1"]


def test_connections_of_several_kinds_are_told_apart(ml: Any, azure_ml: Arm) -> None:
    from azure.ai.ml.entities import APIKeyConnection, AzureOpenAIConnection

    account = "https://my-account.openai.azure.com/"
    wanted = [
        AzureOpenAIConnection(name="openai", azure_endpoint=account, api_key="key-1"),
        APIKeyConnection(name="plain", api_base="https://x.example.test", api_key="key-2"),
    ]
    for one in wanted:
        ml.connections.create_or_update(one)
    held = azure_ml.get(f"{WORKSPACE}/connections")["value"]
    assert {one["name"]: one["properties"]["category"] for one in held} == {
        "openai": "AzureOpenAI",
        "plain": "ApiKey",
    }
    assert ml.connections.get("openai", populate_secrets=True).credentials.key == "key-1"
    assert ml.connections.get("plain", populate_secrets=True).credentials.key == "key-2"
    assert [one.name for one in ml.connections.list(connection_type="azure_open_ai")] == ["openai"]
