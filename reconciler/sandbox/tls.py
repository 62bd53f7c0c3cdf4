"""The sandbox's certificate authority: made once per state directory, then kept."""

from __future__ import annotations

import ssl
from pathlib import Path

from reconciler.sandbox.private import write_private

NAMES = (
    "127.0.0.1",
    "localhost",
    "core.sandbox.test",
    "*.blob.core.sandbox.test",
    "*.file.core.sandbox.test",
    "*.vault.sandbox.test",
)


def ca_file(state: Path) -> Path:
    """Return where the CA certificate is kept."""
    return state / "ca.pem"


def server_context(state: Path) -> ssl.SSLContext:
    """Return the server's TLS context, making CA and certificate on first use."""
    key_file = state / "server.pem"
    if not (ca_file(state).exists() and key_file.exists()):
        _make(state, key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key_file)
    return context


def _make(state: Path, key_file: Path) -> None:
    import trustme  # costs 100 ms, needed once in the life of a state directory

    authority = trustme.CA(organization_name="reconcile sandbox")
    certificate = authority.issue_cert(*NAMES)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    write_private(key_file, certificate.private_key_pem.bytes() + chain)
    write_private(ca_file(state), authority.cert_pem.bytes())
