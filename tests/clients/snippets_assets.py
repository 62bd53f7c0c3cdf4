"""Snippets: data, environments, models and jobs."""

from __future__ import annotations

from pathlib import Path

from tests.clients.snippets import WORKSPACE, Notebook, snippet

IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
DATA_PAGE = "machine-learning/how-to-create-data-assets"
ENVIRONMENTS_PAGE = "machine-learning/how-to-manage-environments-v2"
MODELS_PAGE = "machine-learning/how-to-manage-models"


@snippet(DATA_PAGE)
def register_a_file_on_the_web(cell: Notebook) -> None:
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Data

    url = "https://azuremlexamples.blob.core.windows.net/datasets/titanic.csv"
    wanted = Data(
        path=url,
        type=AssetTypes.URI_FILE,
        description="Titanic passengers",
        name="titanic",
        version="initial",
    )
    cell.ml.data.create_or_update(wanted)
    held = cell.held("data/titanic/versions/initial")
    assert (held["dataType"], held["dataUri"]) == ("uri_file", url)
    assert held["description"] == "Titanic passengers"


@snippet(DATA_PAGE)
def register_a_folder_of_a_datastore(cell: Notebook) -> None:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/example-data/"
    cell.ml.data.create_or_update(Data(path=path, type="uri_folder", name="folder", version="1"))
    held = cell.held("data/folder/versions/1")
    assert held["dataType"] == "uri_folder"
    assert held["dataUri"].endswith("/datastores/workspaceblobstore/paths/example-data/")
    assert cell.ml.data.get("folder", version="1").path == held["dataUri"]


@snippet(DATA_PAGE)
def archive_and_restore_data(cell: Notebook) -> None:
    from azure.ai.ml.constants import ListViewType
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/a.csv"
    for version in ("1", "2"):
        cell.ml.data.create_or_update(Data(path=path, type="uri_file", name="d", version=version))
    cell.ml.data.archive(name="d", version="1")
    assert cell.held("data/d/versions/1")["isArchived"] is True
    assert [one.version for one in cell.ml.data.list(name="d")] == ["2"]
    archived = cell.ml.data.list(name="d", list_view_type=ListViewType.ARCHIVED_ONLY)
    assert [one.version for one in archived] == ["1"]
    cell.ml.data.restore(name="d", version="1")
    assert sorted(one.version for one in cell.ml.data.list(name="d")) == ["1", "2"]


@snippet(DATA_PAGE)
def archive_data_as_a_whole(cell: Notebook) -> None:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/a.csv"
    cell.ml.data.create_or_update(Data(path=path, type="uri_file", name="d", version="1"))
    cell.ml.data.archive(name="d")
    assert cell.held("data/d")["isArchived"] is True
    assert list(cell.ml.data.list()) == []
    cell.ml.data.restore(name="d")
    assert [one.name for one in cell.ml.data.list()] == ["d"]


@snippet(DATA_PAGE)
def tag_a_version_and_get_the_latest(cell: Notebook) -> None:
    from azure.ai.ml.entities import Data

    path = "azureml://datastores/workspaceblobstore/paths/a.csv"
    for _ in range(2):
        cell.ml.data.create_or_update(Data(path=path, type="uri_file", name="d"))
    latest = cell.ml.data.get(name="d", label="latest")
    assert latest.version == "2"
    latest.tags = {"stage": "prepared"}
    cell.ml.data.create_or_update(latest)
    assert cell.held("data/d/versions/2")["tags"] == {"stage": "prepared"}
    assert cell.held("data/d/versions/1").get("tags") in (None, {})


@snippet(ENVIRONMENTS_PAGE)
def create_an_environment_from_an_image(cell: Notebook) -> None:
    from azure.ai.ml.entities import Environment

    wanted = Environment(
        image="pytorch/pytorch:latest",
        name="docker-image-example",
        description="Environment created from a Docker image.",
    )
    made = cell.ml.environments.create_or_update(wanted)
    held = cell.held(f"environments/docker-image-example/versions/{made.version}")
    assert (held["image"], held.get("condaFile")) == ("pytorch/pytorch:latest", None)


@snippet(ENVIRONMENTS_PAGE)
def create_an_environment_from_a_build_context(cell: Notebook) -> None:
    from azure.ai.ml.entities import BuildContext, Environment

    text = f"FROM {IMAGE}\nRUN pip install numpy\n"
    context = Path(cell.file("docker/Dockerfile", text)).parent
    wanted = Environment(build=BuildContext(path=str(context)), name="docker-context", version="1")
    cell.ml.environments.create_or_update(wanted)
    held = cell.held("environments/docker-context/versions/1")["build"]
    assert held["dockerfilePath"] == "Dockerfile"
    assert held["contextUri"].startswith("https://ws1storage.blob.")


