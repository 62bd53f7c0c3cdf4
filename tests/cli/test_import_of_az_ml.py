"""Files of az ml become a spec that plans; what it has no place for is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import main
from reconciler.diagnostics import ExitCode
from reconciler.operations.load import load

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
HOME = ("-g", "rg-team", "-w", "ws-team", "--location", "westeurope")
ENDPOINT = f"""\
$schema: {SCHEMAS}/managedOnlineEndpoint.schema.json
name: chat-ep
auth_mode: key
"""
DEPLOYMENT = f"""\
$schema: {SCHEMAS}/managedOnlineDeployment.schema.json
name: blue
endpoint_name: chat-ep
model: azureml:chat:3
instance_type: Standard_DS3_v2
instance_count: 1
environment_variables:
  WORKERS: 2
"""
CLUSTER = f"""\
$schema: {SCHEMAS}/amlCompute.schema.json
name: cpu
type: amlcompute
size: STANDARD_DS3_v2
max_instances: 2
ssh_settings:
  admin_username: somebody
"""
DATASTORE = f"""\
$schema: {SCHEMAS}/azureBlob.schema.json
name: raw
type: azure_blob
account_name: contosoraw
container_name: chats
credentials:
  account_key: Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zg==
"""
TUNING = """\
type: finetuning
name: tuned
task: chat_completion
model: {path: "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14", type: mlflow_model}
compute: cpu
training_data: data/train.jsonl
validation_data: {path: data/valid.jsonl, type: uri_file}
hyperparameters: {learning_rate: "0.00002", num_train_epochs: "1"}
outputs: {registered_model: {name: tuned, type: mlflow_model}}
"""
ROW = (
    '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}\n'
)


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[ExitCode, Any, str]:
    code = main(["import", *words, *HOME])
    out, err = capsys.readouterr()
    return code, yaml.safe_load(out), err


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name}.yml"
        path.write_text(text)


def test_an_endpoint_and_its_deployment_become_one_spec_that_is_valid(at, capsys) -> None:
    written(at, ep=ENDPOINT, blue=DEPLOYMENT)
    code, spec, err = imported(capsys, "ep.yml", "blue.yml", "--output", "spec.yaml")
    assert (code, spec) == (ExitCode.OK, None)
    assert err.splitlines() == ["2 of 2 files taken whole.", "next: reconcile plan spec.yaml"]
    loaded = load("spec.yaml")
    assert {"endpoints.chat-ep", "deployments.blue"} <= set(loaded.resources)
    assert loaded.spec.workspace.endswith(
        "/resourceGroups/rg-team/providers/Microsoft.MachineLearningServices/workspaces/ws-team"
    )
    assert loaded.spec.deployments["blue"].environment_variables == {"WORKERS": "2"}


def test_what_has_no_place_is_named_with_its_line_and_the_rest_is_taken(at, capsys) -> None:
    written(at, cluster=CLUSTER)
    code, spec, err = imported(capsys, "cluster.yml")
    assert code is ExitCode.FAILED
    assert err.startswith("cluster.yml:6:1: warning: `ssh_settings` is left out\n")
    assert err.endswith("0 of 1 files taken whole.\n")
    assert spec["compute"] == {
        "cpu": {"type": "amlcompute", "size": "STANDARD_DS3_v2", "max_instances": 2}
    }


def test_a_secret_is_not_copied_but_referred_to(at, capsys) -> None:
    written(at, raw=DATASTORE)
    code, spec, err = imported(capsys, "raw.yml")
    assert code is ExitCode.OK
    assert spec["datastores"]["raw"]["credentials"] == {
        "account_key": {
            "key_vault_url": "https://YOUR-VAULT.vault.azure.net/secrets/raw-account-key"
        }
    }
    assert "Zm9v" not in err
    assert "raw.yml:7:16: warning: `credentials.account_key` is not copied" in err


def test_rows_beside_a_job_become_a_dataset_relative_to_the_spec(at, capsys) -> None:
    (at / "ml" / "data").mkdir(parents=True)
    for part in ("train", "valid"):
        (at / "ml" / "data" / f"{part}.jsonl").write_text(ROW)
    written(at / "ml", job=TUNING)
    code, spec, _ = imported(capsys, "ml/job.yml")
    assert code is ExitCode.OK
    source = spec["datasets"]["tuned"]["source"]
    assert source == {
        "type": "local",
        "train": "ml/data/train.jsonl",
        "test": "ml/data/valid.jsonl",
    }
    job = spec["jobs"]["tuned"]
    assert job["training_data"] == "${{ datasets.tuned.train }}"
    assert job["compute"] == "azureml:cpu"
    assert job["hyperparameters"] == {"learning_rate": 0.00002, "num_train_epochs": 1}


def test_what_two_files_name_becomes_a_reference(at, capsys) -> None:
    written(at, job=TUNING.replace("data/", "azureml:rows/"), cluster=CLUSTER)
    written(
        at, job=TUNING.replace("training_data: data/train.jsonl", "training_data: azureml:rows:1")
    )
    _, spec, _ = imported(capsys, "job.yml", "cluster.yml")
    assert spec["jobs"]["tuned"]["compute"] == "${{ compute.cpu }}"
    assert spec["jobs"]["tuned"]["training_data"] == "azureml:rows:1"


def test_deployments_of_one_name_behind_two_endpoints_are_two(at, capsys) -> None:
    written(at, a=DEPLOYMENT, b=DEPLOYMENT.replace("chat-ep", "other-ep"))
    code, spec, _ = imported(capsys, "a.yml", "b.yml")
    assert code is ExitCode.OK
    assert spec["deployments"]["other-ep-blue"]["name"] == "blue"
    assert spec["deployments"]["blue"]["endpoint_name"] == "chat-ep"


def test_what_two_files_state_is_taken_once_and_told(at, capsys) -> None:
    written(at, a=ENDPOINT, b=ENDPOINT.replace("key", "aad_token"))
    code, spec, err = imported(capsys, "a.yml", "b.yml")
    assert code is ExitCode.FAILED
    assert spec["endpoints"] == {"chat-ep": {"auth_mode": "key"}}
    assert "b.yml:2:7: warning: `endpoints.chat-ep` is stated by a.yml too" in err


def test_the_endpoint_of_an_option_of_az_is_asked_for(at, capsys) -> None:
    written(at, blue=DEPLOYMENT.replace("endpoint_name: chat-ep\n", ""))
    _, spec, err = imported(capsys, "blue.yml", "--endpoint", "given-ep")
    assert spec["deployments"]["blue"]["endpoint_name"] == "given-ep"
    assert "`endpoint_name` is `given-ep`" in err
    written(at, ep=ENDPOINT)
    _, spec, _ = imported(capsys, "blue.yml", "ep.yml")
    assert spec["deployments"]["blue"]["endpoint_name"] == "chat-ep"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$schema: x/sweepJob.schema.json\ntype: sweep\n", "sweep jobs are not part of a spec"),
        ("type: pipeline\njobs: {}\n", "pipeline jobs are not part of a spec"),
        ("hello: world\n", "this is not an az ml file that a spec has a place for"),
        ("name: {{NAME}}\n", "a key must be plain text"),
    ],
)
def test_a_file_of_something_else_is_told_and_nothing_is_written(at, capsys, text, said) -> None:
    written(at, other=text)
    code, spec, err = imported(capsys, "other.yml")
    assert code is ExitCode.INVALID_SPEC
    assert spec is None
    assert said in err
    assert err.startswith("other.yml:1:")


def test_a_file_that_exists_is_not_replaced(at, capsys) -> None:
    written(at, ep=ENDPOINT, spec="mine: 1\n")
    code, _, err = imported(capsys, "ep.yml", "--output", "spec.yml")
    assert code is ExitCode.REFUSED
    assert "spec.yml exists" in err
    assert (at / "spec.yml").read_text() == "mine: 1\n"


def test_what_a_deployment_states_within_itself_gets_its_own_section(at, capsys) -> None:
    (at / "model").mkdir()
    (at / "env").mkdir()
    (at / "model" / "weights.txt").write_text("1")
    (at / "env" / "conda.yml").write_text("dependencies: [python=3.11]\n")
    inner = "model:\n  path: model/\nenvironment:\n  image: contoso/serve:1\n  conda_file: env/conda.yml\n"
    written(at, blue=DEPLOYMENT.replace("model: azureml:chat:3\n", inner))
    code, spec, err = imported(capsys, "blue.yml")
    assert code is ExitCode.OK, err
    assert spec["deployments"]["blue"]["model"] == "${{ models.blue-model }}"
    assert spec["models"]["blue-model"] == {"type": "custom_model", "path": "model/"}
    assert spec["environments"]["blue-environment"] == {
        "image": "contoso/serve:1",
        "conda_file": "env/conda.yml",
    }


JOB = """\
type: command
command: python train.py --data ${{inputs.rows}} > out <more>
code: src
environment: file:env/environment.yml
compute: azureml:cpu@latest
inputs:
  rows: {type: uri_file, path: data/rows.csv}
  old: {type: uri_folder, path: "azureml:old@latest"}
