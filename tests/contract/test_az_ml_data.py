"""What azure-ai-ml makes of people's data files, we make of the same data: body for body."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconciler.kinds.data.assets import raw_body
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.kinds.test_cases import BASE

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared/azure-ml-yaml"
FILES = [f for f in sorted(CORPUS.rglob("*.yml")) if "data.schema.json" in f.read_text("utf-8")]
TABLE = "paths:\n  - file: ./rows.csv\n"
MADE = ("reconcile.format", "reconcile.sha256", "files", "bytes")
"""Properties that we add; our marks among the tags are the other addition."""


def is_local(path):
    return "://" not in path


def local_data(folder, stated):
    """Put something where a file of the corpus means local data, which is not part of it."""
    place = folder / stated["path"]
    if stated["type"] == "uri_file":
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("id\n1\n")
        return
    place.mkdir(parents=True, exist_ok=True)
    (place / "rows.csv").write_text("id\n1\n")
    if stated["type"] == "mltable":
        (place / "MLTable").write_text(TABLE)


def section(stated):
    """Return the dataset that says the same."""
    path, kind = stated["path"], stated["type"]
    local = {"uri_file": "local_file", "uri_folder": "local_folder", "mltable": "mltable"}[kind]
    remote = "datastore" if path.startswith("azureml:") else "url"
    kept = {key: stated[key] for key in ("description", "tags", "version") if key in stated}
    return {
        "source": {"type": local if is_local(path) else remote, "path": path},
        "type": kind,
    } | kept


def ours(folder, stated):
    name = stated["name"]
    text = folder / "spec.yaml"
    YAML().dump({**BASE, "datasets": {name: section(stated)}}, text)
    document = parse(text.read_text(), str(text), folder)
    resource = load_document(document).resources[f"datasets.{name}"]
    assert f"/data/{name}/versions/" in resource.resource_id
    return raw_body(resource.settings, resource.desired["data"]["properties"])


def theirs(file, stated):
    from azure.ai.ml import load_data
    from azure.ai.ml.entities._data.mltable_metadata import MLTableMetadata

    data = load_data(file)
    if stated["type"] == "mltable" and is_local(stated["path"]):
        # As `client.data.create_or_update` does before it sends.
        data._referenced_uris = MLTableMetadata.load(Path(data.path) / "MLTable").referenced_uris()
    found = data._to_rest_object().as_dict()["properties"]
    return {key: value for key, value in found.items() if value is not None}


@pytest.mark.skipif(not FILES, reason="the az ml files (../shared/azure-ml-yaml) are not here")
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_the_body_of_a_data_file_is_that_of_azure_ai_ml(file, tmp_path):
    stated = YAML(typ="safe").load(file.read_text("utf-8"))
    copy = Path(shutil.copy(file, tmp_path / file.name))
    if is_local(stated["path"]):
        local_data(tmp_path, stated)
    mine, expected = ours(tmp_path, stated), theirs(copy, stated)
    mine["tags"] = {k: v for k, v in mine["tags"].items() if not k.startswith("reconcile-")}
    mine["properties"] = {k: v for k, v in mine["properties"].items() if k not in MADE}
    if is_local(stated["path"]):
        # A local path stands for where it is uploaded, which is named by each client itself.
        assert mine.pop("dataUri").startswith("azureml://datastores/workspaceblobstore/paths/")
        assert Path(expected.pop("dataUri")).is_relative_to(tmp_path)
    assert mine == expected
