"""What means the same is the same version and the same run; nobody pays for a spelling."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.job.inputs import plain_text
from reconciler.kinds.local.folder import as_stored, read_folder
from reconciler.kinds.one_spelling import folded
from reconciler.operations.load import load_document
from reconciler.spec.document import parse
from tests.support.training import spec

TOP = Path(__file__).resolve().parents[2]
HOME = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-a/providers/"
    "Microsoft.MachineLearningServices/workspaces/ws-a"
)


def names(path):
    document = parse(path.read_text(), str(path), path.parent)
    return {
        address: (resource.desired.get("tags") or {}).get("reconcile-fingerprint")
        or resource.resource_id.rpartition("/")[2]
        for address, resource in load_document(document).resources.items()
        if address.partition(".")[0] in ("datasets", "jobs", "flows")
    }


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "specs/phi3-ultrachat.yaml",
            {
                "datasets.ultrachat": "a05812a3135f",
                "jobs.finetune": "finetune-01ded25ccc83",
                "flows.chat": "36a4ebd45d6dd564",
            },
        ),
        (
            "examples/bring-your-own-data.yaml",
            {"datasets.support": "e01a1df5e1aa", "jobs.finetune": "finetune-9027602311c3"},
        ),
        (
            "examples/two-deployments.yaml",
            {
                "datasets.support": "e01a1df5e1aa",
                "jobs.one-epoch": "one-epoch-2f8de1ac7d47",
                "jobs.three-epochs": "three-epochs-dd79a842244e",
            },
        ),
    ],
)
def test_what_was_named_once_keeps_its_name_and_is_not_paid_for_twice(file, expected):
    assert names(TOP / file) == expected


def name_of(tmp_path, *changes):
    document = parse(spec("names", *changes), "spec.yaml", tmp_path)
    return load_document(document).resources["jobs.tune"].resource_id.rpartition("/")[2]


@pytest.mark.parametrize(
    "change",
    [
        ("num_train_epochs: 1,", "num_train_epochs: 1.0,"),
        ("num_train_epochs: 1,", 'num_train_epochs: "1",'),
        ("num_train_epochs: 1,", "num_train_epochs: 1e0,"),
        ("learning_rate: 0.00002", 'learning_rate: "2e-5"'),
        ("apply_lora: true", 'apply_lora: "True"'),
        ("[:10%]", "[0%:10%]"),
        ("[:10%]", "[ 0:10 %]"),
        ("Phi-3-mini-4k-instruct", "phi-3-MINI-4k-Instruct"),
        ("registries/azureml/", "registries/AzureML/"),
    ],
)
def test_another_spelling_is_the_same_run(tmp_path, change):
    assert change[0] in spec("names"), "the spec has what is changed"
    assert name_of(tmp_path, change) == name_of(tmp_path)


NUMBERS = st.integers(-(10**9), 10**9).map(float) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12
)


@given(NUMBERS)
def test_all_texts_of_a_number_are_one(value):
    scientific = f"{Decimal(repr(value)).normalize():e}"
    texts = {plain_text(value), plain_text(repr(value)), plain_text(scientific)}
    if value == int(value):
        texts.add(plain_text(int(value)))
    assert len(texts) == 1
    assert float(texts.pop()) == value


@pytest.mark.parametrize(
    "text", ["007", "1.10", "1_000", "0x10", "nan", "inf", "", "-", "1.2.3", "yes", "1 2", "e5"]
)
def test_a_text_that_is_no_number_is_left_alone(text):
    assert plain_text(text) == text


@pytest.mark.parametrize(
    "spellings",
    [
        [f"{HOME}/data/chats/versions/1", f"{HOME.upper()}/DATA/Chats/versions/1/"],
        [
            f"{HOME}/data/chats/versions/1",
            f"azureml:/{HOME}/data/chats/versions/1",
            "azureml://subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg-a/"
            "workspaces/ws-a/data/chats/versions/1",
        ],
        [
            "azureml://datastores/Store/paths/A/b.jsonl",
            "azureml://datastores/store/paths/A/b.jsonl",
            f"azureml:/{HOME}/datastores/store/paths/A/b.jsonl",
        ],
        [
            "azureml://registries/azureml/models/Phi-4/versions/7",
            "azureml://registries/AZUREML/models/phi-4/versions/7/",
        ],
        [
            "azureml://registries/ours/models/Tuned/versions/7",
            "azureml://registries/Ours/models/tuned/versions/7",
        ],
    ],
)
def test_ids_of_one_asset_are_one_text(spellings):
    assert len({folded(text, HOME) for text in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("azureml://datastores/a/paths/B.jsonl", "azureml://datastores/a/paths/b.jsonl"),
        (f"{HOME}/data/chats/versions/1", f"{HOME}2/data/chats/versions/1"),
        (
            f"azureml:/{HOME}2/datastores/a/paths/b.jsonl",
            f"azureml:/{HOME}/datastores/a/paths/b.jsonl",
        ),
    ],
)
def test_ids_of_two_assets_are_two_texts(one, other):
    assert folded(one, HOME) != folded(other, HOME)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff")))
def test_a_text_of_a_flow_is_taken_as_git_stores_it(text):
    stored = text.encode()
    checkout = b"\xef\xbb\xbf" + stored.replace(b"\n", b"\r\n")
    assert as_stored(checkout) == as_stored(stored) == stored


@pytest.mark.parametrize("content", [b"\0\r\n", b"a\rb\r\n", b"\xef\xbb\xbf\0"])
def test_what_is_no_text_is_taken_byte_for_byte(content):
    assert as_stored(content) == content


def test_a_flow_checked_out_on_windows_has_the_same_fingerprint(tmp_path):
    shipped = read_folder(TOP / "examples/flows/phi3-chat", "flow")
    for name, content in shipped.files.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert read_folder(tmp_path, "flow").fingerprint() == shipped.fingerprint()