experiment_name: <EXPERIMENT_NAME>
"""


def test_what_lies_beside_a_job_gets_sections_and_what_moves_a_version(at, capsys) -> None:
    for file, text in (
        ("src/train.py", "print()"),
        ("data/rows.csv", "1\n"),
        ("env/environment.yml", "image: contoso/train:1\nconda_file: conda.yml\n"),
        ("env/conda.yml", "dependencies: [python=3.11]\n"),
    ):
        (at / file).parent.mkdir(exist_ok=True)
        (at / file).write_text(text)
    written(at, job=JOB.replace("azureml:cpu@latest", "cpu"))
    code, spec, err = imported(capsys, "job.yml")
    assert code is ExitCode.OK, err
    job = spec["jobs"]["job"]
    assert job["command"] == "python train.py --data ${{inputs.rows}} > out <more>"
    assert job["inputs"]["rows"]["path"] == "${{ datasets.job-rows }}"
    assert spec["datasets"]["job-rows"]["source"] == {"type": "local_file", "path": "data/rows.csv"}
    assert spec["environments"]["job-environment"] == {
        "image": "contoso/train:1",
        "conda_file": "env/conda.yml",
    }
    assert job["inputs"]["old"]["path"] == "azureml:old:1"
    assert (
        "job.yml:8:33: warning: `inputs.old.path` is `azureml:old:1`: the file names what is latest"
        in err
    )
    assert job["experiment_name"] == "yourexperimentname"
