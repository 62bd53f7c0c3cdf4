"""Command jobs: run once for what decides the result, their code and environment by content."""

import shutil

import pytest

from reconciler.diagnostics import SpecError
from reconciler.engine.types import Action, Status
from reconciler.operations.load import load
from reconciler.render.reason_text import because
from tests.contract.test_published_types import checked, needs_types
from tests.support.azure import ROOT

EXAMPLE = "examples/train-your-own-code.yaml"


def copied(tmp_path, *changes):
    """A copy of the example's files, and the spec in it, with some of its text replaced."""
    folder = tmp_path / "examples"
    if not folder.exists():
        shutil.copytree(ROOT / "examples", folder)
    spec = folder / "train-your-own-code.yaml"
    text = spec.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text, encoding="utf-8")
    return spec


def sent(azure, part):
    return [e for e in azure.journal() if e["method"] == "PUT" and part in e["path"]]


def planned(azure, loaded):
    changes = azure.plan(loaded).changes
    return {c.address: c for c in changes if c.action.is_change}


@pytest.fixture(scope="module")
def trained(server):
    """The example, applied, and the world in which it is: made once for the file."""
    from tests.support.azure import Azure

    loaded = load(str(ROOT / EXAMPLE))
    azure = Azure(server)
    return loaded, azure.applied_world(loaded)


@pytest.fixture
def applied(azure, trained):
    loaded, world = trained
    azure.restore(world)
    return loaded


def test_it_is_submitted_once_with_its_code_and_environment(azure):
    loaded = load(str(ROOT / EXAMPLE))
    _, problems = azure.apply(loaded)
    assert problems == []
    (job,) = sent(azure, "/jobs/")
    (code,) = sent(azure, "/workspaces/own-code-ws/codes/")
    body = job["request_body"]["properties"]
    assert body["codeId"] == code["path"].partition("?")[0]
    assert body["environmentId"] == loaded.resources["jobs.lora.environment"].resource_id
    assert body["distribution"] == {"distributionType": "PyTorch", "processCountPerInstance": 1}
    assert body["resources"] == {"instanceCount": 2, "shmSize": "16g"}
    uploaded = {e["path"].rpartition("/")[2] for e in sent(azure, "/reconcile/codes/")}
    assert {name.partition("?")[0] for name in uploaded} == {"train.py", ".amlignore"}


def test_a_second_apply_trains_nothing(azure, applied):
    azure.clear_journal()
    assert azure.plan(applied).is_empty
    report, problems = azure.apply(applied)
    assert problems == [] and azure.writes() == []
    assert {o.status for o in report.outcomes} == {Status.UNCHANGED}


def test_a_changed_line_is_a_new_run_that_the_plan_says_with_the_file(azure, applied, tmp_path):
    spec = copied(tmp_path)
    with (spec.parent / "lora/train.py").open("a", encoding="utf-8") as file:
        file.write("# another line\n")
    (spec.parent / "lora/notes.log").write_text("ignored", encoding="utf-8")
    change = planned(azure, load(str(spec)))["jobs.lora"]
    assert change.action is Action.RUN
    assert because(change.reason).endswith("(Completed): code changed: train.py")


@pytest.mark.parametrize(
    "change",
    [
        ("max_instances: 2", "max_instances: 4"),
        ("timeout: 43200", "timeout: 600"),
        ("shm_size: 16g", "shm_size: 32g"),
        ("code: lora ", "display_name: Tuned\n    code: lora "),
        ("# LoRA with TRL on two nodes", "# Another comment"),
    ],
    ids=["cluster", "limit", "memory", "name", "comment"],
)
def test_what_decides_nothing_trains_nothing(azure, applied, tmp_path, change):
    changed = planned(azure, load(str(copied(tmp_path, change))))
    assert "jobs.lora" not in changed


@pytest.mark.parametrize(
    "change",
    [
        ("epochs: 3", "epochs: 4"),
        ("--epochs ${{", "--rounds ${{"),
        ("instance_count: 2", "instance_count: 1"),
        ("NCCL_DEBUG: WARN", "NCCL_DEBUG: INFO"),
        ("cuda12.1:36", "cuda12.1:37"),
    ],
    ids=["literal", "command", "nodes", "variable", "image"],
)
def test_what_decides_the_result_is_a_new_run(azure, applied, tmp_path, change):
    changed = planned(azure, load(str(copied(tmp_path, change))))
    assert changed["jobs.lora"].action is Action.RUN


