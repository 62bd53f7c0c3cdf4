"""What nothing can interrupt does not hold a run: a look-up of a name, `az`, pauses of the hub."""

import os
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from huggingface_hub.utils import _http

from reconciler.cloud import run_limits
from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.session import session_of
from reconciler.cloud.uninterruptible import addresses_of
from reconciler.datasets.huggingface import Hub, Source, pieces
from reconciler.diagnostics import DeadlineError, InterruptedRun, PendingError, ReconcileError
from tests.cloud.conftest import SUBSCRIPTION, Reply
from tests.support.dripping import HANDSHAKE, VARIANTS, Dripping
from tests.support.listener import Listener

TIMEOUT_S = 0.2
MOST_S = 8.0
SOURCE = Source("a/b", "0" * 40, "default", "train")
NAME = "management.azure.com"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(run_limits, "SHORTEST_TIMEOUT_S", 0.05)


@pytest.fixture
def held():
    """An event for which threads may wait; at the end it is set, and those left behind end."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name == "uninterruptible":
            thread.join()


@pytest.fixture
def no_name_is_found(monkeypatch, held):
    """A resolver that does not answer."""
    usual = socket.getaddrinfo

    def silent(host, *given, **options):
        if host == NAME:
            held.wait(60)
        return usual("127.0.0.1", *given, **options)

    monkeypatch.setattr(socket, "getaddrinfo", silent)


def run_of(cloud=None):
    return RunScope(Azure(cloud or Cloud()), SUBSCRIPTION, deadline=time.monotonic() + TIMEOUT_S)


def ends(call, *expected):
    began = time.monotonic()
    with pytest.raises(expected) as told:
        call()
    assert time.monotonic() - began < MOST_S
    return told.value


def asked(run):
    """Ask Azure as our client does, without a token."""
    with run.bounded(), session_of(run.cloud, 1) as session:
        session.get(f"https://{NAME}/subscriptions", timeout=60)


@pytest.mark.usefixtures("no_name_is_found")
def test_a_name_that_is_not_found_ends_with_its_run():
    told = ends(lambda: asked(run_of()), OSError)
    assert f"the name {NAME} was not found in time" in str(told)


def test_an_address_is_not_looked_up(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert addresses_of("127.0.0.1", 443, 1.0) == ["127.0.0.1"]
    assert addresses_of("[::1]", 443, 1.0) == ["[::1]"]


def test_a_name_without_an_address_is_told_as_one(monkeypatch):
    def unknown(*_given):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    run = run_of()
    run.deadline = None
    told = ends(lambda: asked(run), OSError)
    assert "Name or service not known" in str(told)
    assert "NameResolutionError" in repr(told)


def test_all_addresses_of_a_name_are_tried(monkeypatch):
    def hangs_up(listener, peer):
        listener.heard.append(peer.recv(1))
        peer.close()

    heard = Listener(hangs_up)
    dead = "127.0.0.2"
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (one, 0)) for one in (dead, "127.0.0.1")]
    usual = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a: found if host == NAME else usual(host, *a)
    )
    try:
        with session_of(Cloud(), 1) as session, pytest.raises(OSError, match=r"SSL|EOF|reset"):
            session.get(f"https://{NAME}:{heard.port}/", timeout=10)
        assert heard.heard == [b"\x16"]
    finally:
        heard.close()


def test_a_child_of_azure_identity_ends_with_its_run(monkeypatch, tmp_path, held):
    """The child waits for a pipe that nobody writes to until the test is over."""
    pipe, az = tmp_path / "pipe", tmp_path / "az"
    os.mkfifo(pipe)
    az.write_text(f"#!/bin/sh\nread line < {pipe}\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    run = run_of()
    assert run.azure.tokens
    run.deadline = time.monotonic() + TIMEOUT_S
    try:
        ends(lambda: run.tokens.get_token(run.cloud.arm_scope), DeadlineError)
    finally:
        pipe.write_text("\n")


def test_a_stopped_run_waits_for_no_child(held):
    run = run_of()
    run.deadline = None
    run.stop.set()
    ends(lambda: run.in_time(held.wait), InterruptedRun)


def test_what_a_call_returns_or_raises_is_passed_on():
    run = run_of()
    run.deadline = None
    assert run.in_time(lambda: 5) == 5
    with pytest.raises(KeyError):
        run.in_time(lambda: {}["x"])


class Pauses:
    """The pauses of huggingface_hub, which last until the test is over, or as long as they are."""

    def __init__(self, over):
        self.longest = 0.0
        self.begun = lambda: None
        self._over = over

    def sleep(self, seconds):
        self.longest = max(self.longest, seconds)
        self.begun()
        self._over.wait(seconds)


@pytest.fixture
def pauses(monkeypatch, held):
    found = Pauses(held)
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=found.sleep, time=time.time))
    return found


def run_at(url, authority):
    return run_of(Cloud.of_sandbox(SandboxAccess(url, authority[1], "tenant", "client", "s3cret")))


def hub(run, authority, folder):
    own = Hub(
        run.cloud.hub,
        folder,
        authority[1],
        in_time=lambda call: run.in_time(call, is_download=True),
    )
    return pieces(own, SOURCE)


@pytest.mark.usefixtures("pauses")
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_hub_ends_with_its_run(authority, tmp_path, variant):
    server = Dripping(authority[0], variant)
    try:
        ends(lambda: hub(run_at(server.url, authority), authority, tmp_path), PendingError)
    finally:
        server.close()


def test_a_hub_that_wants_a_long_pause_does_not_get_it(azure, authority, tmp_path, pauses):
    """The time of the run is up once the pause has begun, however long it took until then."""
    azure.answers(Reply(429, {"Retry-After": "300"}))
    run = run_at(azure.url, authority)
    run.deadline = None

    def time_is_up():
        run.deadline = time.monotonic()

    pauses.begun = time_is_up
    ends(lambda: hub(run, authority, tmp_path), PendingError)
    assert pauses.longest >= 300


PROXIES = [name for name in VARIANTS if name != HANDSHAKE]


@pytest.mark.parametrize("variant", PROXIES)
def test_a_proxy_that_drips_ends_with_the_run(monkeypatch, variant):
    """It drips in the clear, in answer to CONNECT."""
    over = threading.Event()

    def drips(_listener, peer):
        start, drop = VARIANTS[variant]
        peer.recv(1 << 16)
        peer.sendall(start)
        while not over.wait(0.02):
            peer.sendall(drop)

    proxy = Listener(drips)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    try:
        ends(lambda: asked(run_of()), ReconcileError, OSError)
    finally:
        over.set()
        proxy.close()
