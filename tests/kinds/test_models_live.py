"""Models of every format and from every place, in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.serving import API, ML, SPEC, Azure

HEAD = SPEC.partition("identities:")[0].replace("project:", "#")
JOB = f"{ML}/ws1/jobs/train-1"
ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/versions/1"
FROM_A_RUN = "runs:/train-1/model"


def stating(**settings: Any) -> str:
    lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
    return f"{HEAD}models:\n  mine:\n{lines}"


def version(azure: Azure, name: str = "mine") -> dict[str, Any]:
    (found,) = azure.arm.list(f"{ML}/ws1/models/{name}/versions", API)
    properties: dict[str, Any] = found["properties"]
    return properties


@pytest.mark.parametrize("form", ["custom_model", "triton_model"])
def test_a_model_in_a_datastore_is_registered_in_its_format(azure: Azure, form: str) -> None:
    spec = stating(type=form, path="azureml://datastores/workspaceblobstore/paths/m/")
    azure.applied(spec)
    found = version(azure)
    assert found["modelType"] == form
    assert found["modelUri"].endswith("/datastores/workspaceblobstore/paths/m/")
    assert azure.changes(spec) == {}


def test_flavors_and_properties_are_held_and_a_property_is_added_in_place(azure: Azure) -> None:
    place = "azureml://datastores/workspaceblobstore/paths/m"
    flavors = '{sklearn: {sklearn_version: "1.5"}}'
    spec = stating(type="custom_model", path=place, flavors=flavors, properties="{owner: a}")
    azure.applied(spec)
    found = version(azure)
    assert found["flavors"] == {"sklearn": {"data": {"sklearn_version": "1.5"}}}
    assert found["properties"]["owner"] == "a"
    more = spec.replace("{owner: a}", "{owner: a, tier: gold}")
    assert azure.changes(more) == {"models.mine": "update"}
    azure.applied(more)
    assert version(azure)["properties"]["tier"] == "gold"
    assert azure.changes(more) == {}


@pytest.mark.parametrize(
    "path", [FROM_A_RUN, "azureml://jobs/train-1/outputs/artifacts/paths/model/"]
)
def test_what_a_run_logged_is_registered_from_its_path(azure: Azure, path: str) -> None:
    command = {"jobType": "Command", "command": "python train.py", "environmentId": ENVIRONMENT}
    azure.arm.put(JOB, API, {"properties": command})
    spec = stating(type="custom_model", path=path)
    azure.applied(spec)
    assert "/dcid.train-1/model" in version(azure)["modelUri"]
    assert azure.changes(spec) == {}


def test_files_that_azure_keeps_elsewhere_are_no_difference(azure: Azure) -> None:
    spec = stating(type="custom_model", path="azureml://datastores/workspaceblobstore/paths/m")
    azure.applied(spec)
    (one,) = azure.arm.list(f"{ML}/ws1/models/mine/versions", API)
    kept = "azureml://datastores/workspaceblobstore/paths/ServiceReplicated/789c3337/m"
    azure.drift(one["id"], {"properties": {"modelUri": kept}})
    assert azure.changes(spec) == {}


def test_a_model_of_a_registry_is_told_to_be_there_already(azure: Azure) -> None:
    spec = stating(path="azureml://registries/azureml/models/Phi-4/versions/1")
    with pytest.raises(Exception, match="is registered already: name it where it is used"):
        azure.load(spec)
