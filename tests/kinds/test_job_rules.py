"""What names a run: its inputs and nothing else; and how numbers go over the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.job.inputs import plain_text
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.support.training import spec


def resources(tmp_path, *changes, name="names"):
    return load_document(parse(spec(name, *changes), "spec.yaml", tmp_path)).resources


def name_of(tmp_path, *changes, **options):
    return resources(tmp_path, *changes, **options)["jobs.tune"].resource_id.rpartition("/")[2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00002, "0.00002"),
        (2e-5, "0.00002"),
        (1e-10, "0.0000000001"),
        (0.1, "0.1"),
        (1.0, "1"),
        (1e22, "10000000000000000000000"),
        (3, "3"),
        (-0.5, "-0.5"),
        (True, "true"),
        (False, "false"),
        ("2e-5", "0.00002"),
        ("cosine", "cosine"),
        (10**30, "1" + "0" * 30),
    ],
)
def test_a_number_is_written_out_in_full(value, text):
    assert plain_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_its_text(value):
    assert float(plain_text(value)) == value
    assert "e" not in plain_text(value)


@pytest.mark.parametrize(
    "change",
    [
        ("learning_rate: 0.00002", "learning_rate: 0.00003"),
        ("apply_lora: true", "apply_lora: false"),
        ("num_train_epochs: 1,", "num_train_epochs: 1, seed: 7,"),
        ("[:10%]", "[:11%]"),
        ("versions/14", "versions/15"),
        ("    validation_data: ${{ datasets.chats.test }}\n", ""),
        ("jobs:\n  tune:\n", "jobs:\n  tune:\n    task: text_completion\n"),
    ],
)
def test_another_input_is_another_run(tmp_path, change):
    assert name_of(tmp_path, change) != name_of(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        ("learning_rate: 0.00002", "learning_rate: 2.0e-05"),
        (
            "{num_train_epochs: 1, learning_rate: 0.00002,",
            "{learning_rate: 0.00002, num_train_epochs: 1,",
        ),
        ("Standard_NC24ads_A100_v4", "Standard_NC48ads_A100_v4"),
        ("compute:\n  gpu:", "compute:\n  other:"),
        ("jobs:\n  tune:\n", "jobs:\n  tune:\n    display_name: another\n    tags: {a: b}\n"),
        ('"train_sft[:10%]"', '"train_sft[:10%](closest)"'),
        ("models:\n  phi3:", "models:\n  renamed:"),
    ],
)
def test_what_does_not_change_the_result_is_the_same_run(tmp_path, change):
    changes = [change]
    if change[0].startswith("compute:"):
        changes.append(("compute.gpu", "compute.other"))
    assert name_of(tmp_path, *changes) == name_of(tmp_path)


def test_the_same_inputs_have_the_same_name_in_another_group(tmp_path):
    assert name_of(tmp_path, name="here") == name_of(tmp_path, name="there")


def asset(tmp_path, *changes):
    body = resources(tmp_path, *changes)["jobs.tune"].desired
    return body["properties"]["outputs"]["registered_model"]["assetName"]


def test_the_platform_registers_under_the_name_of_the_model_that_refers_to_the_job(tmp_path):
    assert asset(tmp_path) == "phi3"
    assert asset(tmp_path, ("phi3: {", "phi3: {name: in-azure, ")) == "in-azure"
    models = 'models:\n  phi3: {path: "${{ jobs.tune.outputs.registered_model }}"}\n'
    assert asset(tmp_path, (models, "")) == "names-tune"
    stated = "    outputs: {registered_model: {name: stated}}\nmodels:"
    assert asset(tmp_path, ("models:", stated)) == "stated"