IN_PLACE = """\
    environment:                          # or `${{ environments.NAME }}`, or `azureml:NAME:VERSION`
      image: mcr.microsoft.com/azureml/curated/acpt-pytorch-2.2-cuda12.1:36
      conda_file: images/trl-conda.yaml
"""


def test_the_newest_version_is_taken_when_the_run_starts(azure, applied, tmp_path):
    newest = (IN_PLACE, "    environment: azureml:job-lora@latest\n")
    loaded = load(str(copied(tmp_path, newest)))
    assert any("moves" in told.summary for told in loaded.warnings)
    azure.clear_journal()
    _, problems = azure.apply(loaded)
    assert problems == []
    (job,) = sent(azure, "/jobs/")
    there = applied.resources["jobs.lora.environment"].resource_id
    assert job["request_body"]["properties"]["environmentId"].lower() == there.lower()


def test_an_environment_that_is_not_there_is_told(azure, applied, tmp_path):
    missing = (IN_PLACE, "    environment: azureml:nowhere@latest\n")
    azure.clear_journal()
    _, problems = azure.apply(load(str(copied(tmp_path, missing))))
    assert any("there is no environment nowhere" in p.summary for _, p in problems)
    assert sent(azure, "/jobs/") == []


def test_its_output_is_a_model_of_the_run(azure, applied):
    arm = azure.connection(applied).arm
    shown = arm.get(applied.resources["models.tuned"].resource_id, "2026-05-01")["properties"]
    name = applied.resources["jobs.lora"].resource_id.rpartition("/")[2]
    assert shown["modelType"] == "custom_model"
    assert shown["modelUri"].rstrip("/").endswith(f"/ExperimentRun/dcid.{name}/outputs/model")


def test_a_failed_run_is_tried_again_on_request_alone(azure, applied, tmp_path):
    missing = ('path: "${{ datasets.support.train }}"', "path: azureml:nowhere:1")
    loaded = load(str(copied(tmp_path, missing)))
    _, problems = azure.apply(loaded)
    assert any("nowhere" in p.summary for _, p in problems)
    azure.clear_journal()
    azure.apply(loaded)
    assert sent(azure, "/jobs/") == []
    again = azure.plan(loaded, retry=frozenset({"jobs.lora"}))
    assert [c.action for c in again.changes if c.address == "jobs.lora"] == [Action.RUN]


def test_destroy_takes_code_and_run_along(azure, applied):
    job = applied.resources["jobs.lora"]
    report = azure.destroy(applied)
    assert [o.problems for o in report.outcomes if o.problems] == []
    arm = azure.connection(applied).arm
    assert arm.get(job.settings.code.id, "2026-05-01") is None


def test_the_spec_beside_its_code_is_no_code(tmp_path):
    before = load(str(copied(tmp_path, ("code: lora ", "code: . "))))
    after = load(str(copied(tmp_path, ("# LoRA with TRL", "# TRL with LoRA"))))
    ids = {loaded.resources["jobs.lora"].resource_id for loaded in (before, after)}
    assert len(ids) == 1


def test_a_token_in_the_code_is_told_with_its_line(tmp_path):
    spec = copied(tmp_path)
    token = "hf_" + "abcdefghijklmnopqrstuvwxyz01234567"
    file = spec.parent / "lora/push.py"
    file.write_text(f"import os\nTOKEN = '{token}'\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(str(spec))
    (found,) = caught.value.diagnostics
    assert (found.position.file.rpartition("/")[2], found.position.line) == ("push.py", 2)
    assert token not in str(found)


@needs_types
def test_the_bodies_fit_the_published_types(azure, tmp_path):
    azure.apply(load(str(ROOT / EXAMPLE)))
    entries = [e for e in azure.journal() if "/jobs/" in e["path"] or "/codes/" in e["path"]]
    wrong, seen = checked(entries, tmp_path)
    assert wrong == []
    assert seen["request bodies checked"] >= 2
