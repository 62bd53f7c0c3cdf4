"""Whether a revision is signed by somebody who counts: its commit, a tag of it, or both.

What was signed is parsed anew and held against what is used, so that no trick with headers lets
the one be taken for the other; and a tag counts under its own name only, or whoever may push could
let `v2` be the signed `v1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.gitops.config_source import Verify
from reconciler.gitops.git import openpgp_signatures, ssh_signatures
from reconciler.gitops.git.verdicts import Verdict, bad
from reconciler.gitops.records import (
    Condition,
    ConditionReason,
    ConditionStatus,
    ConditionType,
    Revision,
)

if TYPE_CHECKING:
    from dulwich.objects import Commit, Tag

SIGN_TAG = "sign one: git tag -s NAME, git push origin NAME"
SIGN_COMMIT = "sign it: git commit -S; or sign a tag, and use `mode: tag`"


def condition(
    verify: Verify | None, revision: Revision, commit: Commit, tags: Mapping[str, Tag]
) -> Condition:
    """Return `SourceVerified` for a revision. Raises `LocalError` for keys that cannot be read."""
    if verify is None:
        words = "`source.verify` is not set: whoever may push is believed"
        return _condition(ConditionStatus.UNKNOWN, ConditionReason.NOT_ASKED, words, revision)
    verdicts = [] if verify.mode == "tag" else [_of_commit(verify, commit)]
    verdicts += [] if verify.mode == "head" else [_of_tags(verify, commit, tags)]
    failed = next((one for one in verdicts if not one.is_good), None)
    found = failed or verdicts[-1]
    status = ConditionStatus.FALSE if failed else ConditionStatus.TRUE
    words = f"{found.said}; {found.hint}" if found.hint else found.said
    return _condition(status, found.reason, words, revision)


def _condition(
    status: ConditionStatus, reason: ConditionReason, words: str, revision: Revision
) -> Condition:
    return Condition(ConditionType.SOURCE_VERIFIED, status, reason, words, revision)


def _of_commit(verify: Verify, commit: Commit) -> Verdict:
    from dulwich.objects import Commit

    what = f"commit {commit.id.decode()[:12]}"
    said, signature = _parts(commit)
    if not signature:
        return Verdict(ConditionReason.NOT_VERIFIED, f"{what} is not signed", SIGN_COMMIT)
    meant = Commit.from_string(said)
    if (meant.tree, meant.parents) != (commit.tree, commit.parents):
        return bad("it is of another commit").of(what)
    return _verdict(verify, said, signature, commit.commit_time).of(what)


def _of_tags(verify: Verify, commit: Commit, tags: Mapping[str, Tag]) -> Verdict:
    """Return the verdict on the tags of a commit: one that counts is enough."""
    found = [_of_tag(verify, commit, name, tag) for name, tag in sorted(tags.items())]
    if not found:
        said = f"commit {commit.id.decode()[:12]} has no signed tag"
        return Verdict(ConditionReason.NOT_VERIFIED, said, SIGN_TAG)
    return next((one for one in found if one.is_good), found[-1])


def _of_tag(verify: Verify, commit: Commit, name: str, tag: Tag) -> Verdict:
    from dulwich.objects import Tag

    what = f"tag {name}"
    said, signature = _parts(tag)
    if not signature:
        return Verdict(ConditionReason.NOT_VERIFIED, f"{what} is not signed", SIGN_TAG)
    meant = Tag.from_string(said)
    if meant.object[1] != commit.id or tag.object[1] != commit.id:
        return bad("it is a tag of another commit").of(what)
    if meant.name.decode(errors="replace") != name:
        return bad(f"it is of the tag {meant.name.decode(errors='replace')}").of(what)
    return _verdict(verify, said, signature, tag.tag_time or 0).of(what)


def _parts(signed: Commit | Tag) -> tuple[bytes, bytes]:
    """Return what was signed, and the signature; an empty one for none or one of another kind."""
    from dulwich.errors import ObjectFormatException

    try:
        said, signature, _ = signed.extract_signature()
    except ObjectFormatException:
        return signed.as_raw_string(), b""
    return said, signature or b""


def _verdict(verify: Verify, said: bytes, signature: bytes, time_s: int) -> Verdict:
    if signature.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        return ssh_signatures.verdict(said, signature, verify.allowed_signers, time_s)
    return openpgp_signatures.verdict(said, signature, verify.gpg_keys)
