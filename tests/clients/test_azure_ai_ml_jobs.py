"""azure-ai-ml: command jobs and fine-tuning jobs, followed, cancelled, and their models.

Source: learn.microsoft.com/azure/machine-learning: tutorial-train-model, how-to-train-model,
how-to-finetune-models-foundry (create_finetuning_job), how-to-manage-models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.azure_ml import WORKSPACES, Arm, client

WORKSPACE = f"{WORKSPACES}/ws1"
BASE_MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"  # Storage Blob Data Reader
GPU_SIZE = "Standard_NC24ads_A100_v4"


@pytest.fixture
def ml(azure_ml: Arm) -> Any:
    azure_ml.workspace("ws1")
    return client(azure_ml.served, "ws1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with code, as `code=` takes it."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "main.py").write_text("print('hello')\n")
    return folder


def cpu_cluster(ml: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    wanted = AmlCompute(
        name="cpu-cluster", size="STANDARD_DS3_v2", min_instances=0, max_instances=1
    )
    ml.compute.begin_create_or_update(wanted).result()


def gpu_cluster(ml: Any, azure_ml: Arm) -> None:
    """A GPU cluster whose identity may read the workspace's storage."""
    from azure.ai.ml.entities import AmlCompute, IdentityConfiguration, ManagedIdentityConfiguration

    azure_ml.cores("standardNCADSA100v4Family", 24)
    robot = ManagedIdentityConfiguration(resource_id=azure_ml.identity(BLOB_READER))
    identity = IdentityConfiguration(type="user_assigned", user_assigned_identities=[robot])
    wanted = AmlCompute(
        name="gpu", size=GPU_SIZE, min_instances=0, max_instances=1, identity=identity
    )
    ml.compute.begin_create_or_update(wanted).result()


def hello(source: Path) -> Any:
    """The command job of the documentation's first tutorial."""
    from azure.ai.ml import Input, Output, command

    return command(
        code=str(source),
        command="python main.py --data ${{inputs.data}} --model ${{outputs.model}}",
        inputs={
            "data": Input(
                type="uri_file", path="https://azuremlexamples.blob.core.windows.net/iris.csv"
            )
        },
        outputs={"model": Output(type="custom_model")},
        environment="azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        compute="cpu-cluster",
        display_name="hello",
        experiment_name="hello-experiment",
    )


def test_a_command_job_runs_and_its_output_becomes_a_model(
    ml: Any, azure_ml: Arm, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from azure.ai.ml.entities import Model

    cpu_cluster(ml)
    job = ml.jobs.create_or_update(hello(source))
    held = azure_ml.get(f"{WORKSPACE}/jobs/{job.name}")["properties"]
    assert held["jobType"] == "Command"
    assert held["codeId"].startswith(f"{WORKSPACE}/codes/")
    code = azure_ml.get(held["codeId"])["properties"]["codeUri"]
    assert "ws1storage" in code
    ml.jobs.stream(job.name)
    assert f"RunId: {job.name}" in capsys.readouterr().out
    assert azure_ml.get(f"{WORKSPACE}/jobs/{job.name}")["properties"]["status"] == "Completed"
    assert [one.name for one in ml.jobs.list()] == [job.name]
    model = Model(
        name="from-job", path=f"azureml://jobs/{job.name}/outputs/model", type="custom_model"
    )
    made = ml.models.create_or_update(model)
    kept = azure_ml.get(f"{WORKSPACE}/models/from-job/versions/{made.version}")["properties"]
    assert job.name in kept["modelUri"]


def test_a_command_job_can_be_cancelled(ml: Any, azure_ml: Arm, source: Path) -> None:
    cpu_cluster(ml)
    job = ml.jobs.create_or_update(hello(source))
    ml.jobs.begin_cancel(job.name).wait()
    assert ml.jobs.get(job.name).status == "Canceled"
    assert azure_ml.get(f"{WORKSPACE}/jobs/{job.name}")["properties"]["status"] == "Canceled"


def chats(folder: Path, name: str) -> str:
    """A file of conversations, as the chat-completion task wants them."""
    turns = [("user", "What is the tallest mountain?"), ("assistant", "Mount Everest.")]
    line = json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]})
    file = folder / name
    file.write_text((line + "\n") * 4)
    return str(file)


def finetune(folder: Path) -> Any:
    """The documentation's fine-tuning job, with local files as data."""
    from azure.ai.ml.finetuning import FineTuningTaskType, create_finetuning_job

    return create_finetuning_job(
        task=FineTuningTaskType.CHAT_COMPLETION,
        training_data=chats(folder, "train.jsonl"),
        validation_data=chats(folder, "validation.jsonl"),
        hyperparameters={"num_train_epochs": "1", "learning_rate": "0.00002"},
        model=BASE_MODEL,
        compute="gpu",
        name="phi3-finetune",
        display_name="phi3",
        experiment_name="phi3-experiment",
        output_model_name_prefix="phi3",
    )


def test_a_fine_tuning_job_trains_on_uploaded_files(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    gpu_cluster(ml, azure_ml)
    made = ml.jobs.create_or_update(finetune(tmp_path))
    held = azure_ml.get(f"{WORKSPACE}/jobs/phi3-finetune")["properties"]
    assert held["jobType"] == "FineTuning"
    uploaded = held["fineTuningDetails"]["trainingData"]["uri"]
    assert azure_ml.blob(ml, uploaded) == (tmp_path / "train.jsonl").read_bytes()
    ml.jobs.stream(made.name)
    held = azure_ml.get(f"{WORKSPACE}/jobs/phi3-finetune")["properties"]
    assert held["status"] == "Completed"
    output = held["outputs"]["registered_model"]
    model = ml.models.get(output["assetName"], version="1")
    assert model.type == "mlflow_model"
    assert ml.jobs.get("phi3-finetune").status == "Completed"


def test_a_fine_tuning_job_can_be_cancelled(ml: Any, azure_ml: Arm, tmp_path: Path) -> None:
    gpu_cluster(ml, azure_ml)
    ml.jobs.create_or_update(finetune(tmp_path))
    ml.jobs.begin_cancel("phi3-finetune").wait()
    assert azure_ml.get(f"{WORKSPACE}/jobs/phi3-finetune")["properties"]["status"] == "Canceled"
