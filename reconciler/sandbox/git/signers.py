"""People with keys of their own, who sign commits and tags with SSH or OpenPGP.

The form of an SSH signature is OpenSSH's PROTOCOL.sshsig; OpenPGP is pysequoia's.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

from reconciler.sandbox.git.commits import Sign
from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "git_signers"
NAMESPACE = b"git"
KINDS = ("ssh", "openpgp")
LINE = 70


class Signers:
    """The signers of a sandbox, in its store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, name: str, kind: str) -> Json:
        """Return the public part of a new signer's key: what those who verify need."""
        if not name or kind not in KINDS:
            raise ValueError(f"a signer has a name, and a key for {' or '.join(KINDS)}")
        made = _ssh(name) if kind == "ssh" else _openpgp(name)
        self._store.put_document(SPACE, name, {"kind": kind, **made})
        return {"name": name, "kind": kind, "public": made["public"]}

    def find(self, name: Any) -> Sign | None:
        """Return how somebody signs, None for nobody. Raises ValueError for an unknown name."""
        if not name:
            return None
        found = self._store.document(SPACE, str(name))
        if found is None:
            raise ValueError(f"there is no signer {name!r}: `git signer {name}` makes one")
        if found["kind"] == "ssh":
            return lambda said: _signed_by_ssh(found["secret"], said)
        return lambda said: _signed_by_openpgp(found["secret"], said)


def _ssh(name: str) -> Json:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return {"secret": secret.decode(), "public": f"{name}@example.com {public.decode()}"}


def _signed_by_ssh(secret: str, said: bytes) -> bytes:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = form.load_ssh_private_key(secret.encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    digest = hashlib.sha512(said).digest()
    head = _string(NAMESPACE) + _string(b"") + _string(b"sha512")
    made = key.sign(b"SSHSIG" + head + _string(digest))
    blob = b"SSHSIG" + struct.pack(">I", 1) + _string(base64.b64decode(public.split()[1])) + head
    blob += _string(_string(b"ssh-ed25519") + _string(made))
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    armored = ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----"]
    return "\n".join(armored).encode()


def _string(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _openpgp(name: str) -> Json:
    from pysequoia import Tsk

    made = Tsk.generate(f"{name} <{name}@example.com>")
    return {"secret": str(made), "public": str(made.extract_certificate())}


def _signed_by_openpgp(secret: str, said: bytes) -> bytes:
    from pysequoia import SignatureMode, Tsk, sign

    return sign(Tsk.from_bytes(secret.encode()).signer(), said, mode=SignatureMode.DETACHED)
