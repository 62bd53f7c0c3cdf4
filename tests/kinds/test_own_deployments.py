"""Deployments with their own environment and code, or with an image alone, in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

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
