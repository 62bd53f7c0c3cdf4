"""A thousand resources against ARM's buckets: as fast as they refill, and hardly a 429.

The sandbox counts as Azure's documentation says (200 writes and 10 more a second, 250 reads and
25 more); its clock is frozen and moves with the waits of the product, which are not real.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.cloud.endpoints import Cloud, SandboxAccess
from reconciler.cloud.run_scope import RunScope
from tests.cloud.conftest import SUBSCRIPTION
from tests.support.controls import Pool
from tests.support.serving import Azure
from tests.support.simulated_time import SimulatedTime

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-many"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
API = "2024-11-30"
MANY = 1000
WRITES, WRITES_PER_S = 200, 10


@pytest.fixture(scope="module")
def started(pool: Pool) -> Iterator[Azure]:
    with pool.lent("frozen") as server:
        yield Azure(server)


@pytest.fixture
def azure(started: Azure) -> Azure:
    """A sandbox with a group and full buckets."""
    started.control("POST", "reset", {})
    started.arm.put(GROUP, "2025-04-01", {"location": "eastus"})
    started.control("POST", "throttle", {})
    started.control("POST", "throttle", {"azure": True})
    return started


def connected(azure: Azure) -> RunScope:
    server = azure.server
    access = SandboxAccess(
        server.url, server.ca_file, server.tenant_id, server.client_id, server.client_secret
    )
    connection = RunScope(CloudAzure(Cloud.of_sandbox(access)), SUBSCRIPTION)
    connection.tokens.get_token(connection.cloud.arm_scope)
    return connection


def made_in(azure: Azure, monkeypatch: pytest.MonkeyPatch, many: int, *runs: RunScope) -> float:
    """Make so many resources with 16 threads for each run; return how long it took."""

    def passes(seconds: float) -> None:
        azure.control("POST", "clock", {"advance": seconds})

    time = SimulatedTime(monkeypatch, passes)
    for run in runs:
        run.stop = time
    threads = 16 * len(runs)

    def work(number: int) -> None:
        arm = runs[number % len(runs)].arm
        for n in range(number, many, threads):
            arm.send("PUT", f"{IDENTITIES}/identity-{n}", API, body={"location": "eastus"})

    time.run(threads, work)
    return time.now_s


def ideal_s(many: int) -> float:
    """Return what nobody can beat: a full bucket at once, the rest as it refills."""
    return (many - WRITES) / WRITES_PER_S


def turned_away(azure: Azure) -> int:
    return sum(e["status"] == 429 for e in azure.everything())


def test_a_thousand_resources_are_written_as_fast_as_the_bucket_refills(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    took_s = made_in(azure, monkeypatch, MANY, connected(azure))
    assert turned_away(azure) <= MANY // 100
    assert ideal_s(MANY) <= took_s <= 1.3 * ideal_s(MANY)


def test_two_runs_that_share_the_bucket_share_its_refill(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither knows of the other but by what is left."""
    took_s = made_in(azure, monkeypatch, MANY // 2, connected(azure), connected(azure))
    assert turned_away(azure) <= MANY // 2 // 100
    assert ideal_s(MANY // 2) <= took_s <= 1.3 * ideal_s(MANY // 2)
