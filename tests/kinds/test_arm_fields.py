"""The path of a field is stated once; labels and what cannot be changed follow from it."""

from typing import Annotated

import pytest
from pydantic import Field

from reconciler.engine.diff import diff
from reconciler.kinds.arm_fields import Arm, rules_of
from reconciler.kinds.compute import Compute
from reconciler.kinds.data.datastore import BlobDatastore, DataLakeGen2Datastore, FileDatastore
from reconciler.kinds.workspace.container_registry import ContainerRegistry
from reconciler.kinds.workspace.key_vault import KeyVault
from reconciler.kinds.workspace.storage_account import StorageAccount
from reconciler.spec.model import SpecModel

MODELS = (
    Compute,
    BlobDatastore,
    FileDatastore,
    DataLakeGen2Datastore,
    ContainerRegistry,
    KeyVault,
    StorageAccount,
)


class Example(SpecModel):
    """A model of two fields."""

    size: Annotated[str, Arm("properties.vmSize", immutable=True)]
    nodes: Annotated[int, Field(ge=0), Arm("properties.scale.max")] = 1
    name: str = ""


def test_a_difference_is_told_in_the_spec_s_word_and_replaces_where_the_field_says_so():
    desired = {"properties": {"vmSize": "big", "scale": {"max": 2}}}
    observed = {"properties": {"vmSize": "small", "scale": {"max": 1}}}
    found = {f.label: f.forces_replace for f in diff(desired, observed, rules_of(Example))}
    assert found == {"size": True, "nodes": False}


def test_what_stands_in_no_field_is_added():
    rules = rules_of(Example, immutable=("location",), labels={"location": "region"})
    assert rules.immutable == {"location", "properties.vmSize"}
    assert rules.labels["location"] == "region"


@pytest.mark.parametrize("model", MODELS)
def test_each_path_of_a_model_is_that_of_one_field(model):
    words = rules_of(model).labels
    assert words
    assert set(words.values()) <= set(model.model_fields)
    assert len(set(words.values())) == len(words)
