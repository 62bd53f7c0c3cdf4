"""Where the hub's redirects lead: the token to the hub alone, files from its storage alone.

The sandbox plays the hub; a small server of the same certificate, under another name, plays
the storage or whoever stands in between, and keeps what it is sent.
"""

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from reconciler.datasets.huggingface import Hub, pieces
from reconciler.diagnostics import UnavailableError
from tests.datasets.test_live import source
from tests.support.training import Azure

TOKEN = "hf_CanaryOfTheRedirects0123456789"
RESOLVE = r"/_hf/datasets/.*/resolve/.*parquet"


class Elsewhere:
    """A server that is not the hub: it has the hub's files, and keeps the headers it was sent."""

    def __init__(self, azure, tls):
        elsewhere = self
        self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                elsewhere.seen.append(dict(self.headers.items()))
                self.send_response(200)
                body = b"not parquet"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(Path(azure.server.ca_file).parent / "server.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"localhost:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def azure(pool, tmp_path_factory):
    with pool.lent() as server:
        yield Azure(server, tmp_path_factory.mktemp("spec"))


@pytest.fixture(params=["https", "http"])
def elsewhere(request, azure):
    found = Elsewhere(azure, tls=request.param == "https")
    found.scheme = request.param
    yield found
    azure.control("DELETE", "faults")
    found.close()


@pytest.fixture
def hub(azure, tmp_path, monkeypatch):
    """The hub as a user with a token sees it: no sandbox, and an authority that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", azure.server.ca_file)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return Hub(f"{azure.server.url}/_hf", tmp_path)


def redirects(azure, elsewhere):
    action = {"status": 302, "headers": {"Location": f"{elsewhere.scheme}://{elsewhere.host}/f"}}
    azure.control("POST", "faults", {"path": RESOLVE, "times": 0, "action": action})


def test_a_redirect_to_another_host_is_not_followed(azure, elsewhere, hub):
    redirects(azure, elsewhere)
    with pytest.raises(UnavailableError, match="which is not followed") as caught:
        pieces(hub, source())
    assert elsewhere.host in str(caught.value)
    assert elsewhere.seen == []


def test_the_storage_of_the_hub_is_asked_by_https_and_never_sees_the_token(azure, elsewhere, hub):
    redirects(azure, elsewhere)
    hub = Hub(hub.endpoint, hub.cache, storage=(elsewhere.host,))
    with pytest.raises(Exception) as caught:
        pieces(hub, source())
    assert TOKEN not in str(elsewhere.seen)
    if elsewhere.scheme == "https":
        assert elsewhere.seen
        assert not any("authorization" in map(str.lower, sent) for sent in elsewhere.seen)
    else:
        assert elsewhere.seen == []
        assert "which is not followed" in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        "https://evilhf.co/f",
        "https://hf.co.evil.test/f",
        "https://user.hf.space/f",
        "http://a.hf.co",
    ],
)
def test_what_only_looks_like_the_storage_is_not_asked(azure, hub, place):
    action = {"status": 302, "headers": {"Location": place}}
    azure.control("POST", "faults", {"path": RESOLVE, "times": 0, "action": action})
    with pytest.raises(UnavailableError, match="which is not followed"):
        pieces(hub, source())
    azure.control("DELETE", "faults")


def test_the_hub_itself_gets_the_token_and_serves_its_files(hub):
    """The sandbox's hub redirects to itself, as the hub does for what it renamed."""
    found = pieces(hub, source("train_sft[:3]"))
    assert len([row for piece in found for row in piece.rows()]) == 3


def test_a_hub_that_must_not_be_asked_is_not(azure, hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    since = azure.now()
    with pytest.raises(UnavailableError, match="HF_HUB_OFFLINE is set"):
        pieces(hub, source())
    assert [e for e in azure.journal(since) if "/_hf/" in e["path"]] == []
