"""Discovery documents and registries, read as azure-ai-ml reads them."""

from __future__ import annotations

import requests

from tests.support.dataplane import ML_VERSION, Azure


def get(azure: Azure, address: str) -> requests.Response:
    token = azure.credential.get_token("https://ml.azure.com/.default").token
    return requests.get(address, headers={"Authorization": f"Bearer {token}"}, verify=azure.ca)


def test_workspace_names_its_discovery_document(azure: Azure, workspace: str) -> None:
    shown = azure.arm("GET", workspace, ML_VERSION)
    document = requests.get(shown["properties"]["discoveryUrl"], verify=azure.ca).json()
    assert document["api"] == f"{azure.url}/_aml"


def test_registry_leads_to_its_models(azure: Azure) -> None:
    root = f"{azure.url}/registrymanagement/v1.0/registries"
    found = get(azure, f"{root}/azureml/discovery").json()
    models = (
        f"{found['primaryRegionResourceProviderUri']}mferp/managementfrontend/subscriptions/"
        f"{found['subscriptionId']}/resourceGroups/{found['resourceGroup']}/providers/"
        "Microsoft.MachineLearningServices/registries/azureml/models/Phi-3-mini-4k-instruct"
    )
    version = get(azure, f"{models}/versions/14?api-version=2021-10-01-dataplanepreview").json()
    assert version["properties"]["modelType"] == "mlflow_model"
    latest = get(azure, f"{models}/versions?$top=1").json()["value"]
    assert [item["name"] for item in latest] == [
        get(azure, models).json()["properties"]["latestVersion"]
    ]
    assert get(azure, f"{models}/versions/999").status_code == 404
    assert get(azure, f"{root}/unknown/discovery").status_code == 404
