"""A value with which no training succeeds is refused before it costs anything, at its place."""

import pytest

from reconciler.diagnostics import SpecError
from reconciler.kinds.job.hyperparameters import RANGES
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.support.training import spec

STATED = "learning_rate: 0.00002"


def loaded(tmp_path, stated):
    changed = spec("sense", (STATED, stated))
    return load_document(parse(changed, "spec.yaml", tmp_path)).resources["jobs.tune"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", "0"),
        ("learning_rate", "1e30"),
        ("learning_rate", "-0.1"),
        ("learning_rate", "'nan'"),
        ("learning_rate", "'1e400'"),
        ("learning_rate", "fast"),
        ("learning_rate", "true"),
        ("warmup_steps", "-1"),
        ("warmup_steps", "1.5"),
        ("per_device_train_batch_size", "0"),
        ("per_device_eval_batch_size", "'0.5'"),
        ("gradient_accumulation_steps", "1000000"),
        ("weight_decay", "-0.01"),
        ("lora_dropout", "1.1"),
        ("lora_r", "0"),
        ("max_seq_length", "0"),
        ("seed", "-1"),
        ("lr_scheduler_type", "7"),
    ],
)
def test_a_senseless_value_is_refused_at_its_place(tmp_path, name, value):
    with pytest.raises(SpecError) as refused:
        loaded(tmp_path, f"{name}: {value}")
    (found,) = refused.value.diagnostics
    assert f"`jobs.tune.hyperparameters.{name}`: must be a" in found.summary
    assert found.position is not None
    assert found.position.line > 1


@pytest.mark.parametrize(
    "stated",
    [
        "learning_rate: 1",
        "learning_rate: '2e-5'",
        "num_epochs_of_theirs: 1e30",
        "max_steps: -1",
        "max_seq_length: -1",
        "lora_dropout: 0",
        "seed: 0",
        "lr_scheduler_type: inverse_sqrt",
        "their_own: false",
    ],
)
def test_what_a_component_takes_is_taken(tmp_path, stated):
    name = stated.partition(":")[0]
    body = loaded(tmp_path, stated).desired
    assert name in body["properties"]["fineTuningDetails"]["hyperParameters"]


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_a_range_are_in_it(name):
    allowed = RANGES[name]
    assert allowed.holds(allowed.low)
    assert allowed.holds(allowed.high)
    assert not allowed.holds(allowed.low - 0.5)
    assert not allowed.holds(allowed.high + 0.5)
    assert not allowed.holds(float("nan"))


def test_every_senseless_value_is_told_at_once(tmp_path):
    with pytest.raises(SpecError) as refused:
        loaded(tmp_path, "learning_rate: 0, weight_decay: 5, seed: 1.5")
    assert len(refused.value.diagnostics) == 3
