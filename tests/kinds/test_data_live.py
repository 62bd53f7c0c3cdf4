"""Data as it comes, against the sandbox: what a workspace and its storage then hold."""

import pytest

from reconciler.engine.types import Action
from tests.support.training import API, COMMIT, SUBSCRIPTION, training_in

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
