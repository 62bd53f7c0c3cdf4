"""Real SDKs against the sandbox: data goes up once, a job runs once, its model is found."""

import hashlib
import json
import subprocess
import sys

import pytest

from reconciler.diagnostics import ExitCode, SpecError
from reconciler.engine.types import Action
from reconciler.kinds import HANDLERS
from reconciler.render.reason_text import explanations
from tests.support.training import API, JOBS_API, spec, training_in

GOOD = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with training_in(pool, tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def trained(azure):
    text = spec("trained")
    azure.applied(text)
    return text


def test_assets_carry_the_digest_of_the_bytes_that_lie_in_the_store(azure, trained):
    workspace = azure.workspace("trained")
    (train,) = azure.list(f"{workspace}/data/chats-train/versions")
    (test,) = azure.list(f"{workspace}/data/chats-test/versions")
    store = azure.arm.get(f"{workspace}/datastores/workspaceblobstore", API)["properties"]
    container = azure.connection().container(
        f"{azure.server.url}/_blob/trainedstorage", store["containerName"]
    )
    rows = []
    for asset, name in ((train, "train"), (test, "test")):
        folder = f"reconcile/chats/{train['name']}"
        content = container.download_blob(f"{folder}/{name}.jsonl").readall()
        assert (
            hashlib.sha256(content).hexdigest()
            == (asset["properties"]["properties"]["reconcile.sha256"])
        )
        assert asset["properties"]["dataUri"].endswith(f"/paths/{folder}/{name}.jsonl")
        rows.append(content.count(b"\n"))
    assert rows[0] == 4 * rows[1]


def test_the_job_has_exact_numbers_full_ids_and_no_git_state(azure, trained):
    (entry,) = [
        e for e in azure.journal() if e["method"] == "PUT" and "/ws-trained/jobs/" in e["path"]
    ]
    sent = entry["request_body"]["properties"]
    details = sent["fineTuningDetails"]
    assert details["hyperParameters"] == {
        "num_train_epochs": "1",
        "learning_rate": "0.00002",
        "apply_lora": "true",
    }
    assert sent["computeId"] == f"{azure.workspace('trained')}/computes/gpu"
    assert details["trainingData"]["uri"].startswith(f"{azure.workspace('trained')}/data/chats-tr")
    assert details["validationData"]["uri"].startswith(
        f"{azure.workspace('trained')}/data/chats-te"
    )
    assert list(sent["properties"]) == ["reconcile.inputs"]
    assert "2e-05" not in json.dumps(sent)


def test_the_registered_model_is_used_and_marked_and_not_registered_again(azure, trained):
    (model,) = azure.list(f"{azure.workspace('trained')}/models/phi3/versions")
    (job,) = azure.list(f"{azure.workspace('trained')}/jobs", JOBS_API)
    assert model["properties"]["jobName"] == job["name"]
    assert "reconcile-owner" in model["properties"]["tags"]


def test_a_second_plan_is_empty_and_a_second_apply_writes_nothing(azure, trained):
    since = azure.now()
    assert azure.plan(trained).is_empty
    azure.applied(trained)
    assert azure.writes(since) == []


def test_a_changed_hyperparameter_is_a_new_run_and_the_plan_says_which(azure):
    first = spec("second")
    azure.applied(first)
    changed = spec("second", ("0.00002", "0.0001"))
    change = azure.plan(changed).change_of("jobs.tune")
    assert change.action is Action.RUN
    assert "learning_rate: 0.00002 -> 0.0001" in explanations(change)[0]
    azure.applied(changed)
    jobs = azure.list(f"{azure.workspace('second')}/jobs", JOBS_API)
    models = azure.list(f"{azure.workspace('second')}/models/phi3/versions")
    assert len({job["name"] for job in jobs}) == 2
    assert {m["properties"]["jobName"] for m in models} == {job["name"] for job in jobs}
    assert azure.plan(changed).is_empty
    since = azure.now()
    azure.applied(first)
    assert azure.writes(since) == [], "the first run is found again, not run again"


def test_a_failed_run_is_not_repeated_until_asked_and_the_retry_is_found_again(azure):
    whole = spec("retried")
    role = whole[whole.index("      - {role") : whole.index("compute:")]
    without = whole.replace(f"    role_assignments:\n{role}", "    role_assignments: []\n")
    report = azure.apply(without)
    problem = next(o.problems[0] for o in report.outcomes if o.address == "jobs.tune")
    assert "Storage Blob Data Reader" in problem.summary
    assert "ml.azure.com/runs/tune-" in problem.detail
    since = azure.now()
    blocked = azure.plan(whole).change_of("jobs.tune").problems[0]
    assert "failed" in blocked.summary
    assert "Storage Blob Data Reader" in blocked.detail
    azure.apply(whole)
    assert azure.writes(since, "/jobs/") == []
    azure.applied(whole, retry=("jobs.tune",))
    (written,) = azure.writes(since, "/jobs/")
    assert written.endswith("-a2")
    assert azure.plan(whole).is_empty
    (model,) = azure.list(f"{azure.workspace('retried')}/models/phi3/versions")
    assert model["properties"]["jobName"].endswith("-a2")


def test_a_run_that_is_not_waited_for_is_pending_and_followed_by_the_next_apply(azure):
    text = spec("patient")
    report = azure.apply(text, no_wait=True)
    assert report.exit_code is ExitCode.PENDING
    problem = next(o.problems[0] for o in report.outcomes if o.address == "jobs.tune")
    assert "run the same command again" in problem.hint
    assert azure.plan(text).change_of("jobs.tune").is_pending
    azure.applied(text)
    assert len(azure.writes(0, "/ws-patient/jobs/")) == 1
    assert azure.plan(text).is_empty


@pytest.mark.parametrize(
    ("name", "action"), [("lost", {"drop": True}), ("broken", {"status": 500})]
)
def test_a_lost_answer_to_the_submission_does_not_train_twice(azure, name, action):
    """It is not even sent twice: what Azure holds is looked at, and the run is followed."""
    rule = {"method": "PUT", "path": f"/ws-{name}/jobs/", "times": 1, "when": "after"}
    azure.control("POST", "faults", {**rule, "action": action})
    text, since = spec(name), azure.now()
    azure.applied(text)
    assert len(azure.writes(since, "/jobs/")) == 1
    assert len(azure.list(f"{azure.workspace(name)}/jobs", JOBS_API)) == 1
    assert azure.plan(text).is_empty


def test_half_a_dataset_is_finished_without_uploading_again(azure):
    text = spec("half")
    head, _, tail = text.partition("jobs:\n")
    text = head if tail else text
    azure.applied(text)
    (asset,) = azure.list(f"{azure.workspace('half')}/data/chats-test/versions")
    azure.arm.delete(asset["id"], API)
    since = azure.now()
    assert azure.plan(text).change_of("datasets.chats").action is Action.CREATE
    azure.applied(text)
    assert azure.writes(since) == [f"PUT chats-test/versions/{asset['name']}"]
    assert azure.plan(text).is_empty


def test_who_has_no_right_on_blobs_uploads_with_the_key_of_the_datastore(azure):
    text = spec("keyed")
    text = text[: text.index("jobs:\n")]
    refusal = {"method": "HEAD", "path": "/_blob/keyedstorage", "action": {"status": 403}}
    azure.control("POST", "faults", refusal)
    azure.applied(text)
    since_start = [e["path"] for e in azure.journal() if e["path"].endswith("/listSecrets")]
    assert any("ws-keyed" in path for path in since_start)
    assert azure.plan(text).is_empty


def test_a_model_of_another_name_than_the_jobs_is_registered_from_its_output(azure):
    output = "    outputs: {registered_model: {name: elsewhere}}\nmodels:"
    text = spec("named", ("models:", output))
    azure.applied(text)
    (own,) = azure.list(f"{azure.workspace('named')}/models/phi3/versions")
    (theirs,) = azure.list(f"{azure.workspace('named')}/models/elsewhere/versions")
    assert own["properties"]["modelUri"].rstrip("/") == theirs["properties"]["modelUri"].rstrip("/")
    assert azure.plan(text).is_empty


def test_destroy_leaves_no_asset_job_or_model_behind(azure):
    text = spec("gone") + "lifecycle: {models: {protect: false}}\n"
    azure.applied(text)
    since = azure.now()
    assert azure.destroy(text).exit_code is ExitCode.OK
    deleted = " ".join(azure.writes(since))
    for name in ("jobs/tune-", "chats-train/versions", "chats-test/versions", "phi3/versions"):
        assert name in deleted


def local(azure, name, rows):
    (azure.folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    text = spec(name)
    start, end = text.index("    source:"), text.index("jobs:")
    return f"{text[:start]}    source: {{type: local, path: {name}.jsonl}}\n{text[end:]}"


def test_bad_local_data_is_told_by_file_line_and_column_before_anything_is_sent(azure):
    bad = {"messages": [{"role": "user", "content": "q"}]}
    with pytest.raises(SpecError) as caught:
        azure.load(local(azure, "bad", [GOOD, bad]))
    (told,) = caught.value.diagnostics
    assert str(told.position).endswith("bad.jsonl:2:15")
    assert "must be from the assistant" in told.summary


def test_local_data_trains_and_a_changed_byte_is_a_new_version(azure):
    rows = [
        {"messages": [GOOD["messages"][0] | {"content": str(n)}, GOOD["messages"][1]]}
        for n in range(10)
    ]
    text = local(azure, "own", rows)
    azure.applied(text)
    assert azure.plan(text).is_empty
    local(azure, "own", [*rows, GOOD])
    planned = azure.plan(text)
    assert planned.change_of("datasets.chats").action is Action.CREATE
    assert "training_data: chats-train:" in explanations(planned.change_of("jobs.tune"))[0]


def test_loading_and_planning_import_no_machine_learning():
    program = (
        "import sys, reconciler.kinds, reconciler.operations.apply.executor\n"
        "heavy = {'azure.ai.ml', 'duckdb', 'huggingface_hub', 'azure.storage.blob'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert {"dataset", "fine-tuning job", "model"} <= set(HANDLERS)
