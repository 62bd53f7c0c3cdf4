"""Replicas of the loop: one of them passes, the others wait for its lease, none does it twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.gitops.lease import BlobLease
from reconciler.gitops.records import ConditionReason as Reason
from reconciler.gitops.records import ConditionType, Revision
from reconciler.sandbox.launch import Server
from tests.support.azure import Azure
from tests.support.leased import Leased
from tests.support.one_spec import SUBSCRIPTION, OneSpec, reason
from tests.support.replicated import played

LEASE_HELD = ConditionType.LEASE_HELD
TAGS = "rg-smallest/providers/Microsoft.Resources/tags/default"


class Replica(OneSpec):
    """A loop with a lease, which it renews while time goes by."""

    def __init__(self, azure: Azure, folder: Path, leased: Leased) -> None:
        super().__init__(azure, folder)
        self.leased = leased
        self.leases = leased.leases()

    @property
    def lease(self) -> BlobLease:
        found = self.leases.of(SUBSCRIPTION)
        assert isinstance(found, BlobLease)
        return found

    def passes(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)
        for _ in range(seconds // 20):
            self.leased.passes(20)
            if self.lease.valid_until():
                self.lease.renew()


@pytest.fixture
def leased(server: Server) -> Iterator[Leased]:
    found = Leased(server)
    yield found
    found.end()


@pytest.fixture
def replicas(azure: Azure, leased: Leased, tmp_path: Path) -> list[Replica]:
    """Two loops over the same spec, in an empty subscription with a container for leases."""
    leased.begin()
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(Replica(azure, tmp_path / name, leased))
    return made


def test_only_the_holder_of_the_lease_plans_and_writes(replicas: list[Replica]) -> None:
    first, second = replicas
    first.look()
    first.azure.clear_journal()
    end = second.look()
    assert reason(end) is reason(end, LEASE_HELD) is Reason.HELD_BY_ANOTHER
    assert (end.reads, end.writes) == (0, 0)
    assert [one["kind"] for one in first.azure.entries() if one["kind"] == "arm"] == []


def test_the_next_replica_goes_on_where_the_first_ended(
    replicas: list[Replica], leased: Leased
) -> None:
    first, second = replicas
    first.look()
    leased.passes(60)
    ends = second.until_ready()
    assert reason(ends[-1]) is Reason.SUCCEEDED
    puts = [
        line for line in first.azure.writes() if line.startswith("PUT") and "/_blob" not in line
    ]
    assert len(puts) == len(set(puts)), "nothing is begun twice"
    assert reason(first.look()) is Reason.HELD_BY_ANOTHER


def test_a_pass_whose_lease_ends_stops_there(
    replicas: list[Replica], leased: Leased, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute goes by in the middle of a pass, and another replica takes over."""
    first, second = replicas
    beginning = first.begun()
    lease = first.lease
    acquired = lease.acquire

    def late() -> bool:
        is_ours = acquired()
        monkeypatch.setattr(lease, "fence", fence)
        return is_ours

    def fence() -> object:
        made = type(lease).fence(lease)
        leased.passes(60)
        assert second.lease.acquire()
        return made

    monkeypatch.setattr(lease, "acquire", late)
    end, _ = beginning.run()
    assert end.writes == 0
    assert any("not ours any more" in problem.summary for problem in end.problems)
    assert reason(end) is Reason.FAILED


def test_what_may_not_be_written_to_the_group_is_kept_with_the_lease(
    replicas: list[Replica], leased: Leased
) -> None:
    first, second = replicas
    leased.arm_fault(method="PATCH", path=TAGS, times=0, action={"status": 403})
    end = first.until_ready()[-1]
    assert "reconcile-revision.small" not in first.tags()
    lease = first.lease
    assert lease.applied() == {"small": end.revision}
    lease.release()
    end = second.look()
    assert isinstance(end.applied, Revision)
    assert end.applied == lease.applied()["small"]
    assert (reason(end), end.writes) == (Reason.SUCCEEDED, 0)


SEED = 1


@pytest.mark.parametrize("count", [2, 5])
def test_no_replica_that_was_stopped_writes_after_its_lease(
    server: Server, tmp_path: Path, count: int
) -> None:
    """The same for many seeds: `make reliability`."""
    fleet = played(server, tmp_path, count, SEED)
    assert fleet.stops > 0
    assert fleet.wrong == []


def test_without_the_check_a_stopped_replica_would_write(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BlobLease, "check", lambda _: None)
    monkeypatch.setattr(BlobLease, "fence", lambda lease: lease.check)
    wrong = played(server, tmp_path, 2, SEED).wrong
    assert any("written after the lease" in text for text in wrong)
