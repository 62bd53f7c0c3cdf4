"""How long a run takes is told by finished runs like it; of fewer than three it is unknown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.checked import SIZE, SUB, smallest

MODEL = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"
DATA = "azureml://datastores/workspaceblobstore/paths/train.jsonl"
JOB = f"""
jobs:
  tune:
    model: {MODEL}
    training_data: {DATA}
    compute: ${{{{ compute.cpu-cluster }}}}

lifecycle:"""
WORKSPACE = (
    f"{SUB}/resourceGroups/rg-smallest/providers/Microsoft.MachineLearningServices"
    "/workspaces/smallest-ws"
)
START = datetime(2026, 1, 1, tzinfo=UTC)
WITH_JOB = ("\nlifecycle:", JOB)


def put_finished(
    azure: Any, name: str, minutes: float, model: str = MODEL, cluster: str = "cpu-cluster"
) -> None:
    """Put a job that somebody ran before."""
    details = {
        "modelProvider": "Custom",
        "taskType": "ChatCompletion",
        "model": {"jobInputType": "mlflow_model", "uri": model},
        "trainingData": {"jobInputType": "uri_file", "uri": DATA},
    }
    properties = {
        "jobType": "FineTuning",
        "computeId": f"{WORKSPACE}/computes/cpu-cluster",
        "fineTuningDetails": details,
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "tuned"}},
    }
    ended = {
        "startTimeUtc": START.isoformat(),
        "endTimeUtc": (START + timedelta(minutes=minutes)).isoformat(),
    }
    on = f"{WORKSPACE}/computes/{cluster}"
    then = {"status": "Completed", "properties": ended, "computeId": on}
    for op, body in (("put", properties), ("patch", then)):
        sent = {"op": op, "id": f"{WORKSPACE}/jobs/{name}", "body": {"properties": body}}
        azure.control("POST", "drift", sent)


@pytest.fixture
def priced(azure: Any, applied: Any) -> Any:
    azure.control(
        "POST", "prices", {"size": "Standard_DS3_v2", "location": "westeurope", "price": "0.3"}
    )
    return azure


def the_run(azure: Any, spec: Any) -> Any:
    made = azure.plan(spec)
    assert made.blocked == []
    (run,) = made.cost.running
    return run


def test_ten_finished_runs_tell_how_long_it_takes_and_costs(
    priced: Any, tmp_path: Any, run: Any
) -> None:
    for minutes in range(10, 110, 10):
        put_finished(priced, f"earlier-{minutes}", minutes)
    put_finished(priced, "of-another-model", 1, model=MODEL.replace("-4k-", "-128k-"))
    put_finished(priced, "of-another-cluster", 1, cluster="gpu-cluster")
    found = the_run(priced, smallest(tmp_path, WITH_JOB))
    assert (found.duration.p50_s, found.duration.p90_s) == (50 * 60, 90 * 60)
    assert found.duration.runs == 10
    assert found.of(found.duration.p50_s).amount == Decimal("0.25")
    spec = str(tmp_path / "spec.yaml")
    told = "`jobs.tune` takes about 50 min, up to 90 min by 10 finished jobs, $0.250 to $0.450"
    assert told in run("plan", spec=spec)[1].replace("\n      ", " ")
    (shown,) = json.loads(run("plan", "--output", "json", spec=spec)[1])["cost"]["runs"]
    assert (shown["p50_seconds"], shown["p90_seconds"]) == (3000, 5400)
    assert Decimal(shown["p90"]["amount"]) == Decimal("0.45")


def test_two_tell_nothing_and_that_is_said(priced: Any, tmp_path: Any, run: Any) -> None:
    for name in ("a", "b"):
        put_finished(priced, name, 30)
    spec = smallest(tmp_path, WITH_JOB)
    priced.clear_journal()
    assert the_run(priced, spec).duration is None
    assert [e for e in priced.journal() if "/history/" in e["path"]] == []
    _, out = run("plan", spec=str(tmp_path / "spec.yaml"))
    assert "how long `jobs.tune` takes is unknown" in out
    put_finished(priced, "c", 30)
    assert the_run(priced, spec).duration.p50_s == 1800
    asked = [e for e in priced.journal() if "/history/" in e["path"]]
    assert len(asked) == 1 and asked[0]["method"] == "GET"


def test_another_size_takes_another_time(priced: Any, tmp_path: Any) -> None:
    for name in "abc":
        put_finished(priced, name, 30)
    resized = smallest(tmp_path, WITH_JOB, (SIZE, "size: Standard_DS4_v2"))
    assert the_run(priced, resized).duration is None


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_history_that_cannot_be_read_stops_nothing(
    priced: Any, tmp_path: Any, status: int
) -> None:
    for name in "abc":
        put_finished(priced, name, 30)
    priced.control(
        "POST", "faults", {"path": "/computes/", "action": {"status": status}, "times": 0}
    )
    found = the_run(priced, smallest(tmp_path, WITH_JOB)).duration
    priced.control("DELETE", "faults")
    assert found is None


def test_an_apply_asks_for_times_only_to_plan(priced: Any, tmp_path: Any) -> None:
    for name in "abc":
        put_finished(priced, name, 30)
    spec = smallest(tmp_path, WITH_JOB)
    priced.clear_journal()
    priced.apply(spec)
    assert [w for w in priced.writes() if "/jobs/tune-" in w]
    asked = [e["path"] for e in priced.journal() if "/computes/cpu-cluster/runs" in e["path"]]
    assert len(asked) == 1
