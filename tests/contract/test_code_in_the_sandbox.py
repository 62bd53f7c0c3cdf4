"""The sandbox runs the command of a job where it is asked to: real code, data, outputs, failures."""

import json
import shutil

import pytest

from reconciler.cli.run_code import is_of_fork
from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Action
from reconciler.operations.load import load
from tests.support.azure import ROOT


@pytest.fixture
def running(azure):
    """A sandbox that runs code, for one test."""
    azure.control("POST", "code", {"runs": True})
    yield azure
    azure.control("POST", "code", {"runs": False})


def copied(tmp_path):
    return shutil.copytree(ROOT / "examples", tmp_path / "e") / "train-in-the-sandbox.yaml"


def files_of(azure, loaded):
    """The files of the registered model, as Azure has them."""
    run = azure.connection(loaded)
    model, workspace = loaded.resources["models.tiny"], loaded.resources["workspace"]
    uri = run.arm.get(model.resource_id, "2026-05-01")["properties"]["modelUri"]
    place = f"{workspace.resource_id}/datastores/workspaceartifactstore"
    store = run.arm.get(place, "2026-05-01")["properties"]
    account = f"{azure.server.url}/_blob/{store['accountName']}"
    container = run.container(account, store["containerName"])
    path = uri.partition("/paths/")[2].rstrip("/")
    return {
        blob.name.rpartition("/")[2]: container.download_blob(blob.name).readall().decode()
        for blob in container.list_blobs(name_starts_with=f"{path}/")
    }


def answer(model, question):
    """What a trained model answers."""
    words = set(question.lower().split())
    scores = [sum(row.get(word, 0.0) for word in words) for row in model["weights"]]
    return model["answers"][scores.index(max(scores))]


def test_it_trains_on_the_data_and_the_model_answers_from_it(running, tmp_path):
    spec = copied(tmp_path)
    rows = spec.parent / "data/support-chats.jsonl"
    _, problems = running.apply(load(str(spec)))
    assert problems == []
    before = json.loads(files_of(running, load(str(spec)))["model.json"])
    asked, answered = "How do I reset my password?", "Open Settings"
    assert any(one.startswith(answered) for one in before["answers"])
    text = rows.read_text(encoding="utf-8").replace(answered, "Call us")
    rows.write_text(text, encoding="utf-8")
    loaded = load(str(spec))
    _, problems = running.apply(loaded)
    assert problems == []
    after = json.loads(files_of(running, loaded)["model.json"])
    assert answer(after, asked).startswith("Call us") or asked not in text
    assert not any(one.startswith(answered) for one in after["answers"])


def test_without_being_asked_nothing_is_run_and_the_output_says_so(azure):
    loaded = load(str(ROOT / "examples/train-in-the-sandbox.yaml"))
    _, problems = azure.apply(loaded)
    assert problems == []
    found = files_of(azure, loaded)
    assert list(found) == ["SANDBOX.txt"]
    assert "ran no command" in found["SANDBOX.txt"]


def test_a_broken_script_fails_with_its_own_traceback(running, tmp_path):
    spec = copied(tmp_path)
    script = spec.parent / "tiny/train.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("0.5)", "0.5) / None"), encoding="utf-8")
    _, problems = running.apply(load(str(spec)))
    (told,) = [p for address, p in problems if address == "jobs.tiny"]
    assert "exited with status 1" in told.summary
    assert "unsupported operand type(s) for /" in told.summary
    assert "train.py" in told.summary


PROBE = """\
import json, os, pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "env.json").write_text(json.dumps(dict(os.environ)))
(out / "here.json").write_text(json.dumps(sorted(os.listdir("."))))
(out / "link").symlink_to("/etc/hostname")
"""


def test_a_command_sees_its_own_folder_and_not_our_environment(running, tmp_path, monkeypatch):
    spec = copied(tmp_path)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "not-for-a-command")
    (spec.parent / "tiny/train.py").write_text(PROBE, encoding="utf-8")
    loaded = load(str(spec))
    _, problems = running.apply(loaded)
    assert problems == []
    found = files_of(running, loaded)
    seen = json.loads(found["env.json"])
    assert not [name for name in seen if name.startswith(("AZURE_", "RECONCILE_", "GITHUB_"))]
    assert json.loads(found["here.json"]) == ["train.py"]
    assert sorted(found) == ["env.json", "here.json"]


def test_one_that_never_ends_is_ended_by_its_limit_of_cpu(running, tmp_path, monkeypatch):
    spec = copied(tmp_path)
    endless = "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass\n"
    (spec.parent / "tiny/train.py").write_text(endless, encoding="utf-8")
    _, problems = running.apply(load(str(spec)))
    (told,) = [p for address, p in problems if address == "jobs.tiny"]
    assert "was killed by signal" in told.summary or "exited with status" in told.summary


def test_an_apply_that_stops_waiting_finds_the_same_run_again(running, tmp_path):
    spec = copied(tmp_path)
    loaded = load(str(spec))
    report, _ = running.apply(loaded, no_wait=True)
    assert [o.status.name for o in report.outcomes if o.address == "jobs.tiny"] == ["PENDING"]
    running.clear_journal()
    _, problems = running.apply(loaded)
    assert problems == []
    puts = [e for e in running.journal() if e["method"] == "PUT" and "/jobs/" in e["path"]]
    assert puts == []
    assert json.loads(files_of(running, loaded)["model.json"])["answers"]
    assert [c.action for c in running.plan(loaded).changes if c.action is Action.RUN] == []


@pytest.mark.parametrize(
    ("environment", "refused"),
    [
        ({}, False),
        ({"SYSTEM_PULLREQUEST_ISFORK": "True"}, True),
        ({"SYSTEM_PULLREQUEST_ISFORK": "False"}, False),
        ({"GITHUB_EVENT_NAME": "push"}, False),
        ({"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": "/nowhere"}, True),
    ],
)
def test_a_run_of_a_fork_is_known_by_its_ci(environment, refused):
    assert is_of_fork(environment) is refused


@pytest.mark.parametrize(("head", "refused"), [("acme/ml", False), ("mallory/ml", True)])
def test_a_pull_request_of_a_fork_is_known_by_its_event(head, refused, tmp_path, monkeypatch, run):
    event = {"pull_request": {"head": {"repo": {"full_name": head}}}}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/ml")
    code, _ = run("plan", "--sandbox-runs-code")
    assert (code == ExitCode.USAGE) is refused
