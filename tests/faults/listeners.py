"""Peers on loopback that misbehave below HTTP: they refuse, hang, show wrong certificates."""

import datetime
import socket
import ssl

import trustme

HOSTS = ("127.0.0.1", "login.microsoftonline.com", "management.azure.com")
WANTS_SIGN_IN = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def hangs(listener, peer):
    """Take the connection and say nothing, whatever comes."""
    while chunk := peer.recv(1 << 16):
        listener.heard.append(chunk)


def shows(context, *, behind_proxy=False):
    """Return an answer that is a TLS handshake, after a CONNECT if behind a proxy."""

    def answer(listener, peer):
        if behind_proxy:
            listener.heard.append(peer.recv(1 << 16))
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(peer, server_side=True) as inside:
            listener.heard.append(b"INSIDE " + inside.recv(1 << 16))

    return answer


def wants_sign_in(listener, peer):
    """Answer 407, as a proxy does that does not know us."""
    listener.heard.append(peer.recv(1 << 16))
    peer.sendall(WANTS_SIGN_IN)
    peer.close()


def certificate(authority, *, expired=False):
    """Return a server context with a certificate of an authority for our hosts."""
    now = datetime.datetime.now(datetime.UTC)
    past = {"not_before": now - datetime.timedelta(9), "not_after": now - datetime.timedelta(1)}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS, **(past if expired else {})).configure_cert(context)
    return context


def closed_port():
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def authorities():
    """Return the authority that we trust, and one that we do not."""
    return trustme.CA(), trustme.CA()
