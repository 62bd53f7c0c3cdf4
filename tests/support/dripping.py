"""A server that answers for ever: a byte at a time, at each place where a client waits."""

import contextlib
import json
import ssl
import threading

from tests.support.listener import Listener

PAUSE_S = 0.02
TOKEN = json.dumps({"access_token": "t0ken", "expires_in": 3600}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HANDSHAKE = "a handshake that drips"
VARIANTS = {
    HANDSHAKE: (b"\x16\x03\x03\x40\x00", b"\x02"),
    "silence": (b"", b""),
    "a status that drips": (b"HTTP/1.1 200 ", b"O"),
    "a header that drips": (OK + b"x-long: ", b"a"),
    "headers without end": (OK, b"a: b\r\n"),
    "100 Continue without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body that drips": (OK + b"Content-Length: 1000000\r\n\r\n[", b" "),
    "chunks that drip": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}
"""What is sent at once, and what is sent again and again."""
BODIES = ("a body that drips", "chunks that drip")


class Dripping:
    """Answers each request so, but those for a token, which it answers at once unless told."""

    def __init__(self, context, variant, *, tokens_too=False, reads=True):
        """With `reads=False` it takes no byte of a request after its headers."""
        self._context = context
        self._variant = variant
        self._tokens_too = tokens_too
        self._reads = reads
        self._closed = threading.Event()
        self.requests = 0
        self._listener = Listener(self._meet)
        self.url = f"https://127.0.0.1:{self._listener.port}"

    def _meet(self, _listener, peer):
        if self._variant == HANDSHAKE:
            peer.recv(1 << 16)
            self._drip(peer)
        with contextlib.suppress(OSError), self._context.wrap_socket(peer, server_side=True) as tls:
            while self._is_for_token(self._heard(tls)) and not self._tokens_too:
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                tls.sendall(head % len(TOKEN) + TOKEN)
            self._drip(tls)

    def _drip(self, peer):
        self.requests += 1
        start, drop = VARIANTS[self._variant]
        peer.sendall(start)
        while not self._closed.wait(PAUSE_S):
            peer.sendall(drop)

    def _heard(self, tls):
        """Return one request; its body too, where it says how long that is."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += self._more(tls)
        head, _, body = heard.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        sizes = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")]
        while self._reads and len(body) < sum(sizes):
            body += self._more(tls)
        return head

    def _more(self, tls):
        chunk = tls.recv(1 << 16)
        if not chunk:
            raise OSError("the client left")
        return chunk

    @staticmethod
    def _is_for_token(head):
        return b"/oauth2/v2.0/token" in head.split(b"\r\n")[0]

    def close(self):
        """End every answer and thread."""
        self._closed.set()
        self._listener.close()


def server_context(authority):
    """Return a TLS context for 127.0.0.1 of an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context
