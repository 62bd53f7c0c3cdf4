"""What az ml, the portal and Azure print for one thing is read alike by every field of a spec."""

import functools
import json
from pathlib import Path
from typing import Annotated, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from reconciler.kinds import Spec
from reconciler.kinds.asset_references import asset_id, asset_reference, cluster_id, pinned
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.support.training import spec

SCHEMA = Path(__file__).parents[2] / "schemas/reconcile.v1.schema.json"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-a"
ML = "/providers/Microsoft.MachineLearningServices/workspaces/ws-a"
MODEL = f"{GROUP}{ML}/models/m/versions/1"
ASSETS = ("environments", "codes", "data")


def spellings(resource_id):
    """One id as Azure, the portal, az and az ml print it."""
    low = resource_id.replace("resourceGroups", "resourcegroups")
    return [
        resource_id,
        f"{resource_id}/",
        low,
        resource_id.replace("/subscriptions", "/Subscriptions").replace("resourceG", "ResourceG"),
        f"azureml:{resource_id}",
        f"azureml:{low}/",
        resource_id.replace("/providers/", "/Providers/"),
    ]


@functools.cache
def models():
    """Every model of the spec, by the names in its schema."""
    every = list(subclasses(BaseModel))
    known = {model.__name__: model for model in every}
    known |= {f"{m.__module__}.{m.__name__}".replace(".", "__"): m for m in every}
    return {"Spec": Spec, **{name: known[name] for name in Spec.model_json_schema()["$defs"]}}


def subclasses(kind):
    for inner in kind.__subclasses__():
        if inner.__module__.startswith("reconciler."):
            yield inner
        yield from subclasses(inner)


def reference_fields():
    """The fields whose pattern takes a resource id, by the published schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    named = {**schema["$defs"], "Spec": schema}
    for model, body in named.items():
        for field, shape in body.get("properties", {}).items():
            if "esource[gG]roups" in str(shape):
                yield model, field, id_for(str(shape))


def id_for(shape):
    """An id that a field takes: of the asset that its pattern asks for, else of a model."""
    asset = next((name for name in ASSETS if f"/{name}/" in shape), "models")
    return MODEL.replace("/models/", f"/{asset}/")


def read(model, field, text):
    info = models()[model].model_fields[field]
    constraints = tuple(info.metadata)
    whole = Annotated[(info.annotation, *constraints)] if constraints else info.annotation
    adapter = TypeAdapter(whole)
    match get_origin(info.annotation):
        case kind if kind is list:
            return adapter.validate_python([text])[0]
        case kind if kind is dict:
            return adapter.validate_python({"key": text})["key"]
    return adapter.validate_python(text)


@pytest.mark.parametrize(("model", "field", "wanted"), sorted(set(reference_fields())))
def test_every_field_reads_every_spelling(model, field, wanted):
    read_as = {read(model, field, text).casefold() for text in spellings(wanted)}
    assert read_as == {wanted.casefold()}


def test_the_schema_has_the_fields_that_are_meant():
    found = {(model, field) for model, field, _ in reference_fields()}
    assert {("Spec", "workspace"), ("Job", "model"), ("Job", "compute")} <= found
    assert {("Deployment", "model"), ("ModelInput", "path"), ("Project", "hub_id")} <= found
    assert len(found) >= 15


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("azureml:m@latest", "can change from day to day"),
        ("azureml://registries/azureml/models/m/labels/latest", "can change from day to day"),
        ("azureml:m", "has no version"),
        (f"{GROUP}{ML}/models/m", "has no version"),
        ("azureml://registries/azureml/models/m", "has no version"),
        ("m:1", "is not a model"),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a", "is not a model"),
        (f"{GROUP}{ML}/data/m/versions/1", "is not a model"),
    ],
)
@pytest.mark.parametrize("field", [("Job", "model"), ("Deployment", "model")])
def test_what_is_no_version_of_a_model_is_told_alike(field, text, told):
    with pytest.raises(ValidationError, match=told):
        read(*field, text)


@pytest.mark.parametrize(
    "text",
    [
        "azureml:m:1",
        "azureml:m:1/",
        *spellings(MODEL),
        f"azureml:/{GROUP.lower()}/workspaces/ws-a/models/m/versions/1",
        f"azureml:/{GROUP}{ML}/models/m/versions/1/",
    ],
)
def test_all_spellings_of_a_model_are_one_id(text):
    found = asset_id(asset_reference(text), f"{GROUP}{ML}", "models")
    assert found.casefold() == MODEL.casefold()


@pytest.mark.parametrize("folder", ["data", "labels", "models"])
def test_a_path_in_a_datastore_is_left_as_it_is(folder):
    path = f"azureml://datastores/blobs/paths/{folder}/rows.jsonl"
    assert pinned(path) == path


def test_a_cluster_is_named_as_in_az_ml():
    assert cluster_id("azureml:gpu", f"{GROUP}{ML}") == f"{GROUP}{ML}/computes/gpu"
    assert cluster_id(f"azureml:{GROUP}{ML}/computes/gpu", "w") == f"{GROUP}{ML}/computes/gpu"


def loaded(tmp_path, *changes):
    return load_document(parse(spec("refs", *changes), "spec.yaml", tmp_path))


def test_a_cluster_of_this_spec_by_its_name_comes_first_all_the_same(tmp_path):
    asked = loaded(tmp_path)
    named = loaded(tmp_path, ("${{ compute.gpu }}", "azureml:gpu"))
    assert named.graph["jobs.tune"] == asked.graph["jobs.tune"]
    assert "compute.gpu" in named.graph["jobs.tune"]
    job, same = (one.resources["jobs.tune"] for one in (asked, named))
    assert job.resource_id == same.resource_id and job.desired == same.desired
