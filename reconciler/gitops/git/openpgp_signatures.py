"""OpenPGP signatures against a file of public keys. Sequoia says what counts, expiry included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.gitops.git.verdicts import Verdict, bad, good, keys_in, unknown, unusable

if TYPE_CHECKING:
    from pysequoia import Cert, Sig

FIELD = "gpg_keys"
GITHUB_KEYS = ("4aee18f83afdeb23", "b5690eeebb952194")
"""What GitHub signs with in its web page. Source: github.com/web-flow.gpg."""
BY_GITHUB = b"\ncommitter GitHub <noreply@github.com> "
OF_GITHUB = (
    "GitHub signs what is merged or edited in its web page, so that signature says who pressed a "
    "button, not who wrote it: sign a tag and use `mode: tag`"
)
WHAT_TO_DO = "add its key to `source.verify.gpg_keys`, if you trust whoever has it"


def verdict(said: bytes, signature: bytes, keys: str | None) -> Verdict:
    """Return whether a signature of some bytes is of one of the keys."""
    from pysequoia import Sig, verify

    try:
        found = Sig.from_bytes(signature)
    except RuntimeError as error:
        return _unreadable(said, error)
    if keys is None:
        return _unknown(found, "is signed with OpenPGP")
    known = [cert for cert in _certificates(keys) if _signs_with(cert, found)]
    if not known:
        return _unknown(found, "is signed by nobody who is allowed to")
    try:
        valid = verify(said, lambda _: known, signature=found).valid_sigs
    except RuntimeError:
        return _not_valid(known[0], found)
    return good(_name(known[0]), valid[0].certificate)


def _unreadable(said: bytes, error: RuntimeError) -> Verdict:
    """Half of GitHub's own have a number with zeros before it, which Sequoia takes for damaged."""
    if BY_GITHUB in said:
        return unknown("is signed by GitHub, in a form that is not read here", OF_GITHUB)
    return bad(f"it is damaged: {_first_line(error)}")


def _not_valid(cert: Cert, found: Sig) -> Verdict:
    """Return why a signature of a known key does not count: the key may be expired or revoked."""
    if cert.is_revoked:
        return unknown(f"is signed by {_name(cert)}, whose key is revoked", WHAT_TO_DO)
    ends = cert.expiration
    if ends is not None and found.created is not None and found.created >= ends:
        return unknown(
            f"is signed by {_name(cert)}, whose key ended on {ends:%Y-%m-%d}", WHAT_TO_DO
        )
    return bad(f"it is not {_name(cert)}'s of these bytes")


def _unknown(found: Sig, what: str) -> Verdict:
    issuer = str(found.issuer_fingerprint or found.issuer_key_id or "")
    is_github = issuer.lower().endswith(GITHUB_KEYS)
    return unknown(f"{what} ({issuer})", OF_GITHUB if is_github else WHAT_TO_DO)


def _certificates(path: str) -> list[Cert]:
    from pysequoia import Cert

    try:
        return Cert.split_bytes(keys_in(path, FIELD))
    except RuntimeError as error:
        raise unusable(path, FIELD, _first_line(error)) from error


def _signs_with(cert: Cert, found: Sig) -> bool:
    """Whether a signature says that it was made by a key of a certificate."""
    from pysequoia.packet import PacketPile

    packets = list(PacketPile.from_bytes(bytes(cert)))
    issuer = {found.issuer_fingerprint, found.issuer_key_id} - {None}
    return any({packet.fingerprint, packet.key_id} & issuer for packet in packets)


def _name(cert: Cert) -> str:
    return str(cert.user_ids[0]) if cert.user_ids else str(cert.fingerprint)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
