"""Environments: the bodies of az ml, versions by content, build contexts uploaded once."""

import shutil

import pytest
from ruamel.yaml import YAML

from reconciler.cloud.ml import own_cloud
from reconciler.diagnostics import SpecError
from reconciler.engine.diff import ASKED_TAG
from reconciler.engine.types import Action
from reconciler.kinds.ownership import OWNER_TAG
from reconciler.operations.load import load
from tests.contract.test_published_types import checked, needs_types
from tests.support.azure import ROOT

EXAMPLE = "examples/environments.yaml"
FILES = ROOT.parent / "shared/azure-ml-yaml"
FILLED_IN = {"isAnonymous": False, "isArchived": False}
"""What azure-ai-ml writes out although it is Azure's default."""
CONDA = """\
name: trl
channels:
  - conda-forge
dependencies:
  - python=3.10
  - pip:
      - trl==0.11.4
      - --extra-index-url https://download.pytorch.org/whl/cu121
variables: {A: "1", B: "yes"}
"""
STORE = "azureml://datastores/workspaceblobstore/paths/reconcile/environments/"
REFUSED = {"env_train.yml": "a template: its version is `1-<VERSION>`"}


def environment_files():
    found = FILES.rglob("*.y*ml") if FILES.is_dir() else ()
    return [f for f in found if "environment.schema.json" in f.read_text(encoding="utf-8")]


def spec_of(file, key, stated):
    """A spec beside an az ml file, with what it states under a key."""
    spec = YAML(typ="safe").load((ROOT / EXAMPLE).read_text(encoding="utf-8"))
    spec["environments"] = {key: stated}
    with file.open("w", encoding="utf-8") as out:
        YAML().dump(spec, out)
    return file


