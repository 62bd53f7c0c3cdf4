"""A model that does not fit into its GPUs is told before a deployment crashes over it."""

import pytest

from reconciler.diagnostics import RefusedError
from reconciler.engine.findings import Level
from reconciler.operations.apply.executor import apply
from reconciler.operations.plan.lenient import lenient
from tests.support.azure import Quiet
from tests.support.checked import limit, smallest

T4, A100 = "Standard_NC4as_T4_v3", "Standard_NC24ads_A100_v4"
DEPLOYMENT = "deployments.blue"
POOLS = (
    "standard NCASv3_T4 Family", "standardNCADSA100v4Family", "standardNVADSA10v5Family",
)  # fmt: skip


def served(tmp_path, model, size):
    registry = "azureml-meta" if "Llama" in model else "azureml"
    spec = (
        "endpoints: {chat-of-the-team: {auth_mode: key}}\ndeployments:\n  blue:\n"
        "    endpoint_name: chat-of-the-team\n"
        f"    model: azureml://registries/{registry}/models/{model}/versions/1\n"
        f"    instance_type: {size}\ncompute:\n"
    )
    return smallest(tmp_path, ("compute:\n", spec))


@pytest.fixture
def enough(azure):
    for pool in POOLS:
        limit(azure, pool, 200)
    return azure


def test_weights_that_do_not_fit_are_a_blocker(enough, tmp_path):
    loaded = served(tmp_path, "Phi-4", T4)
    made = enough.plan(loaded)
    (finding,) = made.findings
    assert (finding.id, finding.level, finding.address) == ("gpu-memory", Level.BLOCKER, DEPLOYMENT)
    written = (tmp_path / "spec.yaml").read_text(encoding="utf-8").splitlines()
    assert T4 in written[finding.position.line - 1]
    assert "weights take 27 GiB" in finding.detail and "1 GPU has 16 GB" in finding.detail
    assert "estimated" in finding.checked_by
    assert finding.alternatives[-1].startswith("instance_type: Standard_N")
    with pytest.raises(RefusedError, match="does not fit"):
        enough.apply(loaded)
    assert enough.writes() == []


def test_azure_would_have_crashed_over_it(enough, tmp_path):
    loaded = served(tmp_path, "Phi-4", T4)
    made = lenient(enough.plan(loaded))
    report = apply(loaded, enough.connection(loaded), made, progress=Quiet())
    refused = {o.address: p.summary for o in report.outcomes for p in o.problems}
    assert "crashed" in refused[DEPLOYMENT]


def test_each_way_out_can_be_taken(enough, tmp_path):
    ways = enough.plan(served(tmp_path, "Phi-4", T4)).findings[0].alternatives
    assert len(ways) == 3
    for way in ways:
        loaded = served(tmp_path, "Phi-4", way.partition(": ")[2])
        assert enough.plan(loaded).findings == ()
    assert enough.apply(loaded)[1] == []


def test_weights_without_room_for_a_conversation_are_a_warning(enough, tmp_path):
    (finding,) = enough.plan(served(tmp_path, "Meta-Llama-3-8B-Instruct", T4)).findings
    assert (finding.id, finding.level) == ("gpu-memory", Level.WARNING)
    assert "leaves no room" in finding.summary


@pytest.mark.parametrize(
    ("model", "size"),
    [("Phi-4-mini-instruct", T4), ("Phi-4", A100), ("Phi-4", "Standard_DS5_v2")],
)
def test_what_fits_or_has_no_gpu_is_not_told(enough, tmp_path, model, size):
    assert enough.plan(served(tmp_path, model, size)).findings == ()


def test_a_model_that_a_run_made_is_as_large_as_the_one_it_was_made_of():
    from reconciler.engine.types import Reference, Resource
    from reconciler.kinds.serving.memory import registry_model

    base = "azureml://registries/azureml/models/Phi-4/versions/7"
    job = {"properties": {"fineTuningDetails": {"model": {"uri": base}}}}
    model = {"properties": {"modelUri": Reference("jobs.tune", "outputs.registered_model")}}
    resources = {
        "jobs.tune": Resource("jobs.tune", "job", "/jobs/tune", job),
        "models.own": Resource("models.own", "model", "/models/own", model),
    }
    body = {"properties": {"model": Reference("models.own", "id")}}
    assert registry_model(body, resources) == "Phi-4"
