"""`reconcile loop` with its specs in a git repository: signed in, verified, and applied from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.diagnostics import ExitCode
from tests.support.azure import ROOT
from tests.support.commands import attached, in_process
from tests.support.controls import Controls, Pool
from tests.support.git_server import GitServer

SPEC = (ROOT / "examples" / "smallest.yaml").read_text("utf-8")


class Repository:
    """A private repository with the smallest example, and a loop of it."""

    def __init__(self, controls: Controls, folder: Path) -> None:
        self.controls, self.folder = controls, folder
        controls.control("POST", "settings", {"forge": 1})
        self.git = GitServer(controls, private=True)
        body = {"op": "app", "login": "loop", "permissions": {"contents": "read"}}
        app = json.loads(controls.control("POST", "forge", body))
        (folder / "app.pem").write_text(app["key"])
        (folder / "signers").write_text(str(self.git.do("signer", name="ann")["public"]) + "\n")
        config = {
            "version": 1,
            "source": {
                "url": self.git.url,
                "credentials": {
                    "github_app": {
                        "app_id": app["app_id"],
                        "installation_id": app["installation_id"],
                        "key_file": "app.pem",
                    }
                },
                "verify": {"mode": "tag", "allowed_signers": "signers"},
            },
            "specs": [{"name": "small", "path": "specs/smallest.yaml"}],
        }
        (folder / "loop.yaml").write_text(json.dumps(config), "utf-8")

    def once(self) -> tuple[int, str, str]:
        done = in_process(self.folder, "loop", "loop.yaml", "--once", "--sandbox", "-o", "json")
        return done.returncode, done.stdout, done.stderr

    def writes(self) -> int:
        sent = self.controls.entries(kind="arm")
        return sum(one["method"] not in ("GET", "HEAD") for one in sent)


@pytest.fixture
def repository(tmp_path: Path, pool: Pool) -> Iterator[Repository]:
    with pool.lent(clock="frozen") as server:
        yield Repository(Controls(server), attached(tmp_path, server))


def test_what_is_signed_is_applied_and_nothing_else(repository: Repository) -> None:
    sha = repository.git.commit({"specs/smallest.yaml": SPEC})
    code, out, err = repository.once()
    assert code == ExitCode.REFUSED
    assert "NotVerified" in err and "git tag -s" in out
    assert repository.writes() == 0
    repository.git.do("tag", name="v1.0.0", sign="ann")
    code, out, err = repository.once()
    assert (code, err) == (ExitCode.OK, "")
    end = json.loads(out)
    assert end["revision"] == f"main@sha1:{sha}" and end["writes"] > 0


def test_a_repository_that_is_away_is_told_and_nothing_is_written(repository: Repository) -> None:
    repository.git.commit({"specs/smallest.yaml": SPEC})
    repository.git.do("behave", behavior="unavailable")
    code, out, err = repository.once()
    assert code == ExitCode.UNAVAILABLE
    assert "cannot answer now" in json.loads(out)["diagnostics"][0]["summary"]
    assert "cannot answer now" in err
    assert repository.writes() == 0
