"""Where files may lie: local paths stay in the spec's folder, downloads in a usable cache."""

import os

import pytest

from reconciler.datasets.cache import cache_folder, workshop
from reconciler.datasets.layout import files_by_split
from reconciler.datasets.local import inside
from reconciler.diagnostics import LocalError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "spec" / "data").mkdir(parents=True)
    (tmp_path / "secret.jsonl").write_text("{}")
    (tmp_path / "spec" / "data" / "a.jsonl").write_text("{}")
    return tmp_path / "spec"


def test_a_file_below_the_spec_is_found_also_through_a_link_that_stays_inside(root):
    (root / "link.jsonl").symlink_to("data/a.jsonl")
    assert inside(root, "data/a.jsonl") == inside(root, "link.jsonl")
    assert inside(root, "data/../data/a.jsonl").name == "a.jsonl"


@pytest.mark.parametrize(
    "text", ["../secret.jsonl", "data/../../secret.jsonl", "out.jsonl", "d/secret.jsonl"]
)
def test_no_path_and_no_link_leads_out(root, text):
    (root / "out.jsonl").symlink_to("../secret.jsonl")
    (root / "d").symlink_to("..")
    with pytest.raises(ValueError, match="is outside the folder"):
        inside(root, text)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("/etc/passwd", "is absolute"),
        ("data/none.jsonl", "No such file"),
        ("loop.jsonl", "cannot be read"),
        ("data.jsonl", "not a regular file"),
        ("pipe.jsonl", "not a regular file"),
        ("data/a.csv", "neither JSON lines"),
    ],
)
def test_only_regular_files_of_a_known_format_are_read(root, text, cause):
    (root / "loop.jsonl").symlink_to("loop.jsonl")
    (root / "data.jsonl").mkdir()
    os.mkfifo(root / "pipe.jsonl")
    (root / "data" / "a.csv").write_text("x")
    with pytest.raises(ValueError, match=cause):
        inside(root, text)


def test_the_stated_cache_is_used_or_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path / "deep" / "cache"))
    assert cache_folder() == tmp_path / "deep" / "cache"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(LocalError, match="cannot be written"):
        cache_folder()


def test_without_a_home_downloads_go_to_the_temporary_folder(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("no folder")
    monkeypatch.delenv("RECONCILE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder() == tmp_path / f"reconcile-{os.getuid()}"
    assert cache_folder().stat().st_mode & 0o77 == 0


def test_the_files_of_a_preparation_are_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("RECONCILE_CACHE", str(tmp_path))
    with workshop() as folder:
        (folder / "train.jsonl").write_text("x")
    assert not folder.exists()


FILES = [
    "README.md",
    "data/test_gen-00000-of-00001.parquet",
    "data/train_sft-00001-of-00002.parquet",
    "data/train_sft-00000-of-00002.parquet",
    "data/train_sft_extra-00000-of-00001.parquet",
    "en/train/part.jsonl",
    "train.csv",
]


def test_the_card_says_which_files_make_up_a_split():
    card = {
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train_sft", "path": "data/train_sft-*"},
                    {"split": "both", "path": ["data/test_gen-*.parquet", "**/part.jsonl"]},
                ],
            },
            {"config_name": "en", "data_dir": "en", "data_files": "train/*"},
        ]
    }
    found = files_by_split(card, "default", FILES, ["train_sft", "both"])
    assert found["train_sft"] == [
        "data/train_sft-00000-of-00002.parquet",
        "data/train_sft-00001-of-00002.parquet",
    ]
    assert found["both"] == ["data/test_gen-00000-of-00001.parquet", "en/train/part.jsonl"]
    assert files_by_split(card, "en", FILES, ["train"]) == {"train": ["en/train/part.jsonl"]}
    with pytest.raises(ValueError, match="no split `test`; it has both, train_sft"):
        files_by_split(card, "default", FILES, ["test"])
    with pytest.raises(ValueError, match="choose one of default, en"):
        files_by_split(card, "fr", FILES, ["train"])


def test_without_a_card_the_names_say_it():
    found = files_by_split({}, "default", FILES, ["train_sft", "test_gen"])
    assert len(found["train_sft"]) == 2
    assert files_by_split({}, "en", FILES, ["train"]) == {"train": ["en/train/part.jsonl"]}
    with pytest.raises(ValueError, match="no Parquet or JSON lines files"):
        files_by_split({}, "default", FILES, ["validation"])
