"""Models from local files: uploaded once, by content, below the name by which scripts find them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kinds.test_models_live import stating, version
from tests.support.serving import API, ML, Azure

SCORE = "model/sklearn_regression_model.pkl"


@pytest.fixture
def beside(azure: Azure, tmp_path: Path) -> Azure:
    """A spec's folder with a model in it."""
    file = tmp_path / "work" / SCORE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\0weights")
    (file.parent / "notes.txt").write_text("how it was made\n")
    azure.folder = tmp_path / "work"
    yield azure
    azure.folder = Path(__file__).resolve().parents[2]


def box(azure: Azure) -> Any:
    store = azure.get(f"{ML}/ws1/datastores/workspaceblobstore")["properties"]
    return azure.connection().container(
        f"{azure.server.url}/_blob/{store['accountName']}", store["containerName"]
    )


def blobs(azure: Azure) -> list[str]:
    return [blob.name for blob in box(azure).list_blobs("reconcile/models/")]


def uploads(azure: Azure, since: int) -> list[str]:
    return [
        e["path"]
        for e in azure.everything(since)
        if e["method"] == "PUT" and "/_blob/" in e["path"]
    ]


def test_a_folder_is_uploaded_below_its_own_name(beside: Azure) -> None:
    spec = stating(path="model")
    beside.applied(spec)
    found = version(beside)
    assert found["modelType"] == "custom_model"
    place = found["modelUri"].partition("/paths/")[2]
    assert place.endswith("/model")
    assert set(blobs(beside)) == {f"{place}/notes.txt", f"{place}/sklearn_regression_model.pkl"}
    assert beside.changes(spec) == {}


def test_one_file_is_uploaded_under_its_own_name(beside: Azure) -> None:
    spec = stating(path=SCORE)
    beside.applied(spec)
    place = version(beside)["modelUri"].partition("/paths/")[2]
    assert place.endswith("/sklearn_regression_model.pkl")
    assert blobs(beside) == [place]
    assert beside.changes(spec) == {}


def test_other_content_is_another_version_and_the_first_one_stays(beside: Azure) -> None:
    spec = stating(path="model")
    beside.applied(spec)
    (beside.folder / SCORE).write_bytes(b"\0better weights")
    assert beside.changes(spec) == {"models.mine": "create"}
    beside.applied(spec)
    assert len(list(beside.arm.list(f"{ML}/ws1/models/mine/versions", API))) == 2


def test_other_content_under_a_stated_version_is_refused_for_the_data(beside: Azure) -> None:
    spec = stating(path="model", version="1")
    beside.applied(spec)
    (beside.folder / SCORE).write_bytes(b"\0better weights")
    (change,) = [c for c in beside.plan(spec).changes if c.address == "models.mine"]
    assert change.is_blocked
    assert [field.label for field in change.fields] == ["path"]


def test_an_upload_that_stopped_sends_only_the_rest(beside: Azure) -> None:
    fault = {"method": "PUT", "path": "/notes.txt", "times": 1, "action": {"status": 400}}
    beside.control("POST", "faults", fault)
    spec = stating(path="model")
    assert beside.apply(spec).exit_code == 1
    (there,) = blobs(beside)
    before = beside.now()
    beside.applied(spec)
    assert [path for path in uploads(beside, before) if path.endswith(there)] == []
    assert beside.changes(spec) == {}


def test_what_is_destroyed_takes_its_files_along(beside: Azure) -> None:
    spec = stating(path="model") + "lifecycle: {models: {protect: false}}\n"
    beside.applied(spec)
    assert beside.destroy(spec).exit_code == 0
    assert blobs(beside) == []


def test_a_file_of_keys_stays_here(beside: Azure) -> None:
    (beside.folder / "model" / "id_rsa").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    with pytest.raises(Exception, match="id_rsa is a file of keys or passwords"):
        beside.load(stating(path="model"))
