"""The loop reads a repository as git has it: what a ref names, its files, what came before."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reconciler.diagnostics import UnavailableError
from reconciler.gitops.ports import RefGoneError
from tests.gitops.conftest import Sources
from tests.support.git_server import GitServer

SPEC = "version: 1\nname: chat\n"


def files(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def test_a_branch_is_read_as_files_of_ours_alone(forge: GitServer, source: Sources) -> None:
    sha = forge.commit({"specs/chat.yaml": SPEC, "README.md": "hello\n"}, by="ann")
    tree = source().latest()
    assert str(tree.revision) == f"main@sha1:{sha}"
    assert tree.author == "ann <ann@example.com>" and tree.time is not None
    assert files(tree.folder) == {"specs/chat.yaml": SPEC, "README.md": "hello\n"}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tree.folder, *tree.folder.rglob("*")]}
    assert modes == {0o700, 0o600}


def test_only_a_ref_that_moved_is_fetched(forge: GitServer, source: Sources) -> None:
    forge.commit({"a": "1"})
    looked = source()
    first = looked.latest()
    before = len(forge.asked())
    assert looked.latest() is first
    assert forge.asked()[before:] == [("refs", 200)]
    sha = forge.commit({"b": "2"})
    assert looked.latest().revision.commit == sha
    assert files(looked.latest().folder) == {"a": "1", "b": "2"}
    assert files(first.folder) == {"a": "1"}


def test_what_is_not_kept_is_removed(forge: GitServer, source: Sources) -> None:
    forge.commit({"a": "1"})
    looked = source()
    first = looked.latest()
    forge.commit({"a": "2"})
    second = looked.latest()
    looked.forget([second.revision.commit])
    assert not first.folder.exists() and second.folder.exists()
    assert files(looked.at(first.revision.commit).folder) == {"a": "1"}
    looked.close()
    assert not second.folder.parent.exists()


@pytest.mark.parametrize(
    ("pattern", "highest"),
    [("v*", "v1.10.0"), ("v1.9.*", "v1.9.1"), ("v*-*", "v2.0.0-rc.2"), ("chat/*", "chat/v0.1.0")],
)
def test_the_highest_version_of_a_pattern_is_followed(
    forge: GitServer, source: Sources, pattern: str, highest: str
) -> None:
    forge.commit({"a": "1"})
    tags = ("v1.9.1", "v1.10.0", "v2.0.0-rc.2", "v2.0.0-rc.1", "vnext", "v3", "chat/v0.1.0")
    commits = {}
    for tag in tags:
        commits[tag] = forge.commit({"a": tag})
        forge.do("tag", name=tag, annotated="rc" in tag)
    tree = source(ref={"tag": pattern}).latest()
    assert (tree.revision.ref, tree.revision.commit) == (highest, commits[highest])


def test_a_commit_stays_what_it_is(forge: GitServer, source: Sources) -> None:
    sha = forge.commit({"a": "1"})
    forge.commit({"a": "2"})
    tree = source(ref={"commit": sha}).latest()
    assert tree.revision.commit == sha and files(tree.folder) == {"a": "1"}


def test_what_descends_is_known(forge: GitServer, source: Sources) -> None:
    shas = [forge.commit({"a": str(number)}) for number in range(14)]
    other = forge.commit({"a": "other"}, branch="other", parent="")
    looked = source()
    assert looked.descends(shas[-1], shas[-1]) is True
    assert looked.descends(shas[-1], shas[-3]) is True
    assert looked.descends(shas[-1], shas[0]) is True
    assert looked.descends(shas[0], shas[-1]) is False
    assert looked.descends(shas[-1], other) is False
    assert looked.descends(other, shas[0]) is False


def test_a_history_that_was_rewritten_descends_no_more(forge: GitServer, source: Sources) -> None:
    forge.commit({"a": "1"})
    applied = forge.commit({"a": "2"})
    looked = source()
    assert looked.latest().revision.commit == applied
    forge.do("set-ref", ref="refs/heads/main", sha=forge.commit({"a": "3"}, branch="x", parent=""))
    now = looked.latest()
    assert files(now.folder) == {"a": "3"}
    assert looked.descends(now.revision.commit, applied) is False
    assert files(looked.at(applied).folder) == {"a": "2"}


def test_a_ref_that_is_gone_is_told_from_a_server_that_is(
    forge: GitServer, source: Sources
) -> None:
    forge.commit({"a": "1"})
    looked = source()
    looked.latest()
    forge.do("delete-ref", ref="refs/heads/main")
    with pytest.raises(RefGoneError, match="there is no refs/heads/main"):
        looked.latest()
    with pytest.raises(RefGoneError, match=r"no tag of a version matches v\*"):
        source(ref={"tag": "v*"}).latest()
    with pytest.raises(UnavailableError, match="did not") as caught:
        looked.at("0" * 40)
    assert not isinstance(caught.value, RefGoneError)
