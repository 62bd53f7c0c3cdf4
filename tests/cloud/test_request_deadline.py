"""Every request of every client ends when its time is up, however the other side drips.

The time is cut to tenths of a second. What does not hold it hangs for good, so the bound of a test
is wide: it does not depend on how fast the machine is.
"""

import io
import time

import azure.storage.blob
import azure.storage.fileshare  # noqa: F401 - an import must not take the time of a request
import huggingface_hub  # noqa: F401
import pytest

from reconciler.cloud import request_deadline, run_limits
from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.prices import ask
from reconciler.cloud.run_scope import RunScope
from reconciler.datasets.huggingface import Hub, Source, pieces
from reconciler.diagnostics import PendingError, ReconcileError
from reconciler.kinds.connection.vault_secrets import read
from reconciler.spec.vault_secrets import SecretIdentifier
from tests.cloud.clients import READS, WRITES, _blob
from tests.cloud.conftest import SUBSCRIPTION
from tests.support.dripping import VARIANTS, Dripping, shakes_no_hands
from tests.support.listener import Listener

TIMEOUT_S = 0.2
MOST_S = 8.0
SOURCE = Source("a/b", "0" * 40, "default", "train")


def vault(run):
    return read(run, SecretIdentifier("mine", "key"))


def token(run):
    return run.tokens.get_token(run.cloud.arm_scope)


def sign_in(run):
    """Sign in however long it takes, and only then let the time of the run begin."""
    run.deadline = None
    token(run)
    run.deadline = time.monotonic() + TIMEOUT_S


def hub(run, folder):
    own = Hub(run.cloud.hub, folder, run.cloud.sandbox.ca_file, bounded=run.bounded)
    return pieces(own, SOURCE)


CLIENTS = {**READS, **{f"a write of {name}": call for name, call in WRITES.items()}, "vault": vault}


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(run_limits, "SHORTEST_TIMEOUT_S", 0.05)


@pytest.fixture
def run_at(authority, short):
    """Return a function that returns a run against an address which ends in `TIMEOUT_S`."""

    def made(url, *, ends=True):
        access = SandboxAccess(url, authority[1], "tenant", "client", "s3cret")
        run = RunScope(Azure(Cloud.of_sandbox(access)), SUBSCRIPTION)
        run.deadline = time.monotonic() + TIMEOUT_S if ends else None
        return run

    return made


@pytest.fixture
def dripping(authority):
    made = []

    def start(variant, **options):
        made.append(Dripping(authority[0], variant, **options))
        return made[-1]

    yield start
    for server in made:
        server.close()


def ends(call, *expected):
    began = time.monotonic()
    with pytest.raises(expected):
        call()
    assert time.monotonic() - began < MOST_S


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["our own", "azure-mgmt-resource", "a write of blob", "vault"])
def test_a_request_ends_with_its_run(dripping, run_at, name, variant):
    server = dripping(variant)
    run = run_at(server.url)
    sign_in(run)
    ends(lambda: CLIENTS[name](run), PendingError)


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_ends_with_its_run(dripping, run_at, name):
    server = dripping("headers without end")
    run = run_at(server.url)
    sign_in(run)
    ends(lambda: CLIENTS[name](run), PendingError)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sign_in_ends_with_its_run(dripping, run_at, variant):
    server = dripping(variant, tokens_too=True)
    ends(lambda: token(run_at(server.url)), ReconcileError)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sign_in_of_azure_identity_ends_with_its_run(
    dripping, short, authority, monkeypatch, variant
):
    server = dripping(variant)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority[1])
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret-header")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    run = RunScope(Azure(Cloud()), SUBSCRIPTION, deadline=time.monotonic() + TIMEOUT_S)
    ends(lambda: token(run), ReconcileError)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_hub_ends_with_its_run(dripping, run_at, tmp_path, variant):
    server = dripping(variant)
    ends(lambda: hub(run_at(server.url), tmp_path), PendingError)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_price_list_is_given_up(dripping, run_at, monkeypatch, variant):
    monkeypatch.setattr("reconciler.cloud.prices.BUDGET_S", TIMEOUT_S)
    cloud = run_at(dripping(variant).url).cloud
    began = time.monotonic()
    assert ask(cloud, ["Standard_DS3_v2"], "eastus").problem
    assert time.monotonic() - began < MOST_S


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_request_ends_also_in_a_run_without_an_end(dripping, run_at, variant):
    server = dripping(variant)
    run = run_at(server.url, ends=False)
    run.retry_budget.take = lambda: False
    run.azure.session.request_s = TIMEOUT_S
    ends(lambda: READS["our own"](run), ReconcileError)
    assert server.requests == 1


def test_an_upload_that_nobody_reads_ends_with_its_run(dripping, run_at):
    server = dripping("silence", reads=False)
    run = run_at(server.url)
    sign_in(run)
    content = io.BytesIO(bytes(8 << 20))
    ends(lambda: _blob(run).upload_blob(content, overwrite=True), PendingError)


def test_a_handshake_that_drips_ends_with_its_run(run_at):
    listener = Listener(shakes_no_hands)
    try:
        ends(lambda: READS["our own"](run_at(listener.url)), ReconcileError)
    finally:
        listener.close()


def test_what_is_sent_moves_the_end_of_a_request_and_not_of_its_run(monkeypatch):
    monkeypatch.setattr(request_deadline, "SLOWEST_BYTES_A_SECOND", 1000)
    with request_deadline.within(10.0) as deadline:
        deadline.moved(5000)
        assert 14 < deadline.left() <= 15
    with (
        request_deadline.run_ends(time.monotonic() + 1, lambda: None),
        request_deadline.within(10.0) as deadline,
    ):
        deadline.moved(5000)
        assert deadline.left() <= 1
    assert request_deadline.current().left() == float("inf")
