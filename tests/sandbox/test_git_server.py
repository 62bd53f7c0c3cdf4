"""The sandbox's git is git to git itself; who may what is as GitHub has it."""

from __future__ import annotations

import shutil
import subprocess
import urllib.error
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import Sandbox
from tests.support.git_server import NEEDS_GIT, GitServer, git

SPEC = "version: 1\nname: chat\n"


@pytest.fixture
def forge(sandbox: Sandbox) -> GitServer:
    return GitServer(sandbox)


@NEEDS_GIT
def test_git_clones_and_pushes(forge: GitServer, tmp_path: Path) -> None:
    first = forge.commit({"specs/chat.yaml": SPEC})
    clone = tmp_path / "ml"
    assert git(forge, tmp_path, "clone", forge.url, "ml").returncode == 0
    assert (clone / "specs/chat.yaml").read_text() == SPEC
    (clone / "more.yaml").write_text(SPEC)
    git(forge, clone, "add", ".")
    git(forge, clone, "commit", "-qm", "Add a spec")
    refused = git(forge, clone, "push")
    assert refused.returncode != 0 and forge.do("refs")["refs"]["refs/heads/main"] == first
    pushed = git(forge, clone, "push", token=forge.token("ann"))
    assert pushed.returncode == 0, pushed.stderr
    head = git(forge, clone, "rev-parse", "HEAD").stdout.strip()
    assert forge.do("refs")["refs"]["refs/heads/main"] == head
    assert git(forge, tmp_path, "clone", "--depth", "1", forge.url, "again").returncode == 0
    assert (tmp_path / "again/more.yaml").read_text() == SPEC


@NEEDS_GIT
def test_a_private_repository_is_there_for_its_tokens_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    forge = GitServer(sandbox, "acme/secret", private=True)
    forge.commit({"a": "1"})
    assert git(forge, tmp_path, "ls-remote", forge.url).returncode != 0
    other = forge.token("app/other", permissions={"contents": "read"}, repositories=["acme/ml"])
    found = git(forge, tmp_path, "ls-remote", forge.url, token=other)
    assert "not found" in found.stderr
    reader = forge.token("app/ours", permissions={"contents": "read"})
    assert git(forge, tmp_path, "ls-remote", forge.url, token=reader).returncode == 0
    assert [status for _, status in forge.asked()] == [401, 404, 200]


@NEEDS_GIT
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")
def test_signatures_are_good_to_git(forge: GitServer, tmp_path: Path) -> None:
    signers = tmp_path / "allowed_signers"
    signers.write_text(forge.do("signer", name="ann")["public"] + "\n")
    sha = forge.commit({"a": "1"}, sign="ann")
    forge.do("tag", name="v1.0.0", sign="ann")
    git(forge, tmp_path, "clone", forge.url, "ml")
    trust = ["-c", f"gpg.ssh.allowedSignersFile={signers}"]
    found = git(forge, tmp_path / "ml", *trust, "verify-commit", sha)
    assert 'Good "git" signature for ann@example.com' in found.stderr
    assert git(forge, tmp_path / "ml", *trust, "verify-tag", "v1.0.0").returncode == 0


@NEEDS_GIT
@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed here")
def test_an_openpgp_signature_is_good_to_gpg(forge: GitServer, tmp_path: Path) -> None:
    public = forge.do("signer", name="pat", kind="openpgp")["public"]
    forge.commit({"a": "1"}, sign="pat")
    (tmp_path / ".gnupg").mkdir(mode=0o700)
    imports = [
        "gpg",
        "--homedir",
        str(tmp_path / ".gnupg"),
        "--batch",
        "--no-autostart",
        "--import",
    ]
    subprocess.run(imports, input=public, text=True, check=True, capture_output=True)
    git(forge, tmp_path, "clone", forge.url, "ml")
    found = git(forge, tmp_path, "-C", "ml", "verify-commit", "HEAD")
    assert 'Good signature from "pat <pat@example.com>"' in found.stderr, found.stderr


def test_unless_asked_for_there_is_no_git(forge: GitServer, sandbox: Sandbox) -> None:
    sandbox.control("POST", "settings", {"git": 0})
    session = requests.Session()
    session.trust_env, session.verify = False, forge.ca_file
    answer = session.get(f"{forge.url}/info/refs", params={"service": "git-upload-pack"})
    assert answer.status_code == 404 and "serve --git" in answer.text


def test_reset_forgets_repositories_and_a_snapshot_keeps_them(
    forge: GitServer, sandbox: Sandbox
) -> None:
    sha = forge.commit({"a": "1"})
    snapshot = sandbox.snapshot()
    sandbox.reset()
    with pytest.raises(urllib.error.HTTPError, match="there is no git repository"):
        forge.do("refs")
    sandbox.restore(snapshot)
    assert forge.do("refs")["refs"] == {"refs/heads/main": sha}


@pytest.mark.parametrize(
    ("op", "words", "told"),
    [
        ("init", {"repo": "acme/ml"}, "already"),
        ("init", {"repo": "ml"}, "OWNER/NAME"),
        ("commit", {"sign": "eve"}, "git signer eve"),
        ("set-ref", {"ref": "refs/heads/main", "sha": "0" * 40}, "no object"),
        ("set-ref", {"ref": "main", "sha": "0" * 40}, "no object"),
        ("delete-ref", {"ref": "refs/heads/other"}, "refs/heads/other"),
        ("behave", {"behavior": "badly"}, "unavailable"),
        ("signer", {"name": "ann", "kind": "x509"}, "openpgp"),
        ("fetch", {}, "op is one of"),
    ],
)
def test_what_cannot_be_is_refused_with_words(
    forge: GitServer, op: str, words: dict[str, str], told: str
) -> None:
    with pytest.raises(urllib.error.HTTPError, match=told):
        forge.do(op, **words)
