"""Against git's own server: protocol 2, where history is asked for without files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import UnavailableError
from reconciler.gitops.git import history
from reconciler.gitops.git.remote import Remote
from reconciler.gitops.git.sign_in import Nobody
from tests.support.http_backend import NEEDS_BACKEND, HttpBackend

pytestmark = NEEDS_BACKEND


def git(folder: Path, *words: str, stdin: str = "") -> str:
    settings = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
    done = subprocess.run(
        ["git", *settings, *words],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commits(folder: Path, count: int) -> list[str]:
    """Return a line of commits, each with a file of its own, made in one go."""
    stream = []
    for number in range(1, count + 1):
        stream.append(f"commit refs/heads/main\nmark :{number}\ncommitter a <a> {number} +0000\n")
        stream.append(f"data 1\n{number % 10}\nM 644 inline f{number}\ndata 6\n{number:06d}\n")
    git(folder, "fast-import", "--quiet", "--export-marks=marks", stdin="".join(stream))
    marks = (folder / "marks").read_text().splitlines()
    return [line.split()[1] for line in sorted(marks, key=lambda line: int(line.split()[0][1:]))]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpBackend]:
    (tmp_path / "ml.git").mkdir()
    git(tmp_path / "ml.git", "init", "-q", "--bare", "-b", "main")
    found = HttpBackend(tmp_path)
    yield found
    found.close()


@pytest.fixture
def remote(server: HttpBackend) -> Remote:
    return Remote(f"{server.url}/ml.git", Cloud(), 60, Nobody())


def test_refs_and_files_are_those_of_git(
    server: HttpBackend, remote: Remote, tmp_path: Path
) -> None:
    repo = tmp_path / "ml.git"
    shas = commits(repo, 3)
    git(repo, "tag", "-a", "-m", "one", "v1", shas[0])
    git(repo, "branch", "other", shas[1])
    found = remote.refs(["refs/heads/main", "refs/tags/"])
    tag = git(repo, "rev-parse", "v1")
    assert {ref: (one.sha, one.commit) for ref, one in found.items()} == {
        "refs/heads/main": (shas[2], shas[2]),
        "refs/tags/v1": (tag, shas[0]),
    }
    assert any(b"ref-prefix refs/heads/main" in body for body in server.asked)
    fetched = remote.fetch([shas[2], tag], 1)
    assert {shas[2].encode(), shas[0].encode(), tag.encode()} <= fetched.objects.keys()
    assert shas[1].encode() not in fetched.objects


def test_history_is_looked_up_without_its_files(
    server: HttpBackend, remote: Remote, tmp_path: Path
) -> None:
    repo = tmp_path / "ml.git"
    git(repo, "config", "uploadpack.allowFilter", "true")
    shas = commits(repo, 1050)
    assert history.descends(remote, shas[-1], shas[-50]) is True
    assert history.descends(remote, shas[-1], shas[-900]) is True
    assert history.descends(remote, shas[-1], shas[0]) is False
    assert history.descends(remote, shas[0], shas[-1]) is False
    assert len(remote.fetch([shas[-1]], 100, commits_only=True).objects) == 100


def test_an_older_commit_is_had_by_its_id(remote: Remote, tmp_path: Path) -> None:
    shas = commits(tmp_path / "ml.git", 3)
    assert shas[0].encode() in remote.fetch([shas[0]], 1).objects
    with pytest.raises(UnavailableError, match="ended its answer early"):
        remote.fetch(["0" * 39 + "1"], 1)


def test_a_repository_that_is_not_there(server: HttpBackend) -> None:
    asked = Remote(f"{server.url}/other.git", Cloud(), 60, Nobody())
    with pytest.raises(UnavailableError, match="has no such repository"):
        asked.refs(["refs/heads/main"])
