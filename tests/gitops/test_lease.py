"""The lease: one replica of two writes, and one that was late does not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import DeniedError, ReconcileError, RefusedError
from reconciler.gitops import lease as lease_module
from reconciler.gitops.applied_in_lease import applied, with_applied
from reconciler.gitops.lease import BlobLease, Leases
from reconciler.gitops.records import Revision
from tests.support.controls import Pool
from tests.support.leased import GROUP, SUBSCRIPTION, Leased

ROOT = Path(__file__).parents[2]
OLD, NEW = Revision("main", "a" * 40), Revision("main", "b" * 40)


@pytest.fixture(scope="module")
def _leased(pool: Pool) -> Iterator[Leased]:
    with pool.lent() as server:
        yield Leased(server)


@pytest.fixture
def sandbox(_leased: Leased) -> Iterator[Leased]:
    _leased.begin()
    yield _leased
    _leased.end()


def writing(sandbox: Leased, fence: Callable[[], None]) -> RunScope:
    run = sandbox.run(SUBSCRIPTION)
    run.fence_writes(fence)
    return run


def write(run: RunScope, team: str) -> None:
    run.arm.put(GROUP, "2025-04-01", {"location": "eastus", "tags": {"team": team}})


def team(sandbox: Leased) -> str:
    found = sandbox.run(SUBSCRIPTION).arm.get(GROUP, "2025-04-01") or {}
    return str((found.get("tags") or {}).get("team"))


def test_one_replica_has_it_until_it_gives_it_back(sandbox: Leased) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    assert (first.acquire(), second.acquire()) == (True, False)
    assert first.acquire()
    first.check()
    with pytest.raises(RefusedError, match="not ours"):
        second.check()
    first.release()
    assert second.acquire()
    with pytest.raises(RefusedError, match="not ours"):
        first.check()


def test_a_renewed_lease_lasts_and_one_that_is_not_goes_to_the_next(sandbox: Leased) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    first.acquire()
    for _ in range(5):
        sandbox.passes(20)
        assert first.renew()
        assert not second.acquire()
    sandbox.passes(39)
    first.check()
    sandbox.passes(1)
    with pytest.raises(RefusedError):
        first.check()
    assert not second.acquire()
    sandbox.passes(20)
    assert second.acquire()
    assert not first.renew()
    assert not first.acquire()


def test_a_write_ends_where_the_lease_does(sandbox: Leased) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    first.acquire()
    ours = writing(sandbox, first.fence())
    write(ours, "first")
    sandbox.passes(60)
    assert second.acquire()
    write(writing(sandbox, second.fence()), "second")
    with pytest.raises(RefusedError, match="nothing more is written"):
        write(ours, "too late")
    assert team(sandbox) == "second"


def test_a_pass_that_was_interrupted_does_not_go_on_with_a_lease_taken_anew(
    sandbox: Leased,
) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    first.acquire()
    begun_before = first.fence()
    sandbox.passes(60)
    second.acquire()
    second.release()
    assert first.acquire()
    first.check()
    first.fence()()
    with pytest.raises(RefusedError):
        begun_before()


def test_what_is_renewed_late_but_was_nobody_elses_goes_on(sandbox: Leased) -> None:
    lease = sandbox.replica()
    lease.acquire()
    fence = lease.fence()
    sandbox.passes(300)
    with pytest.raises(RefusedError):
        fence()
    assert lease.renew()
    fence()


def test_storage_that_does_not_let_us_in_ends_the_right_to_write_in_time(sandbox: Leased) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    first.acquire()
    sandbox.arm_fault(path="/_blob/", action={"status": 403}, times=0)
    for _ in range(2):
        sandbox.passes(19)
        assert not first.renew()
        first.check()
    assert first.failure is not None
    sandbox.passes(2)
    with pytest.raises(RefusedError):
        first.check()
    with pytest.raises(ReconcileError):
        second.acquire()
    sandbox.clear_faults()
    assert first.renew()
    assert first.failure is None
    first.check()


def test_an_answer_that_was_lost_does_not_lock_us_out(sandbox: Leased) -> None:
    """The lease was granted and we were not told: it is asked for again with the same id."""
    lease = sandbox.replica()
    assert lease.acquire()
    lease.release()
    sandbox.arm_fault(path="comp=lease", action={"drop": True}, when="after")
    assert lease.acquire()
    lease.check()


def test_it_is_renewed_until_it_is_given_back(
    sandbox: Leased, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "RENEW_S", 0.001)
    lease = sandbox.replica()
    lease.acquire()
    held = lease.valid_until()
    sandbox.now_s += 20
    while lease.valid_until() == held:
        lease.check()
    lease.release()
    assert sandbox.replica().acquire()


def test_a_replica_that_was_stopped_writes_nothing_when_it_wakes(
    sandbox: Leased, tmp_path: Path
) -> None:
    """A real SIGSTOP, while the answer to its third write is under way."""
    ahead = tmp_path / "ahead"
    ahead.write_text("0")
    words = [sys.executable, "-P", "-m", "tests.support.replica_process", str(ahead)]
    first = subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin and first.stdout
    sandbox.arm_fault(method="PUT", path="rg-loop\\?", action={"hold": True}, when="after", nth=3)
    first.stdin.write(json.dumps(asdict(sandbox.access)))
    first.stdin.close()
    assert first.stdout.readline() == "held\n"
    while json.loads(sandbox.control("GET", "faults"))["value"][0]["seen"] < 3:
        assert first.poll() is None
    first.send_signal(signal.SIGSTOP)
    ahead.write_text("60")
    sandbox.passes(60)
    second = sandbox.replica()
    assert second.acquire()
    write(writing(sandbox, second.fence()), "second")
    seen = len(sandbox.entries(kind="arm"))
    sandbox.clear_faults()
    first.send_signal(signal.SIGCONT)
    # The third has its answer, or had its headers under way and then no byte of its body.
    assert first.stdout.read() in ("refused after 2\n", "refused after 3\n")
    assert first.wait() == 0
    first.stdout.close()
    writes = [one for one in sandbox.entries(kind="arm")[seen:] if one["method"] != "GET"]
    assert [one["path"] for one in writes] == []
    assert team(sandbox) == "second"


def test_a_missing_container_is_told_with_what_makes_it(sandbox: Leased) -> None:
    sandbox.begin(container=False)
    with pytest.raises(ReconcileError, match="does not exist") as missing:
        sandbox.replica().acquire()
    assert missing.value.diagnostics[0].hint == (
        "az storage container create --account-name loopleases --name reconcile --auth-mode login"
    )


def test_an_identity_without_the_role_is_told_which(sandbox: Leased) -> None:
    lease = sandbox.replica(sandbox.rightless())
    with pytest.raises(DeniedError, match="no permission to lease blobs") as denied:
        lease.acquire()
    assert "`Storage Blob Data Contributor`" in denied.value.diagnostics[0].hint


def test_each_subscription_has_a_lease_of_its_own(sandbox: Leased) -> None:
    first, second = sandbox.leases(), sandbox.leases()
    other = SUBSCRIPTION.replace("0", "1")
    assert first.of(SUBSCRIPTION).acquire()
    assert second.of(other).acquire()
    assert not second.of(SUBSCRIPTION.upper()).acquire()
    assert not first.of(other).acquire()
    first.release()
    assert second.of(SUBSCRIPTION).acquire()


def test_what_was_applied_is_remembered_by_the_holder_alone(sandbox: Leased) -> None:
    first, second = sandbox.replica(), sandbox.replica()
    first.acquire()
    assert first.applied() == {}
    first.keep_applied("a.b-c_d", OLD)
    first.keep_applied("chat", OLD)
    before = len(sandbox.entries())
    first.keep_applied("chat", OLD)
    assert [one["method"] for one in sandbox.entries()[before:]] == ["HEAD"]
    first.keep_applied("chat", NEW)
    assert second.applied() == {"a.b-c_d": OLD, "chat": NEW}
    with pytest.raises(RefusedError):
        second.keep_applied("chat", OLD)
    sandbox.passes(60)
    second.acquire()
    first._until = sandbox.now_s + 40
    with pytest.raises(RefusedError, match="nothing was written"):
        first.keep_applied("chat", OLD)
    assert first.applied()["chat"] == NEW


def test_too_many_revisions_for_one_lease_are_told(sandbox: Leased) -> None:
    metadata: dict[str, str] = {}
    with pytest.raises(ReconcileError, match="no room for the revision of `spec-") as full:
        for number in range(200):
            metadata = with_applied(metadata, f"spec-{number}", NEW)
    assert len(applied(metadata)) > 100
    assert "resource groups" in full.value.diagnostics[0].hint


def test_without_a_lease_there_is_one_replica_which_may_write(sandbox: Leased) -> None:
    lease = Leases(sandbox.process, None).of(SUBSCRIPTION)
    assert lease.acquire()
    lease.check()
    lease.fence()()
    lease.keep_applied("chat", NEW)
    assert lease.applied() == {"chat": NEW}
    lease.release()
    assert not isinstance(lease, BlobLease)
