"""No way to Azure: exit code 75, one clear line with a way out, soon; and nothing is sent.

Real sockets on loopback. The sandbox's address leads to a peer that refuses, hangs or shows
a wrong certificate; public Azure is reached through such a proxy, with a service principal.
"""

import json
import os
import time

import pytest

from reconciler.cloud import network_errors
from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.tokens import Token
from reconciler.diagnostics import ExitCode, UnconnectedError
from tests.faults import listeners
from tests.faults.scenes import SMALL
from tests.support.forked import Running, unreachable_after
from tests.support.listener import Listener

SECRET = "s3cret~s3cret~s3cret"
BUDGET_S = 0.3
"""In place of the ten seconds where that is how long it takes: for tests that are not slow."""
TRIED_AGAIN = ("refused", "hangs", "no such name")
PRINCIPAL = {
    "AZURE_TENANT_ID": "630630b2-0000-0000-0000-000000000000",
    "AZURE_CLIENT_ID": "11111111-0000-0000-0000-000000000000",
    "AZURE_CLIENT_SECRET": SECRET,
}
NO_CHECKS = {
    "PYTHONHTTPSVERIFY": "0",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
    "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION": "1",
}
"""What people set to turn the check of certificates off, elsewhere."""
WAYS = {
    "refused": ("Connection refused", None),
    "hangs": ("timed out", lambda _good, _other: listeners.hangs),
    "foreign": (
        "cannot be trusted",
        lambda _good, other: listeners.shows(listeners.certificate(other)),
    ),
    "expired": (
        "certificate has expired",
        lambda good, _other: listeners.shows(listeners.certificate(good, expired=True)),
    ),
}
PROXIES = {
    "refused": ("cannot reach the proxy", None),
    "no such name": ("Failed to resolve", None),
    "wants a sign-in": ("wants a sign-in", lambda _other: listeners.wants_sign_in),
    "hangs": ("timed out", lambda _other: listeners.hangs),
    "foreign": (
        "the certificate of login.microsoftonline.com cannot be trusted",
        lambda other: listeners.shows(listeners.certificate(other), behind_proxy=True),
    ),
}


@pytest.fixture(scope="module")
def authorities():
    return listeners.authorities()


@pytest.fixture
def listen():
    """Open ports that behave as told; they are closed at the end."""
    opened = []

    def listen(answer):
        opened.append(Listener(answer))
        return opened[-1]

    yield listen
    for one in opened:
        one.close()


@pytest.fixture
def run(tmp_path, way):
    """A command in a process of its own, which is there before any thread of a listener."""
    budget_s = BUDGET_S if way in TRIED_AGAIN else network_errors.CONNECT_BUDGET_S
    running = Running(prepare=lambda: unreachable_after(budget_s))

    def run(*words, **environment):
        running.go(
            *words,
            environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
        )
        return running.join()

    return run


def judged(ended, says):
    assert ended.code == ExitCode.UNAVAILABLE, ended.err
    assert says in ended.err
    assert ended.err.count("error: ") == 1
    assert ended.err.count("  hint: ") == 1
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert SECRET not in ended.err
    assert "0x" not in ended.err, "an object of some library, printed"


@pytest.mark.parametrize("command", ["plan", "apply", "destroy"])
@pytest.mark.parametrize("way", WAYS)
def test_the_way_to_the_sandbox_is_out(run, tmp_path, authorities, listen, way, command):
    says, answer = WAYS[way]
    listener = listen(answer(*authorities)) if answer else None
    url = f"https://127.0.0.1:{listener.port if listener else listeners.closed_port()}"
    record = dict.fromkeys(("control_token", "tenant_id", "client_id"), "x")
    record |= {"url": url, "ca_file": str(tmp_path / "ca.pem"), "pid": os.getpid()}
    authorities[0].cert_pem.write_to_path(record["ca_file"])
    (tmp_path / "server.json").write_text(json.dumps({**record, "client_secret": SECRET}))
    words = (command, str(SMALL), "--sandbox", url, *([] if command == "plan" else ["--yes"]))
    judged(run(*words, RECONCILE_SANDBOX_STATE=str(tmp_path), **NO_CHECKS), says)
    assert not listener or SECRET.encode() not in b"".join(listener.heard)


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("way", PROXIES)
def test_the_proxy_on_the_way_to_azure_is_out(run, authorities, listen, way, command):
    says, answer = PROXIES[way]
    listener = listen(answer(authorities[1])) if answer else None
    port = listener.port if listener else listeners.closed_port()
    host = "no-such-proxy.invalid" if way == "no such name" else "127.0.0.1"
    proxy = {"HTTPS_PROXY": f"http://user:pr0xy-passw0rd@{host}:{port}"}
    words = (command, str(SMALL), *([] if command == "plan" else ["--yes"]))
    ended = run(*words, **PRINCIPAL, **proxy, **NO_CHECKS)
    judged(ended, says)
    assert "pr0xy-passw0rd" not in ended.err
    heard = b"".join(listener.heard) if listener else b""
    assert SECRET.encode() not in heard
    assert b"INSIDE" not in heard
    assert heard.count(b"CONNECT ") <= 4


class Given:
    """A credential that has a token already."""

    def get_token(self, *_scopes, run):
        return Token("t0ken-t0ken", int(time.time()) + 3600)


@pytest.mark.parametrize("client", ["arm", "resources"])
def test_no_token_is_sent_to_a_peer_that_is_not_trusted(authorities, listen, monkeypatch, client):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    listener = listen(listeners.shows(listeners.certificate(authorities[1])))
    host = f"127.0.0.1:{listener.port}"
    cloud = Cloud(resource_manager=f"https://{host}", token_hosts=(host,))
    connection = RunScope(Azure(cloud), "0")
    monkeypatch.setattr(connection.azure, "_credential", Given)
    with pytest.raises(Exception, match=r"VERIFY_FAILED|cannot be trusted") as caught:
        if client == "arm":
            connection.arm.get("/subscriptions/0", "2022-12-01")
        else:
            connection.resources.resource_groups.get("rg")
    assert client != "arm" or isinstance(caught.value, UnconnectedError)
    assert b"INSIDE" not in b"".join(listener.heard)
    assert connection.retry_budget.retries == 0, "another try changes nothing"


def test_a_connection_has_ten_seconds_in_all():
    assert network_errors.CONNECT_BUDGET_S == 10
    error = UnconnectedError()
    assert not network_errors.gives_up(error, 9.9)
    assert network_errors.gives_up(error, 10)
    assert network_errors.gives_up(UnconnectedError(final=True), 0)
    assert not network_errors.gives_up(ValueError(), 100)
