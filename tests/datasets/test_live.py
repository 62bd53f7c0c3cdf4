"""The real huggingface_hub against the sandbox's hub: slices, footers, cache, refusals."""

import json

import pytest

from reconciler.datasets.huggingface import Hub, Source, pieces
from reconciler.datasets.prepare import Shares, prepare
from reconciler.diagnostics import LocalError, UnavailableError
from tests.support.training import COMMIT, Azure

REPO = "HuggingFaceH4/ultrachat_200k"


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with pool.lent() as server:
        yield Azure(server, tmp_path_factory.mktemp("spec"))


@pytest.fixture
def hub(azure, tmp_path):
    return Hub(f"{azure.server.url}/_hf", tmp_path, azure.server.ca_file)


def source(split="train_sft", repo=REPO, revision=COMMIT, config="default"):
    return Source(repo, revision, config, split)


def rows(found):
    return [row.value for piece in found for row in piece.rows()]


def kept(folder):
    """Return the data files in a cache with the time of their download."""
    return {p.name: p.stat().st_mtime_ns for p in folder.rglob("snapshots/*/data/*.parquet")}


def test_slices_are_those_rows_of_the_whole_split_in_order(hub):
    whole = rows(pieces(hub, source("train_sft")))
    count = len(whole)
    assert count > 100
    assert rows(pieces(hub, source("train_sft[:10%]"))) == whole[: round(count / 10)]
    assert rows(pieces(hub, source("train_sft[-7:]+train_sft[3:5]"))) == whole[-7:] + whole[3:5]


def test_only_the_files_that_a_slice_touches_are_fetched_and_only_once(hub):
    before = rows(pieces(hub, source("train_sft[:5]")))
    first = kept(hub.cache)
    assert len(first) == 1
    assert rows(pieces(hub, source("train_sft[:5]"))) == before
    assert kept(hub.cache) == first
    pieces(hub, source("train_sft[-5:]"))
    assert len(kept(hub.cache)) == 2
    assert first.items() <= kept(hub.cache).items()


def test_progress_is_told_in_bytes_up_to_the_whole(azure, tmp_path):
    told = []
    hub = Hub(
        f"{azure.server.url}/_hf",
        tmp_path,
        azure.server.ca_file,
        tell=lambda done, total: told.append((done, total)),
    )
    pieces(hub, source("train_sft[:1]"))
    assert told
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_repository_of_json_lines_is_read_too(azure, hub):
    name = "reconcile-samples/chats"
    facts = json.loads(hub_get(azure, f"api/datasets/{name}"))
    found = rows(pieces(hub, source("train[:2]", name, facts["sha"])))
    assert len(found) == 2


def hub_get(azure, path):
    import ssl
    import urllib.request

    context = ssl.create_default_context(cafile=azure.server.ca_file)
    with urllib.request.urlopen(f"{azure.server.url}/_hf/{path}", context=context) as reply:
        return reply.read()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"revision": "0" * 40}, "has no commit"),
        ({"repo": "nobody/nothing"}, "there is no dataset nobody/nothing"),
        ({"split": "train"}, "there is no split `train`; it has"),
        ({"split": "train_sft[5:5]"}, "takes none of"),
        ({"split": "test_sft[:50]+train_sft[:0]"}, "takes none of"),
        ({"config": "fr"}, "there is no configuration `fr`"),
    ],
)
def test_a_wrong_source_is_told_with_what_there_is(hub, wrong, sentence):
    with pytest.raises(LocalError, match=sentence):
        pieces(hub, source(**wrong))


def test_a_hub_that_refuses_is_unavailable_not_wrong(azure, hub):
    fault = {"method": "GET", "path": "/_hf/api/", "times": 1, "action": {"status": 410}}
    azure.control("POST", "faults", fault)
    with pytest.raises(UnavailableError, match="did not provide"):
        pieces(hub, source())


def test_what_the_hub_gives_prepares(hub, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    parts = prepare(pieces(hub, source("train_sft[:10%]")), Shares(0.2, 42), folder)
    first = json.loads(parts["train"].path.read_text().splitlines()[0])
    assert list(first) == ["messages"]
    assert [list(m) for m in first["messages"]] == [["role", "content"]] * len(first["messages"])


def test_a_download_goes_on_while_another_dataset_begins(azure, tmp_path):
    """Datasets are prepared at once, and the client of the hub is one for the process."""
    other = Hub(f"{azure.server.url}/_hf", tmp_path / "other", azure.server.ca_file)
    begun = []

    def begin_another(done, total):
        if not begun:
            begun.append(done)
            begun.extend(rows(pieces(other, source("test_sft[:2]"))))

    (tmp_path / "other").mkdir()
    hub = Hub(f"{azure.server.url}/_hf", tmp_path, azure.server.ca_file, tell=begin_another)
    found = rows(pieces(hub, source("train_sft[:3]+train_sft[-3:]")))
    assert len(found) == 6
    assert len(begun) == 3
