"""Deployments with their own environment and code, or with an image alone, in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from reconciler.diagnostics import SpecError
from tests.support.serving import API, ENDPOINT, ML, SPEC, Azure

ENVIRONMENT = f"{ML}/ws1/environments/vllm/versions/3"
CODE = f"{ML}/ws1/codes/score/versions/1"
HEAD = SPEC.partition("deployments:")[0].replace("    traffic: {blue: 100}\n", "")
OWN = f"""deployments:
  blue:
    endpoint_name: phi3-ep
    model: {ML}/ws1/models/chatty/versions/1
    environment: azureml:vllm:3
    code_configuration: {{code: "azureml:score:1", scoring_script: score.py}}
    model_mount_path: /mnt/model
    data_collector:
      collections: {{model_inputs: {{enabled: "true"}}}}
      sampling_rate: 0.5
    environment_variables: {{WORKERS: 4, PART: a}}
    instance_type: STANDARD_DS3_V2
"""
IMAGE_ONLY = """deployments:
  blue:
    endpoint_name: phi3-ep
    environment: azureml:vllm:3
    instance_type: Standard_DS3_v2
"""


@pytest.fixture
def with_assets(azure: Azure) -> Azure:
    azure.arm.put(ENVIRONMENT, API, {"properties": {"image": "contoso.azurecr.io/vllm:3"}})
    uri = "https://acct1.blob.core.windows.net/code/score"
    azure.arm.put(CODE, API, {"properties": {"codeUri": uri}})
    return azure


def held(azure: Azure) -> dict[str, Any]:
    properties: dict[str, Any] = azure.get(f"{ENDPOINT}/deployments/blue")["properties"]
    return properties


def test_own_environment_and_code_are_held_and_make_no_noise(with_assets: Azure) -> None:
    with_assets.applied(HEAD + OWN)
    found = held(with_assets)
    assert found["environmentId"] == ENVIRONMENT
    assert found["codeConfiguration"] == {"codeId": CODE, "scoringScript": "score.py"}
    assert found["modelMountPath"] == "/mnt/model"
    assert found["environmentVariables"] == {"WORKERS": "4", "PART": "a"}
    collected = found["dataCollector"]["collections"]["model_inputs"]
    assert (collected["dataCollectionMode"], collected["samplingRate"]) == ("Enabled", 0.5)
    assert with_assets.changes(HEAD + OWN) == {}


def test_an_image_alone_is_a_deployment(with_assets: Azure) -> None:
    with_assets.applied(HEAD + IMAGE_ONLY)
    assert held(with_assets)["environmentId"] == ENVIRONMENT
    assert held(with_assets).get("model") is None
    assert with_assets.changes(HEAD + IMAGE_ONLY) == {}


def test_another_environment_is_rolled_out_in_place(with_assets: Azure) -> None:
    with_assets.applied(HEAD + IMAGE_ONLY)
    newer = ENVIRONMENT.replace("/3", "/4")
    with_assets.arm.put(newer, API, {"properties": {"image": "contoso.azurecr.io/vllm:4"}})
    spec = HEAD + IMAGE_ONLY.replace("vllm:3", "vllm:4")
    assert with_assets.changes(spec) == {"deployments.blue": "update"}
    with_assets.applied(spec)
    assert held(with_assets)["environmentId"] == newer


def test_an_environment_that_is_not_there_is_told_by_the_plan(azure: Azure) -> None:
    told = [p.summary for p in azure.plan(HEAD + IMAGE_ONLY).blocked]
    assert told == ["`environment vllm:3` does not exist"]


def test_code_that_is_not_there_fails_with_azures_word(with_assets: Azure) -> None:
    report = with_assets.apply(HEAD + OWN.replace("score:1", "score:2"))
    told = [p.summary for o in report.outcomes for p in o.problems]
    gone = CODE.replace("versions/1", "versions/2")
    assert any(f"Code {gone} was not found" in text for text in told), told


WHOLE = """deployments:
  blue:
    endpoint_name: phi3-ep
    model: {path: model}
    environment: {image: "mcr.microsoft.com/azureml/minimal-py312-inference:1", conda_file: env.yml}
    code_configuration: {code: onlinescoring, scoring_script: score.py}
    instance_type: Standard_DS3_v2
