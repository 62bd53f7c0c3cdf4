"""A folder as a source: a revision is what its files hold, and a copy stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.diagnostics import UnavailableError
from reconciler.gitops.folder import Folder
from reconciler.gitops.records import ConditionReason


def filled(folder: Path) -> Path:
    (folder / "specs").mkdir(parents=True)
    (folder / "specs" / "a.yaml").write_text("one", encoding="utf-8")
    (folder / "data.jsonl").write_bytes(b"{}\n")
    return folder


def test_a_revision_is_the_digest_of_the_files(tmp_path: Path) -> None:
    source = Folder(str(filled(tmp_path / "a")))
    first = source.latest()
    assert source.latest() is first
    (tmp_path / "a" / "specs" / "a.yaml").write_text("two", encoding="utf-8")
    second = source.latest()
    assert second.revision != first.revision
    (tmp_path / "a" / "specs" / "a.yaml").rename(tmp_path / "a" / "specs" / "b.yaml")
    assert source.latest().revision.commit not in (first.revision.commit, second.revision.commit)
    source.close()


def test_a_copy_stays_as_it_was_until_it_is_forgotten(tmp_path: Path) -> None:
    source = Folder(str(filled(tmp_path / "a")))
    first = source.latest()
    (tmp_path / "a" / "specs" / "a.yaml").write_text("two", encoding="utf-8")
    second = source.latest()
    kept = source.at(first.revision.commit).folder / "specs" / "a.yaml"
    assert kept.read_text(encoding="utf-8") == "one"
    source.forget([second.revision.commit])
    assert not kept.exists()
    with pytest.raises(UnavailableError, match="not at"):
        source.at(first.revision.commit)
    source.close()
    assert not second.folder.exists()


def test_links_and_what_git_keeps_are_left_out(tmp_path: Path) -> None:
    folder = filled(tmp_path / "a")
    before = Folder(str(folder)).latest().revision
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "specs" / "link.yaml").symlink_to(tmp_path / "secret")
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x", encoding="utf-8")
    tree = Folder(str(folder)).latest()
    assert tree.revision == before
    assert sorted(p.name for p in tree.folder.rglob("*")) == ["a.yaml", "data.jsonl", "specs"]
    assert tree.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be read"):
        Folder(str(tmp_path / "none")).latest()


def test_nobody_signs_a_folder(tmp_path: Path) -> None:
    source = Folder(str(filled(tmp_path / "a")))
    tree = source.latest()
    assert source.verified(tree).reason is ConditionReason.NOT_ASKED
    assert source.descends(tree.revision.commit, "0" * 40) is None
