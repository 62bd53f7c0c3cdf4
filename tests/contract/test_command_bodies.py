"""What we send for a command job is what azure-ai-ml makes of the same YAML."""

import shutil

import pytest
from ruamel.yaml import YAML

from reconciler.cloud.ml import own_cloud
from reconciler.diagnostics import SpecError
from reconciler.engine.types import Reference
from reconciler.operations.load import load
from tests.support.azure import ROOT

FILES = ROOT.parent / "shared/azure-ml-yaml"
REMOTE = ("http", "azureml:", "wasbs:", "abfss:")
OURS = ("tags", "properties", "displayName", "experimentName")
"""Ours carry marks, and the key and the spec's name where the file states none."""
REFUSED = {
    "services": "an apply opens no shell in a run",
    "<Enter": "a template",
    "cifar-10-example@latest": "data that moves is not the same input tomorrow",
    "local-folder-example@latest": "data that moves is not the same input tomorrow",
    "path: data": "local data belongs in `datasets`",
    "../../assets/model": "local data belongs in `datasets`",
}


def command_files():
    found = FILES.rglob("*.y*ml") if FILES.is_dir() else ()
    return [f for f in found if "commandJob.schema.json" in f.read_text(encoding="utf-8")]


def with_what_it_names(file, folder):
    """A copy of an az ml file, and beside it what it names: the collection has the YAML alone."""
    copy = folder / "az/ml" / file.name
    copy.parent.mkdir(parents=True)
    shutil.copy(file, copy)
    stated = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    if "code" in stated:
        (copy.parent / stated["code"]).mkdir(parents=True, exist_ok=True)
        (copy.parent / stated["code"] / "main.py").write_text("print(1)\n", encoding="utf-8")
    paths = [i["path"] for i in (stated.get("inputs") or {}).values() if isinstance(i, dict)]
    for path in paths:
        if not path.startswith(REMOTE):
            (copy.parent / path).mkdir(parents=True, exist_ok=True)
    _environment(copy, stated["environment"])
    return copy, stated


def _environment(copy, stated):
    if isinstance(stated, dict) and "build" in stated:
        context = copy.parent / stated["build"]["path"]
        context.mkdir(parents=True, exist_ok=True)
        (context / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    if isinstance(stated, dict) and "conda_file" in stated:
        (copy.parent / stated["conda_file"]).parent.mkdir(parents=True, exist_ok=True)
        (copy.parent / stated["conda_file"]).write_text("name: x\n", encoding="utf-8")


def ours_of(copy, stated):
    stated = {name: value for name, value in stated.items() if name != "$schema"}
    cluster = stated.get("compute")
    if cluster and not cluster.startswith("azureml:"):
        stated["compute"] = f"azureml:{cluster}"
    spec = YAML(typ="safe").load((ROOT / "examples/smallest.yaml").read_text(encoding="utf-8"))
    spec["jobs"] = {"its-key": {"type": "command", **stated}}
    file = copy.parent / "reconcile-spec.yaml"
    writer = YAML()
    writer.width = 1_000_000  # where it folds a line at two spaces it loses one
    with file.open("w", encoding="utf-8") as out:
        writer.dump(spec, out)
    return load(str(file)).resources["jobs.its-key"].desired["properties"]


def theirs_of(copy):
    from azure.ai.ml import load_job

    with own_cloud():  # whatever another client of this process has set
        job = load_job(str(copy))
        job = job._to_job() if hasattr(job, "_to_job") else job
        return job._to_rest_object().as_dict()["properties"]


def comparable(body):
    """A body without what az ml only fills in when it submits, and empty parts."""
    body = {**body, "resources": {"instanceCount": 1, **(body.get("resources") or {})}}
    body["resources"].pop("properties", None)
    for name in ("codeId", "environmentId", "computeId"):  # az ml makes ids of them at the end
        body[name] = bool(body.get(name))
    for name in (*OURS, "isArchived"):
        body.pop(name, None)
    return {name: value for name, value in body.items() if value not in ({}, None)}


def is_refused(file):
    text = file.read_text(encoding="utf-8")
    return any(mark in text for mark in REFUSED)


@pytest.mark.skipif(not FILES.is_dir(), reason="the files of az ml are not beside the checkout")
def test_a_body_is_what_az_ml_makes_of_the_same_file(tmp_path):
    compared = []
    for number, file in enumerate(command_files()):
        copy, stated = with_what_it_names(file, tmp_path / str(number))
        if is_refused(file):
            with pytest.raises(SpecError):
                ours_of(copy, stated)
            continue
        ours, theirs = ours_of(copy, stated), theirs_of(copy)
        assert comparable(ours) == comparable(theirs), file
        environment = ours["environmentId"]
        if isinstance(stated["environment"], str):
            assert theirs["environmentId"] in str(environment)
        else:
            assert isinstance(environment, Reference)
        compared.append(file)
    assert len(compared) >= 20


FORMS = {
    "several of everything": """\
command: python t.py ${{inputs.a}} ${{inputs.n}} ${{outputs.m}} ${{outputs.t}}
environment: azureml:trl:3
code: src
compute: azureml:gpu
inputs:
  a: {type: mltable, path: "azureml:table:1", mode: eval_mount}
  b: {type: mlflow_model, path: "azureml:base:2", mode: download}
  n: 0.00002
  t: true
outputs:
  m: {type: mlflow_model, name: tuned, mode: upload}
  t: {type: uri_file, path: "azureml://datastores/raw/paths/t.txt", mode: direct}
distribution: {type: tensorflow, worker_count: 3, parameter_server_count: 1}
resources: {instance_count: 4, shm_size: 8g, docker_args: "--ulimit memlock=-1"}
limits: {timeout: 90061}
identity: {type: user_identity}
environment_variables: {A: "1", B: two}
description: All of it.
""",
    "serverless": """\
command: python t.py
environment: azureml:trl:3
resources: {instance_type: Standard_NC24ads_A100_v4, instance_count: 2}
distribution: {type: mpi, process_count_per_instance: 8}
queue_settings: {job_tier: spot}
identity: {type: managed, client_id: 11111111-1111-1111-1111-111111111111}
""",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_form_that_no_file_has_is_theirs_too(text, tmp_path):
    file = tmp_path / "job.yml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/t.py").write_text("print(1)\n", encoding="utf-8")
    ours = ours_of(file, YAML(typ="safe").load(text))
    theirs = theirs_of(file)
    for name, entry in (theirs.get("inputs") or {}).items():
        if str(entry.get("uri", "")).count(":") == 1:  # az ml makes an id of it at the end
            assert ours["inputs"][name]["uri"].endswith("/versions/" + entry["uri"][-1])
            entry["uri"] = ours["inputs"][name]["uri"]
    assert comparable(ours) == comparable(theirs)
