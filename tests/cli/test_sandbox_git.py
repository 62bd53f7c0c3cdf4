"""`reconcile sandbox git` at the command line: the words people type, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.sandbox_git import bodies_of
from reconciler.diagnostics import LocalError, UsageError


def test_a_folder_is_the_first_commit(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("[core]\n")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/chat.yaml").write_text("a\n")
    (tmp_path / "link").symlink_to("/etc/passwd")
    made, commit = bodies_of(["init", "acme/ml", str(tmp_path), "private"])
    assert made == {"op": "init", "repo": "acme/ml", "private": True}
    assert commit["files"] == {"specs/chat.yaml": "YQo="}


def test_files_and_who_commits_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("a\n")
    words = ["commit", "acme/ml", "./a.yaml", "delete=b.yaml", "by=ann", "sign=ann"]
    assert bodies_of(words) == [
        {
            "op": "commit",
            "repo": "acme/ml",
            "files": {"a.yaml": "YQo=", "b.yaml": None},
            "by": "ann",
            "sign": "ann",
        }
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["commit", "acme/ml"], "not complete"),
        (["commit", "acme/ml", "/etc/hostname"], "not below this folder"),
        (["commit", "acme/ml", "../a.yaml"], "not below this folder"),
        (["commit", "acme/ml", "when=now"], "not one of branch=..., by=..."),
        (["behave", "acme/ml"], "not complete"),
        (["fetch", "acme/ml"], "not known"),
    ],
)
def test_words_that_mean_nothing_are_refused(words: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        bodies_of(words)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="holds no files"):
        bodies_of(["init", "acme/ml", str(tmp_path)])
    with pytest.raises(LocalError, match="cannot read nothere"):
        bodies_of(["commit", "acme/ml", "nothere"])