"""


@pytest.fixture
def with_files(azure: Azure, tmp_path: Path) -> Iterator[Azure]:
    """A spec's folder as az ml's samples have it: model, conda file and scoring script."""
    home = tmp_path / "work"
    (home / "onlinescoring").mkdir(parents=True)
    (home / "model").mkdir()
    (home / "model" / "model.pkl").write_bytes(b"\0weights")
    (home / "onlinescoring" / "score.py").write_text("def init(): ...\ndef run(data): return 1\n")
    (home / "env.yml").write_text("name: e\ndependencies: [python=3.12]\n")
    before, azure.folder = azure.folder, home
    yield azure
    azure.folder = before


def test_a_deployment_states_all_that_it_is_made_of(with_files: Azure) -> None:
    with_files.applied(HEAD + WHOLE)
    found = held(with_files)
    model = with_files.get(found["model"])["properties"]
    assert (model["modelType"], model["modelUri"][-6:]) == ("custom_model", "/model")
    assert "minimal-py312" in with_files.get(found["environmentId"])["properties"]["image"]
    code = found["codeConfiguration"]
    assert code["scoringScript"] == "score.py"
    assert with_files.get(code["codeId"])["properties"]["codeUri"]
    assert with_files.changes(HEAD + WHOLE) == {}


def test_another_script_is_rolled_out_and_nothing_else(with_files: Azure) -> None:
    with_files.applied(HEAD + WHOLE)
    (with_files.folder / "onlinescoring" / "score.py").write_text("def init(): ...\n")
    (change,) = [c for c in with_files.plan(HEAD + WHOLE).changes if c.action.is_change]
    assert (change.address, change.action.value) == ("deployments.blue", "update")
    assert [field.label for field in change.fields] == ["code_configuration.code"]
    with_files.applied(HEAD + WHOLE)
    assert with_files.changes(HEAD + WHOLE) == {}


def test_what_is_destroyed_takes_its_code_along(with_files: Azure) -> None:
    with_files.applied(HEAD + WHOLE)
    code = held(with_files)["codeConfiguration"]["codeId"]
    assert with_files.destroy(HEAD + WHOLE).exit_code == 0
    assert with_files.arm.get(code, API) is None


def test_a_script_that_is_not_in_its_folder_is_told(with_files: Azure) -> None:
    with pytest.raises(SpecError, match=r"there is no file scor\.py in onlinescoring"):
        with_files.load(HEAD + WHOLE.replace("score.py", "scor.py"))


def test_a_containers_route_is_answered_by_a_stand_in_that_says_so(with_assets: Azure) -> None:
    routes = {
        f"{use}Route": {"port": 8000, "path": path}
        for use, path in (
            ("liveness", "/health"),
            ("readiness", "/health"),
            ("scoring", "/v1/chat/completions"),
        )
    }
    body = {"image": "contoso.azurecr.io/vllm:3", "inferenceConfig": routes}
    with_assets.arm.put(ENVIRONMENT, API, {"properties": body})
    spec = (HEAD + IMAGE_ONLY).replace(
        "endpoints:\n  phi3-ep:\n", "endpoints:\n  phi3-ep:\n    traffic: {blue: 100}\n"
    )
    with_assets.applied(spec)
    key = with_assets.arm.post(f"{ENDPOINT}/listKeys", API)["primaryKey"]
    base = f"{with_assets.server.url}/_inference/eastus/phi3-ep"

    def asked(path: str) -> requests.Response:
        return requests.post(
            f"{base}{path}",
            json={"messages": [{"role": "user", "content": "hi"}]},
            headers={"Authorization": f"Bearer {key}"},
            verify=with_assets.server.ca_file,
            timeout=30,
        )

    for path in ("/score", "/v1/chat/completions"):
        (choice,) = asked(path).json()["choices"]
        assert "stands in for contoso.azurecr.io/vllm:3" in choice["message"]["content"]
    assert asked("/v1/embeddings").status_code == 424