def with_what_it_names(file, folder):
    """A copy of an az ml file, and beside it what it names: the collection has the YAML alone."""
    copy = folder / "az" / "ml" / file.name
    copy.parent.mkdir(parents=True)
    shutil.copy(file, copy)
    stated = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    if "build" in stated:
        context = copy.parent / stated["build"]["path"]
        context.mkdir(exist_ok=True, parents=True)
        (context / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    if "conda_file" in stated:
        conda = copy.parent / stated["conda_file"]
        conda.parent.mkdir(exist_ok=True)
        conda.write_text(CONDA, encoding="utf-8")
    return copy, stated


def ours_of(copy, stated):
    stated = {**stated, "tags": {k: str(v) for k, v in (stated.get("tags") or {}).items()}}
    stated.pop("$schema")
    loaded = load(str(spec_of(copy.parent / "reconcile-spec.yaml", "its-key", stated)))
    return loaded.resources["environments.its-key"]


@pytest.mark.skipif(not FILES.is_dir(), reason="the files of az ml are not beside the checkout")
def test_a_body_is_what_az_ml_makes_of_the_same_file(tmp_path):
    from azure.ai.ml import load_environment

    compared = []
    for number, file in enumerate(environment_files()):
        copy, stated = with_what_it_names(file, tmp_path / str(number))
        if file.name in REFUSED:
            with pytest.raises(SpecError):
                ours_of(copy, stated)
            continue
        with own_cloud():  # whatever another client of this process has set
            theirs = load_environment(str(copy))._to_rest_object().as_dict()["properties"]
        resource = ours_of(copy, stated)
        ours = resource.desired["properties"]
        assert ours["tags"].pop(OWNER_TAG) and ours["tags"].pop(ASKED_TAG)
        if "build" in ours:
            # az ml puts the address there when it has uploaded the folder, as we do.
            assert ours["build"].pop("contextUri").startswith(STORE)
            theirs["build"].pop("contextUri")
        tags = {name: str(value) for name, value in (theirs.get("tags") or {}).items()}
        assert {**FILLED_IN, **ours} == {**theirs, "tags": tags}, file
        assert resource.known["name"] == stated["name"]
        compared.append(file)
    assert len(compared) >= 13


def copied(tmp_path):
    """A copy of the example's files, and the spec in it."""
    return shutil.copytree(ROOT / "examples", tmp_path / "examples") / "environments.yaml"


def contexts(azure, loaded):
    """The blobs of build contexts, by their names."""
    return sorted(
        entry["path"].partition("/reconcile/environments/")[2]
        for entry in azure.journal()
        if entry["method"] == "PUT" and "/reconcile/environments/" in entry["path"]
    )


def test_a_build_context_is_uploaded_once_under_its_digest(azure, tmp_path):
    loaded = load(str(ROOT / EXAMPLE))
    _, problems = azure.apply(loaded)
    assert problems == []
    built = loaded.resources["environments.built"]
    place = f"built/{built.known['version']}/{built.known['version']}"
    assert contexts(azure, loaded) == [f"{place}/Dockerfile", f"{place}/requirements.txt"]
    shown = azure.connection(loaded).arm.get(built.resource_id, "2026-05-01")
    uri = shown["properties"]["build"]["contextUri"]
    assert uri.startswith("https://") and uri.endswith(f"/reconcile/environments/{place}/")
    azure.clear_journal()
    assert azure.plan(loaded).is_empty
    azure.apply(loaded)
    assert azure.writes() == []


def test_another_file_is_another_version_and_the_old_one_stays(azure, tmp_path):
    before = load(str(ROOT / EXAMPLE))
    azure.apply(before)
    spec = copied(tmp_path)
    packages = spec.parent / "images/train/requirements.txt"
    packages.write_text("mlflow==2.18.0\n", encoding="utf-8")
    after = load(str(spec))
    planned = azure.plan(after)
    changed = [(c.address, c.action) for c in planned.changes if c.action.is_change]
    assert changed == [("environments.built", Action.CREATE)]
    _, problems = azure.apply(after)
    assert problems == []
    arm = azure.connection(after).arm
    ids = {w.resources["environments.built"].resource_id for w in (before, after)}
    assert len(ids) == 2 and all(arm.get(one, "2026-05-01") for one in ids)


def test_destroy_takes_the_files_along(azure):
    loaded = load(str(ROOT / EXAMPLE))
    azure.apply(loaded)
    azure.clear_journal()
    azure.destroy(loaded)
    deleted = [e["path"] for e in azure.journal() if e["method"] == "DELETE"]
    assert sum("/reconcile/environments/built/" in path for path in deleted) == 2


LEAKS = {
    "ENV OPENAI_API_KEY=4f9d2c1be07a4d63": (2, "`OPENAI_API_KEY` looks like a secret"),
    "ARG PASSWORD hunter2-and-more": (2, "`PASSWORD` looks like a secret"),
    "ENV A=1 \\\n    FEED_TOKEN=9z8y7x6w5v": (3, "`FEED_TOKEN` looks like a secret"),
    "RUN pip install -i https://me:s3cr3tfeed@pkgs.contoso.com/simple trl": (
        2,
        "the password in an address looks like a secret",
    ),
}


@pytest.mark.parametrize("line", LEAKS, ids=range(len(LEAKS)))
def test_a_secret_in_a_dockerfile_is_told_with_its_line(line, tmp_path):
    spec = copied(tmp_path)
    file = spec.parent / "images/train/Dockerfile"
    file.write_text(f"FROM ubuntu:24.04\n{line}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(str(spec))
    (found,) = caught.value.diagnostics
    number, summary = LEAKS[line]
    assert (found.position.line, found.summary) == (number, summary)
    assert found.position.file.endswith("images/train/Dockerfile")


def test_what_only_looks_like_a_secret_is_built(tmp_path):
    spec = copied(tmp_path)
    harmless = (
        "ARG TOKEN\nENV API_KEY=$TOKEN PASSWORD=\nRUN git clone https://$USER:$TOKEN@host/x\n"
    )
    file = spec.parent / "images/train/Dockerfile"
    file.write_text(f"FROM ubuntu:24.04\n{harmless}", encoding="utf-8")
    assert load(str(spec)).resources["environments.built"]


@needs_types
def test_the_bodies_fit_the_published_types(azure, tmp_path):
    azure.apply(load(str(ROOT / EXAMPLE)))
    sent = [e for e in azure.journal() if "/environments/" in e["path"]]
    wrong, seen = checked(sent, tmp_path)
    assert wrong == []
    assert seen["request bodies checked"] >= 3
