"""A request that no service understands is refused with 400: no fault of the server, no traceback."""

import socket
import ssl

import pytest

DEEP = b"[" * 100_000 + b"]" * 100_000
NESTED = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
JSON = b"Content-Type: application/json\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
GROUP = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg?api-version=2021-04-01"
)


@pytest.fixture(scope="module")
def server(pool):
    with pool.lent() as lent:
        yield lent


def status(server, method, path, headers=b"", body=b""):
    """Send raw bytes, which no client of ours would, and return the status."""
    port = int(server.url.rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=server.ca_file)
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
    length = f"Content-Length: {len(body)}\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as peer,
    ):
        peer.sendall(head.encode() + length + headers + b"\r\n" + body)
        return int(peer.recv(1 << 16).split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("method", "path", "header"),
    [
        ("GET", "/_sandbox/clock", b"x-sandbox-token: \xff\xfe"),
        ("PUT", "/_sandbox/hub", b"x-sandbox-token: \xc3\xa9"),
        ("GET", "/subscriptions?api-version=2022-12-01", b"Authorization: Bearer \xff.\xff.\xff"),
        ("GET", "/_blob/account/c", b"Authorization: SharedKey account:\xff"),
        ("GET", "/metadata/identity/oauth2/token?resource=x", b"x-identity-header: \xff"),
    ],
)
def test_a_header_that_is_not_ascii_is_refused(server, method, path, header):
    assert status(server, method, path, header + b"\r\n") == 400


@pytest.mark.parametrize("body", [DEEP, NESTED])
def test_deep_json_is_refused(server, body):
    token = f"x-sandbox-token: {server.control_token}\r\n".encode()
    assert status(server, "POST", "/_sandbox/faults", token + JSON, body) == 400
    assert status(server, "PUT", GROUP, token + JSON, body) in (400, 401)


def test_a_form_that_is_not_utf8_is_refused(server):
    form = b"grant_type=client_credentials&client_id=\xff&client_secret=\xff&scope=x"
    path = f"/{server.tenant_id}/oauth2/v2.0/token"
    assert status(server, "POST", path, FORM, form) == 400
