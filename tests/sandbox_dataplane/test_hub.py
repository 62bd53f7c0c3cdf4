"""The real huggingface_hub client reads the sandbox's hub, and the corpus is what it says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import requests
from huggingface_hub import set_client_factory

from reconciler.sandbox.hub.corpus import FACTS, conversations, read
from reconciler.sandbox.hub.parquet import to_parquet
from reconciler.sandbox.hub.repositories import CHATS, ULTRACHAT, ULTRACHAT_COMMIT
from tests.support.dataplane import Azure


class Client:
    """huggingface_hub in this process, with its own cache."""

    def __init__(self, endpoint: str, cache: Path) -> None:
        from huggingface_hub import HfApi

        self.endpoint, self.cache = endpoint, cache
        self.api = HfApi(endpoint=endpoint)

    def read(self, repo: str, file: str, revision: str | None = None) -> str:
        return self.path(repo, file, revision).read_text()

    def path(self, repo: str, file: str, revision: str | None = None) -> Path:
        from huggingface_hub import hf_hub_download

        found = hf_hub_download(
            repo,
            file,
            repo_type="dataset",
            revision=revision,
            endpoint=self.endpoint,
            cache_dir=self.cache,
        )
        return Path(found)


@pytest.fixture
def hub(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setenv("SSL_CERT_FILE", azure.ca)
    # The client is global to the process, and another test may have left its own.
    set_client_factory(lambda: httpx2.Client(follow_redirects=True))
    return Client(f"{azure.url}/_hf", tmp_path)


def test_environment_variable_alone_points_the_client_at_the_sandbox(
    azure: Azure, tmp_path: Path
) -> None:
    program = f"from huggingface_hub import HfApi\nprint(HfApi().dataset_info({ULTRACHAT!r}).sha)\n"
    environment = {
        **os.environ,
        "HF_ENDPOINT": f"{azure.url}/_hf",
        "SSL_CERT_FILE": azure.ca,
        "HF_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert len(done.stdout.strip()) == 40, done.stderr


def test_pinned_revision_downloads_rows_in_the_schema_of_ultrachat(hub: Client) -> None:
    import duckdb

    files = hub.api.list_repo_files(ULTRACHAT, repo_type="dataset", revision=ULTRACHAT_COMMIT)
    train = [name for name in files if name.startswith("data/train_sft-")]
    paths = [str(hub.path(ULTRACHAT, name, ULTRACHAT_COMMIT)) for name in train]
    assert len(paths) == 3
    assert f"/{ULTRACHAT_COMMIT}/" in paths[0]
    shape = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet({paths})").fetchall()
    assert [(row[0], row[1]) for row in shape] == [
        ("prompt", "VARCHAR"),
        ("prompt_id", "VARCHAR"),
        ("messages", 'STRUCT("content" VARCHAR, "role" VARCHAR)[]'),
    ]
    rows = duckdb.sql(f"SELECT prompt, messages FROM read_parquet({paths})").fetchall()
    card = hub.read(ULTRACHAT, "README.md", ULTRACHAT_COMMIT)
    assert f"num_examples: {len(rows)}" in card
    assert "own corpus" in card
    assert all(messages[0]["content"] == prompt for prompt, messages in rows)


def test_facts_trees_and_ranges_agree(hub: Client) -> None:
    from huggingface_hub import HfFileSystem

    facts = hub.api.dataset_info(ULTRACHAT, revision=ULTRACHAT_COMMIT, files_metadata=True)
    sizes = {file.rfilename: file.size for file in facts.siblings or []}
    tree = list(hub.api.list_repo_tree(ULTRACHAT, "data", repo_type="dataset"))
    assert {file.path: file.size for file in tree}.items() <= sizes.items()
    assert facts.sha == ULTRACHAT_COMMIT
    name = f"datasets/{ULTRACHAT}@{ULTRACHAT_COMMIT}/{tree[0].path}"
    with HfFileSystem(endpoint=hub.endpoint, skip_instance_cache=True).open(name) as file:
        file.seek(-4, 2)
        assert file.read() == b"PAR1"


@pytest.mark.parametrize(
    ("repo", "file", "revision", "error"),
    [
        (ULTRACHAT, "README.md", "nope", "RevisionNotFoundError"),
        (ULTRACHAT, "no.txt", ULTRACHAT_COMMIT, "RemoteEntryNotFoundError"),
        ("x/y", "README.md", None, "RepositoryNotFoundError"),
    ],
)
def test_what_the_hub_does_not_have_raises_the_clients_own_error(
    hub: Client, repo: str, file: str, revision: str | None, error: str
) -> None:
    from huggingface_hub import errors

    with pytest.raises(getattr(errors, error)):
        hub.read(repo, file, revision)


def test_replaced_rows_are_a_new_commit_and_the_old_one_stays(azure: Azure, hub: Client) -> None:
    row = {"messages": [{"content": "Q?", "role": "user"}, {"content": "A.", "role": "assistant"}]}
    body = (json.dumps(row) + "\n").encode()
    before = hub.api.dataset_info(CHATS).sha
    first = azure.control("PUT", f"hub?repo={CHATS}&split=test", data=body).json()["sha"]
    again = azure.control("PUT", f"hub?repo={CHATS}&split=test", data=body).json()["sha"]
    assert first == again != before
    assert hub.read(CHATS, "test.jsonl", "main") == body.decode()
    old = hub.read(CHATS, "test.jsonl", before).splitlines()
    roles = [message["role"] for message in json.loads(old[0])["messages"]]
    assert roles[:2] == ["user", "assistant"]
    assert len(old) > 1


def test_bad_rows_and_a_missing_token_are_refused(azure: Azure) -> None:
    bad = azure.control("PUT", "hub", data=b'{"messages": [{"role": "user"}]}\n')
    assert bad.status_code == 400
    assert "line 1" in bad.json()["error"]
    no_token = requests.put(f"{azure.url}/_sandbox/hub", data=b"", verify=azure.ca)
    assert no_token.status_code in {401, 403}


def test_corpus_has_two_thousand_different_sensible_conversations() -> None:
    found = conversations()
    assert 1900 <= len(found) <= 2200
    assert len({conversation.question for conversation in found}) == len(found)
    assert all(len(conversation.turns) in {2, 4, 6} for conversation in found)
    assert all("{" not in c.question and len(c.turns[1]) > 5 for c in found)
    answers = {conversation.turns[1] for conversation in found}
    assert len(answers) > 0.95 * len(found)


def test_the_corpus_is_the_one_that_versions_of_data_sets_stand_on() -> None:
    rows = json.dumps([conversation.row() for conversation in conversations()])
    assert hashlib.sha256(rows.encode()).hexdigest() == (
        "d5e10b4bb5e1d702dfd64e925af2d551454dc390f835a6b4f55a2fdf7a8c6b79"
    )


@pytest.mark.parametrize("file", sorted(FACTS.glob("*.jsonl")), ids=lambda file: file.stem)
def test_every_column_of_a_table_is_used(file: Path) -> None:
    for table in read(file):
        asks = "".join(text for ask in table.asks for text in (*ask.first, *ask.answers))
        assert table.rows
        assert all(f"{{{column}}}" in asks for column in table.rows[0])


def test_a_row_of_another_width_than_its_table_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"columns": ["a", "b"], "asks": []}\n["one"]\n')
    with pytest.raises(ValueError, match=r"shorter|longer"):
        read(file)


def test_parquet_bytes_depend_on_the_rows_alone() -> None:
    rows = [conversation.row() for conversation in conversations()[:50]]
    assert to_parquet(rows) == to_parquet(rows)
    assert to_parquet(rows) != to_parquet(rows[::-1])