@snippet(ENVIRONMENTS_PAGE)
def archive_a_version_of_an_environment(cell: Notebook) -> None:
    from azure.ai.ml.entities import Environment

    for version in ("1", "2"):
        wanted = Environment(image=IMAGE, name="custom", version=version)
        cell.ml.environments.create_or_update(wanted)
    cell.ml.environments.archive(name="custom", version="1")
    assert cell.held("environments/custom/versions/1")["isArchived"] is True
    assert [one.version for one in cell.ml.environments.list(name="custom")] == ["2"]
    cell.ml.environments.restore(name="custom", version="1")
    assert cell.held("environments/custom/versions/1")["isArchived"] is False
    assert cell.ml.environments.get(name="custom", label="latest").version == "2"


@snippet(MODELS_PAGE)
def register_a_model_from_a_file(cell: Notebook) -> None:
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    wanted = Model(
        path=cell.file("model.pkl", "weights"),
        type=AssetTypes.CUSTOM_MODEL,
        name="local-file-example",
        description="Model created from local file.",
    )
    made = cell.ml.models.create_or_update(wanted)
    held = cell.held("models/local-file-example/versions/1")
    assert (held["modelType"], made.version) == ("custom_model", "1")
    assert cell.arm.blob(cell.ml, held["modelUri"]) == b"weights"


@snippet(MODELS_PAGE)
def register_a_model_of_a_datastore(cell: Notebook) -> None:
    from azure.ai.ml.entities import Model

    path = "azureml://datastores/workspaceblobstore/paths/models/cifar10.pt"
    wanted = Model(path=path, type="custom_model", name="cloud-path", version="7")
    cell.ml.models.create_or_update(wanted)
    assert cell.held("models/cloud-path/versions/7")["modelUri"].endswith("/models/cifar10.pt")
    assert [one.version for one in cell.ml.models.list(name="cloud-path")] == ["7"]


@snippet(MODELS_PAGE)
def tag_a_model_and_archive_it(cell: Notebook) -> None:
    from azure.ai.ml.entities import Model

    path = "azureml://datastores/workspaceblobstore/paths/models/m.pt"
    cell.ml.models.create_or_update(Model(path=path, name="run-model", version="1"))
    found = cell.ml.models.get(name="run-model", version="1")
    found.tags = {"stage": "Prod"}
    found.description = "checked"
    cell.ml.models.create_or_update(model=found)
    held = cell.held("models/run-model/versions/1")
    assert (held["tags"], held["description"]) == ({"stage": "Prod"}, "checked")
    cell.ml.models.archive(name="run-model")
    assert cell.held("models/run-model")["isArchived"] is True
    cell.ml.models.restore(name="run-model")
    assert cell.held("models/run-model")["isArchived"] is False


@snippet("machine-learning/how-to-train-model")
def run_a_command_and_archive_it(cell: Notebook) -> None:
    from azure.ai.ml import command
    from azure.ai.ml.entities import AmlCompute

    cluster = AmlCompute(name="cpu-cluster", size="STANDARD_DS3_v2", max_instances=1)
    cell.ml.compute.begin_create_or_update(cluster).result()
    wanted = command(
        command="echo ${{inputs.learning_rate}}",
        inputs={"learning_rate": 0.9},
        environment="azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        compute="cpu-cluster",
        display_name="hello-world",
        experiment_name="hello",
    )
    job = cell.ml.jobs.create_or_update(wanted)
    held = cell.held(f"jobs/{job.name}")
    assert (held["experimentName"], held["displayName"]) == ("hello", "hello-world")
    assert held["computeId"].endswith("/computes/cpu-cluster")
    cell.ml.jobs.archive(job.name)
    assert cell.held(f"jobs/{job.name}")["isArchived"] is True
    assert list(cell.ml.jobs.list()) == []
    cell.ml.jobs.restore(job.name)
    assert [one.name for one in cell.ml.jobs.list()] == [job.name]


@snippet("machine-learning/how-to-use-low-priority-batch")
def ask_what_the_region_allows(cell: Notebook) -> None:
    usages = {one.name["value"]: one for one in cell.ml.compute.list_usage(location="eastus")}
    quotas = cell.arm.get(
        f"{WORKSPACE.split('/resourceGroups')[0]}/providers"
        "/Microsoft.MachineLearningServices/locations/eastus/usages"
    )["value"]
    assert usages.keys() == {one["name"]["value"] for one in quotas}
