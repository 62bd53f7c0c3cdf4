"""Data as it comes, against the sandbox: what a workspace and its storage then hold."""

import json
from base64 import b64encode

import pytest

from reconciler.diagnostics import ExitCode
from reconciler.engine.types import Action
from reconciler.operations.apply.executor import apply
from reconciler.render.reason_text import note
from tests.support.training import API, COMMIT, SUBSCRIPTION, Events, training_in

ROW = '{{"messages":[{{"role":"user","content":"{}"}},{{"role":"assistant","content":"a"}}]}}\n'


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with training_in(pool, tmp_path_factory) as azure:
        azure.applied(spec())
        yield azure


def spec(datasets="{}"):
    return f"""
version: 1
name: data
target: {{subscription_id: {SUBSCRIPTION}, resource_group: rg-data, location: eastus}}
workspace:
  name: ws-data
  storage_account: {{name: datastorage}}
  key_vault: {{name: kv-data}}
  application_insights: {{name: ins-data}}
datasets: {datasets}
"""


def versions(azure, name):
    return azure.list(f"{azure.workspace('data')}/data/{name}/versions")


def blobs(azure, prefix):
    """Return what the default container holds below a prefix."""
    store = azure.arm.get(f"{azure.workspace('data')}/datastores/workspaceblobstore", API)
    url, name = f"{azure.server.url}/_blob/datastorage", store["properties"]["containerName"]
    container = azure.connection().container(url, name)
    return {
        blob.name.removeprefix(prefix): container.download_blob(blob.name).readall().decode()
        for blob in container.list_blobs(prefix)
    }


def test_two_given_files_are_two_assets_with_their_own_rows(azure):
    (azure.folder / "a.jsonl").write_text("".join(ROW.format(n) for n in range(3)))
    (azure.folder / "b.jsonl").write_text(ROW.format("b"))
    text = spec("{given: {source: {type: local, train: a.jsonl, test: b.jsonl}}}")
    azure.applied(text)
    (train,), (test,) = versions(azure, "given-train"), versions(azure, "given-test")
    assert train["name"] == test["name"]
    assert train["properties"]["properties"]["reconcile.rows"] == "3"
    files = blobs(azure, f"reconcile/given/{train['name']}/")
    rows = (azure.folder / "a.jsonl").read_text(), (azure.folder / "b.jsonl").read_text()
    assert (files["train.jsonl"], files["test.jsonl"]) == rows
    assert azure.plan(text).is_empty
    azure.applied(text.replace(", test: b.jsonl", ""))
    assert len(versions(azure, "given-train")) == 2
    assert len(versions(azure, "given-test")) == 1


def test_two_splits_of_the_hub_stay_two(azure):
    hub = f"type: huggingface, repo: HuggingFaceH4/ultrachat_200k, revision: {COMMIT}"
    rows = 'train_split: "train_sft[:5]", test_split: "test_sft[-2:]"'
    azure.applied(spec(f"{{hub: {{source: {{{hub}, {rows}}}}}}}"))
    (train,), (test,) = versions(azure, "hub-train"), versions(azure, "hub-test")
    counts = [one["properties"]["properties"]["reconcile.rows"] for one in (train, test)]
    assert counts == ["5", "2"]
    assert (
        azure.plan(spec(f"{{hub: {{source: {{{hub}, {rows}}}}}}}")).change_of("datasets.hub").action
        is Action.NO_OP
    )


def folder_of(azure, name, files):
    top = azure.folder / name
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    return spec(f"{{{name}: {{source: {{type: local_folder, path: {name}}}}}}}")


def sent(azure, since):
    """Return the names of the files that were put into storage, each as often as it was."""
    return sorted(
        entry["path"].rpartition("/")[2]
        for entry in azure.journal(since)
        if entry["method"] == "PUT"
        and "/_blob/" in entry["path"]
        and "/reconcile/" in entry["path"]
    )


def test_a_folder_is_one_asset_with_what_the_ignore_file_leaves(azure):
    files = {"a.txt": "one", "deep/b.txt": "two", "c.tmp": "x", ".amlignore": "*.tmp\n"}
    text = folder_of(azure, "corpus", files)
    since = azure.now()
    azure.applied(text)
    (asset,) = versions(azure, "corpus")
    place = f"reconcile/corpus/{asset['name']}/"
    assert blobs(azure, place) == {"a.txt": "one", "deep/b.txt": "two"}
    properties = asset["properties"]
    assert properties["dataType"] == "uri_folder"
    assert properties["dataUri"].endswith(f"/datastores/workspaceblobstore/paths/{place}")
    assert sent(azure, since) == ["a.txt", "b.txt"]
    assert azure.plan(text).is_empty
    (azure.folder / "corpus/deep/b.txt").write_text("three")
    azure.applied(text)
    assert len(versions(azure, "corpus")) == 2


