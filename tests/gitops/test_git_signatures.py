"""A revision counts where somebody signed it who is allowed to: the commit, a tag of it, or both."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dulwich.objects import Commit, Tag

from reconciler.diagnostics import LocalError
from reconciler.gitops.config_source import Verify
from reconciler.gitops.git.source import GitSource
from reconciler.gitops.git.verification import condition
from reconciler.gitops.records import Condition, ConditionStatus, Revision
from tests.gitops.conftest import Sources
from tests.support.git_server import GitServer


class Keys:
    """The keys that count: of ann (SSH) and pat (OpenPGP); eve has one that does not."""

    def __init__(self, forge: GitServer, folder: Path) -> None:
        self.ssh, self.pgp = folder / "allowed_signers", folder / "keys.asc"
        self.line = str(forge.do("signer", name="ann")["public"])
        self.ssh.write_text(f"# those who release\n{self.line}\n")
        self.pgp.write_text(forge.do("signer", name="pat", kind="openpgp")["public"])
        forge.do("signer", name="eve")
        forge.do("signer", name="mallory", kind="openpgp")

    def verify(self, mode: str) -> dict[str, Any]:
        return {"mode": mode, "allowed_signers": str(self.ssh), "gpg_keys": str(self.pgp)}


@pytest.fixture
def keys(forge: GitServer, tmp_path: Path) -> Keys:
    return Keys(forge, tmp_path)


def seen(source: GitSource) -> tuple[str, str]:
    found = source.verified(source.latest())
    good = found.reason.value == "Verified"
    assert (found.status is ConditionStatus.TRUE) == good
    return found.reason.value, found.message


@pytest.mark.parametrize(
    ("signer", "reason", "words"),
    [
        ("ann", "Verified", "is signed by ann@example.com"),
        ("pat", "Verified", "is signed by pat <pat@example.com>"),
        ("eve", "UnknownSigner", "is signed by nobody who is allowed to"),
        ("mallory", "UnknownSigner", "is signed by nobody who is allowed to"),
        ("", "NotVerified", "is not signed; sign it: git commit -S"),
    ],
)
def test_a_commit_counts_by_its_signer(
    forge: GitServer, source: Sources, keys: Keys, signer: str, reason: str, words: str
) -> None:
    forge.commit({"a": "1"}, sign=signer)
    found, message = seen(source(verify=keys.verify("head")))
    assert found == reason and words in message


@pytest.mark.parametrize("ref", ["refs/heads/main", {"tag": "v*"}, "refs/tags/v1.0.0"])
@pytest.mark.parametrize("signer", ["ann", "pat"])
def test_a_signed_tag_is_enough_for_a_commit_that_is_not(
    forge: GitServer, source: Sources, keys: Keys, signer: str, ref: Any
) -> None:
    forge.commit({"a": "1"})
    forge.do("tag", name="v1.0.0", sign=signer)
    assert seen(source(ref=ref, verify=keys.verify("tag")))[0] == "Verified"
    assert seen(source(ref=ref, verify=keys.verify("tag_and_head")))[0] == "NotVerified"


def test_a_tag_that_is_signed_later_is_seen(forge: GitServer, source: Sources, keys: Keys) -> None:
    forge.commit({"a": "1"})
    looked = source(verify=keys.verify("tag"))
    assert seen(looked) == (
        "NotVerified",
        f"commit {looked.latest().revision.commit[:12]} has no signed tag; "
        "sign one: git tag -s NAME, git push origin NAME",
    )
    forge.do("tag", name="plain")
    forge.do("tag", name="note", annotated=True)
    assert "tag note is not signed" in seen(looked)[1]
    forge.do("tag", name="v1", sign="eve")
    forge.do("tag", name="v0", sign="ann")
    assert seen(looked)[0] == "Verified"
    assert looked.verified(looked.at(looked.latest().revision.commit)).reason.value == "Verified"


def test_a_signed_tag_under_another_name_is_not_believed(
    forge: GitServer, source: Sources, keys: Keys
) -> None:
    forge.commit({"a": "1"})
    signed = forge.do("tag", name="v1.0.0", sign="ann")["sha"]
    forge.commit({"a": "2"})
    forge.do("set-ref", ref="refs/tags/v2.0.0", sha=signed)
    looked = source(ref={"tag": "v*"}, verify=keys.verify("tag"))
    assert seen(looked) == (
        "BadSignature",
        "tag v2.0.0 has a bad signature: it is of the tag v1.0.0; "
        "nobody but an attacker or a damaged repository makes one: look who pushed it",
    )


def test_nobody_is_asked_for_a_signature_unless_it_is_wanted(
    forge: GitServer, source: Sources
) -> None:
    forge.commit({"a": "1"})
    looked = source()
    assert looked.verified(looked.latest()).status is ConditionStatus.UNKNOWN


class Signed:
    """A signed commit and its signed tag, to be tampered with."""

    def __init__(self, forge: GitServer, source: Sources, keys: Keys, signer: str) -> None:
        forge.commit({"a": "1"}, sign=signer)
        forge.do("tag", name="v1", sign=signer)
        looked = source(verify=keys.verify("tag_and_head"))
        tree = looked.latest()
        kept = looked._kept[tree.revision.commit]
        self.commit, self.tag, self.revision = kept.commit, kept.tags["v1"], tree.revision
        self.keys = keys

    def seen(self, mode: str, commit: Commit, tag: Tag) -> Condition:
        verify = Verify.model_validate(self.keys.verify(mode))
        return condition(verify, self.revision, commit, {"v1": tag})


@pytest.fixture(params=["ann", "pat"])
def signed(request: Any, forge: GitServer, source: Sources, keys: Keys) -> Signed:
    return Signed(forge, source, keys, request.param)


def test_a_byte_that_was_changed_is_a_bad_signature(signed: Signed) -> None:
    raw = signed.commit.as_raw_string()
    for old, new in ((b"Change", b"change"), (b"tree ", b"tree 1"), (b"ann <", b"Ann <")):
        changed = Commit.from_string(raw.replace(old, new, 1)) if old != b"tree " else None
        other = changed or Commit.from_string(raw.replace(signed.commit.tree, b"0" * 40))
        assert signed.seen("head", other, signed.tag).reason.value == "BadSignature"
    assert signed.seen("head", signed.commit, signed.tag).reason.value == "Verified"


def test_a_signature_of_another_object_is_a_bad_one(signed: Signed) -> None:
    other = Commit.from_string(signed.commit.as_raw_string())
    other.gpgsig = signed.tag.signature
    assert signed.seen("head", other, signed.tag).reason.value == "BadSignature"
    tag = Tag.from_string(signed.tag.as_raw_string().replace(signed.commit.id, b"1" * 40))
    assert signed.seen("tag", signed.commit, tag).reason.value == "BadSignature"


@pytest.mark.parametrize("armor", [b"", b"-----BEGIN SSH SIGNATURE-----\nAAAA", b"x", b"\xff"])
def test_a_damaged_signature_is_never_a_good_one(signed: Signed, armor: bytes) -> None:
    other = Commit.from_string(signed.commit.as_raw_string())
    other.gpgsig = armor
    again = Commit.from_string(other.as_raw_string())
    assert signed.seen("head", again, signed.tag).status is ConditionStatus.FALSE


@pytest.mark.parametrize(
    ("options", "reason", "words"),
    [
        ('valid-after="20200101Z",valid-before="20990101Z"', "Verified", ""),
        ('valid-before="20200101Z"', "UnknownSigner", "was not valid any more"),
        ('valid-after="20990101"', "UnknownSigner", "was not valid yet"),
        ('namespaces="file"', "UnknownSigner", "is not meant for git"),
        ('namespaces="file,g*"', "Verified", ""),
        ("cert-authority", "UnknownSigner", "certificate authority"),
    ],
)
def test_a_line_of_allowed_signers_counts_as_ssh_keygen_has_it(
    forge: GitServer, source: Sources, keys: Keys, options: str, reason: str, words: str
) -> None:
    forge.commit({"a": "1"}, sign="ann")
    who, _, key = keys.line.partition(" ")
    keys.ssh.write_text(f"{who} {options} {key}\nold@example.com ecdsa-sha2-nistp256 AAAA\n")
    found, message = seen(source(verify=keys.verify("head")))
    assert found == reason and words in message


@pytest.mark.parametrize(
    "text", ["nonsense\n", '"ann ssh-ed25519 A\n', "\xff", "ann when=now x y\n"]
)
def test_keys_that_cannot_be_read_let_nobody_in(
    forge: GitServer, source: Sources, keys: Keys, text: str
) -> None:
    forge.commit({"a": "1"}, sign="ann")
    keys.ssh.write_bytes(text.encode("latin-1"))
    looked = source(verify=keys.verify("head"))
    with pytest.raises(LocalError, match="cannot be used") as caught:
        looked.verified(looked.latest())
    assert "source.verify.allowed_signers" in caught.value.diagnostics[0].hint
    keys.ssh.unlink()
    with pytest.raises(LocalError, match="cannot be used"):
        looked.verified(looked.latest())


@pytest.mark.parametrize("name", ["github_merge.txt", "github_merge_with_zeros.txt"])
def test_what_github_signs_in_its_web_page_is_said(keys: Keys, name: str) -> None:
    commit = Commit.from_string((Path(__file__).parent / name).read_bytes())
    verify = Verify.model_validate(keys.verify("head"))
    found = condition(verify, Revision("main", commit.id.decode()), commit, {})
    assert found.reason.value == "UnknownSigner"
    assert (
        "GitHub signs what is merged or edited in its web page" in found.message
        and "mode: tag" in found.message
    )


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")
def test_a_private_key_that_is_named_by_mistake_is_not_shown(
    forge: GitServer, source: Sources, keys: Keys, tmp_path: Path
) -> None:
    key = tmp_path / "id"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    keys.ssh.write_text(key.read_text())
    forge.commit({"a": "1"}, sign="ann")
    looked = source(verify=keys.verify("head"))
    with pytest.raises(LocalError, match="cannot be used") as caught:
        looked.verified(looked.latest())
    shown = "".join(f"{one.summary}{one.detail}" for one in caught.value.diagnostics)
    assert "line 2 is not" in shown
    assert not any(line in shown for line in key.read_text().splitlines() if len(line) > 8)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed here")
def test_what_ssh_keygen_signs_with_rsa_counts(
    forge: GitServer, source: Sources, keys: Keys, tmp_path: Path
) -> None:
    key = tmp_path / "id"
    words = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    keys.ssh.write_text("rsa@example.com " + key.with_suffix(".pub").read_text())
    forge.commit({"a": "1"})
    looked = source(verify=keys.verify("head"))
    commit = looked._kept[looked.latest().revision.commit].commit
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key)]
    made = subprocess.run(sign, input=commit.as_raw_string(), check=True, capture_output=True)
    commit.gpgsig = made.stdout.rstrip(b"\n")
    verify = Verify.model_validate(keys.verify("head"))
    found = condition(verify, Revision("main", "0" * 40), commit, {})
    assert found.message.startswith(f"commit {commit.id.decode()[:12]} is signed by rsa@example")
