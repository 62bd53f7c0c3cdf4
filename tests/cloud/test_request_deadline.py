"""Every request of every client ends when its time is up, however the other side drips.

The time is cut to tenths of a second. What does not hold it hangs for good, so the bound of a test
is wide: it does not depend on how fast the machine is. The variants of a client run side by side.
"""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import azure.storage.blob
import azure.storage.fileshare  # noqa: F401 - an import must not take the time of a request
import huggingface_hub  # noqa: F401
import pytest

from reconciler.cloud import request_deadline, run_limits
from reconciler.cloud.azure import Azure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.prices import ask
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.tokens import Token, Tokens
from reconciler.diagnostics import PendingError, ReconcileError
from reconciler.kinds.connection.vault_secrets import read
from reconciler.spec.vault_secrets import SecretIdentifier
from tests.cloud.clients import READS, WRITES, _blob
from tests.cloud.conftest import SUBSCRIPTION
from tests.support.dripping import BODIES, VARIANTS, Dripping

TIMEOUT_S = 0.2
MOST_S = 8.0


def vault(run):
    return read(run, SecretIdentifier("mine", "key"))


def token(run):
    return run.tokens.get_token(run.cloud.arm_scope)


CLIENTS = {**READS, **{f"a write of {name}": call for name, call in WRITES.items()}, "vault": vault}

HEADS = ("blob",)
"""Clients that send HEAD, whose answer has no body."""


class SignedIn:
    """A credential that answers at once."""

    def get_token(self, *_scopes, run):
        return Token(f"a token of {id(run)}", int(time.time()) + 3600)


@pytest.fixture
def run_at(authority, monkeypatch):
    """Return a function that returns a run against an address which ends in `TIMEOUT_S`."""
    monkeypatch.setattr(run_limits, "SHORTEST_TIMEOUT_S", 0.05)

    def made(url, *, ends=True, signed_in=True):
        access = SandboxAccess(url, authority[1], "tenant", "client", "s3cret")
        run = RunScope(Azure(Cloud.of_sandbox(access)), SUBSCRIPTION)
        if signed_in:
            run.azure._tokens = Tokens(SignedIn())
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


def side_by_side(call, names):
    """Call with each name, each in a thread; all that fail are told together."""
    with ThreadPoolExecutor(len(names)) as pool:
        failed = {name: pool.submit(call, name).exception for name in names}
        assert {name: error() for name, error in failed.items() if error()} == {}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_ends_with_its_run(dripping, run_at, name):
    def one(variant):
        run = run_at(dripping(variant).url)
        ends(lambda: CLIENTS[name](run), PendingError)

    side_by_side(one, [v for v in VARIANTS if name not in HEADS or v not in BODIES])


def test_a_sign_in_ends_with_its_run(dripping, run_at):
    def one(variant):
        server = dripping(variant, tokens_too=True)
        ends(lambda: token(run_at(server.url, signed_in=False)), ReconcileError)

    side_by_side(one, VARIANTS)


def test_a_sign_in_of_azure_identity_ends_with_its_run(dripping, run_at, authority, monkeypatch):
    runs = {}
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority[1])
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret-header")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    for variant in VARIANTS:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{dripping(variant).url}/msi/token")
        runs[variant] = RunScope(Azure(Cloud()), SUBSCRIPTION)
        assert runs[variant].azure.tokens

    def one(variant):
        runs[variant].deadline = time.monotonic() + TIMEOUT_S
        ends(lambda: token(runs[variant]), ReconcileError)

    side_by_side(one, VARIANTS)


def test_the_price_list_is_given_up(dripping, run_at, monkeypatch):
    monkeypatch.setattr("reconciler.cloud.prices.BUDGET_S", TIMEOUT_S)

    def one(variant):
        cloud = run_at(dripping(variant).url).cloud
        began = time.monotonic()
        assert ask(cloud, ["Standard_DS3_v2"], "eastus").problem
        assert time.monotonic() - began < MOST_S

    side_by_side(one, VARIANTS)


def test_a_request_ends_also_in_a_run_without_an_end(dripping, run_at):
    def one(variant):
        server = dripping(variant)
        run = run_at(server.url, ends=False)
        run.retry_budget.take = lambda: False
        run.azure.session.request_s = TIMEOUT_S
        ends(lambda: READS["our own"](run), ReconcileError)
        assert server.requests <= 1

    side_by_side(one, VARIANTS)


def test_an_upload_that_nobody_reads_ends_with_its_run(dripping, run_at):
    run = run_at(dripping("silence", reads=False).url)
    content = io.BytesIO(bytes(8 << 20))
    ends(lambda: _blob(run).upload_blob(content, overwrite=True), PendingError)


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