def test_an_upload_that_was_cut_short_goes_on_with_what_is_missing(azure):
    text = folder_of(azure, "many", {f"{n}.txt": f"file {n}" for n in range(12)})
    fault = {"method": "PUT", "path": "/reconcile/many/", "nth": 5, "times": 0}
    azure.control("POST", "faults", {**fault, "action": {"status": 400}})
    since = azure.now()
    assert azure.apply(text).exit_code is not ExitCode.OK
    azure.control("DELETE", "faults")
    before = {name for name, _ in blobs(azure, "reconcile/many/").items()}
    assert 4 <= len(before) < 12
    assert versions(azure, "many") == []
    since = azure.now()
    azure.applied(text)
    assert sent(azure, since) == sorted({f"{n}.txt" for n in range(12)} - {n[13:] for n in before})


def test_a_file_that_changes_after_the_plan_is_not_sent(azure):
    text = folder_of(azure, "moving", {"a.txt": "as planned"})
    planned, loaded = azure.plan(text), azure.load(text)
    (azure.folder / "moving/a.txt").write_text("something else")
    report = apply(loaded, azure.connection(), planned, progress=Events())
    (told,) = [p.summary for o in report.outcomes for p in o.problems]
    assert told.endswith("a.txt changed since the plan was made")
    assert blobs(azure, "reconcile/moving/") == {}


def test_a_table_tells_what_it_refers_to(azure):
    top = azure.folder / "table"
    top.mkdir()
    (top / "rows.csv").write_text("id\n1\n")
    (top / "MLTable").write_text("paths:\n  - file: ./rows.csv\n")
    azure.applied(spec("{table: {source: {type: mltable, path: table}}}"))
    (asset,) = versions(azure, "table")
    assert asset["properties"]["dataType"] == "mltable"
    assert asset["properties"]["referencedUris"] == ["./rows.csv"]


def test_what_lies_somewhere_is_registered_and_stays_when_the_asset_goes(azure):
    source = 'source: {type: datastore, path: "azureml://datastores/workspaceblobstore/paths/own/"}'
    text = spec(f"{{theirs: {{{source}, type: uri_folder, version: '3', tags: {{a: b}}}}}}")
    since = azure.now()
    azure.applied(text)
    (asset,) = versions(azure, "theirs")
    assert (asset["name"], asset["properties"]["tags"]["a"]) == ("3", "b")
    assert azure.plan(text).is_empty
    assert not [e for e in azure.journal(since) if "/_blob/" in e["path"]]
    other = text.replace("paths/own/", "paths/other/")
    assert azure.plan(other).change_of("datasets.theirs").action is Action.REPLACE


def listed(azure, folder):
    """Return what `az storage blob list -o json` prints of the default container."""
    store = azure.arm.get(f"{azure.workspace('data')}/datastores/workspaceblobstore", API)
    url, name = f"{azure.server.url}/_blob/datastorage", store["properties"]["containerName"]
    found = azure.connection().container(url, name).list_blobs(folder)
    return [
        {
            "name": blob.name,
            "properties": {
                "contentLength": blob.size,
                "contentSettings": {
                    "contentMd5": b64encode(blob.content_settings.content_md5).decode()
                },
            },
        }
        for blob in found
    ]


def test_what_is_registered_is_what_its_list_says(azure):
    azure.applied(folder_of(azure, "lies", {"a.txt": "one", "b.txt": "two"}))
    (asset,) = versions(azure, "lies")
    folder = f"reconcile/lies/{asset['name']}/"
    entries = listed(azure, folder)
    (azure.folder / "list.json").write_text(json.dumps(entries))
    uri = f"azureml://datastores/workspaceblobstore/paths/{folder}"
    source = f'source: {{type: datastore, path: "{uri}", manifest: list.json}}'
    text = spec(f"{{held: {{{source}, type: uri_folder}}}}")
    (told,) = azure.plan(text).change_of("datasets.held").decision.notes
    assert note(told) == "2 files of 6 bytes are there, as listed"
    azure.applied(text)
    assert azure.plan(text).is_empty
    entries[0]["properties"]["contentLength"] = 4
    entries.append({"name": f"{folder}c.txt", "properties": {"contentLength": 1}})
    (azure.folder / "list.json").write_text(json.dumps(entries))
    (problem,) = azure.plan(text).change_of("datasets.held").problems
    assert problem.summary.startswith(f"what lies at {uri} is not what ")
    assert problem.detail == f"{folder}a.txt has 3 bytes, not 4, {folder}c.txt is not there"


def test_destroying_takes_what_was_uploaded_and_leaves_what_was_registered(azure):
    text = folder_of(azure, "gone", {"a.txt": "one", "b.txt": "two"})
    place = "azureml://datastores/workspaceblobstore/paths/own/"
    theirs = f'theirs: {{source: {{type: datastore, path: "{place}"}}, type: uri_folder}}'
    text = text.replace("datasets: {", f"datasets: {{{theirs}, ")
    azure.applied(text)
    assert len(blobs(azure, "reconcile/gone/")) == 2
    report = azure.destroy(text)
    assert blobs(azure, "reconcile/gone/") == {}
    assert versions(azure, "gone") == []
    stays = f"`datasets.theirs` was registered only: its data stays at {place}"
    assert stays in report.remains
