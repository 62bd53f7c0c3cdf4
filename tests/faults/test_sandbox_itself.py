"""The sandbox in trouble, and real secrets near a sandbox: one clear line, nothing leaks."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import threading

import pytest

from reconciler.cloud.azure import Azure as CloudAzure
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.run_scope import RunScope
from reconciler.cloud.signin import refuse_foreign_authority
from reconciler.diagnostics import DeniedError, ExitCode
from reconciler.sandbox.launch import launch
from tests.faults.arena import submissions
from tests.faults.scenes import FULL, SMALL
from tests.support.azure import Azure
from tests.support.forked import forked, unreachable_after

SECRET = "r3al~secret~of~a~principal"
PRINCIPAL = {
    "AZURE_TENANT_ID": "630630b2-0000-0000-0000-000000000000",
    "AZURE_CLIENT_ID": "11111111-0000-0000-0000-000000000000",
    "AZURE_CLIENT_SECRET": SECRET,
}


def run(tmp_path, *words, prepare=lambda: None, **more):
    """Run a command in a folder and home of its own."""
    own = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    environment = {**os.environ, **own, **more}
    return forked(*words, environment=environment, folder=str(tmp_path), prepare=prepare)


def gone(pid):
    """Wait until a server that we started has ended, by itself or by a signal."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def rewritten(file, statement):
    with sqlite3.connect(file) as db:
        db.execute(statement)
    db.close()


BROKEN = {
    "garbage": lambda file: file.write_bytes(b"no database" * 1000),
    "cut short": lambda file: file.write_bytes(file.read_bytes()[:5000]),
    "another format": lambda file: rewritten(
        file, "update documents set value = '\"99\"' where space = 'meta' and key = 'version'"
    ),
    "a row that is no JSON": lambda file: rewritten(file, "update documents set value = '{'"),
    "a table of another program": lambda file: rewritten(
        file, "alter table documents rename column value to other"
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The state of a sandbox that has ended."""
    state = tmp_path_factory.mktemp("whole")
    with launch(state, clock="instant") as server:
        pid = server.pid
    gone(pid)
    for log in state.glob("state.db-*"):
        log.unlink()
    return state


@pytest.mark.parametrize("how", BROKEN)
def test_a_state_that_is_broken_is_one_clear_line(tmp_path, whole, how):
    state = tmp_path / ".reconcile" / "sandbox"
    shutil.copytree(whole, state)
    BROKEN[how](state / "state.db")
    done = run(tmp_path, "plan", str(SMALL), "--sandbox")
    assert done.code == ExitCode.FAILED, done.err
    (line,) = [text for text in done.err.splitlines() if "error: " in text]
    assert "sandbox could not start: " in line
    assert "state" in line.partition("could not start: ")[2]
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_sandbox_that_is_killed_in_the_middle_loses_nothing(tmp_path):
    state = tmp_path / "state"
    words = ("apply", str(FULL), "--yes", "--sandbox")
    own = {"RECONCILE_SANDBOX_STATE": str(state), "RECONCILE_CACHE": str(tmp_path / "cache")}
    with launch(state, clock="instant") as server:
        azure = Azure(server)
        rule = {"method": "PUT", "path": "/computes/", "action": {"kill": server.pid}}
        azure.control("POST", "faults", {**rule, "when": "after"})
        url = server.url
        done = run(tmp_path, *words, url, prepare=lambda: unreachable_after(0.3), **own)
    assert done.code in (ExitCode.FAILED, ExitCode.PENDING, ExitCode.UNAVAILABLE)
    assert "Traceback" not in done.err
    with launch(state, clock="instant") as server:
        assert server.url == url
        azure = Azure(server)
        azure.control("DELETE", "faults")
        again = run(tmp_path, *words, url, **own)
        assert again.code == 0, again.err
        assert sorted(submissions(azure.journal()).values()) == [1]


def test_two_that_start_at_once_on_one_state_share_one_server(tmp_path):
    found = []

    def start():
        found.append(launch(tmp_path, clock="instant"))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for server in found:
        server.close()
    assert len(found) == len(threads)
    assert len({server.pid for server in found}) == 1


def test_a_server_that_is_gone_is_one_clear_line(tmp_path):
    with launch(tmp_path, clock="instant") as server:
        url, pid = server.url, server.pid
        os.kill(pid, signal.SIGKILL)
    done = run(
        tmp_path, "plan", str(SMALL), "--sandbox", url, RECONCILE_SANDBOX_STATE=str(tmp_path)
    )
    assert done.code in (ExitCode.FAILED, ExitCode.UNAVAILABLE)
    assert done.err.count("error: ") == 1
    assert "sandbox serve" in done.err


def test_a_real_credential_is_refused_by_the_sandbox_and_never_sent_by_us(arena, tmp_path):
    arena.reset()
    done = run(
        tmp_path,
        "apply",
        str(SMALL),
        "--yes",
        "--sandbox",
        arena.server.url,
        **PRINCIPAL,
        RECONCILE_SANDBOX_STATE=os.environ["RECONCILE_SANDBOX_STATE"],
    )
    assert done.code == 0, done.err
    assert SECRET not in json.dumps(arena.journal())
    access = Azure(arena.server).access
    theirs = RunScope(
        CloudAzure(
            Cloud.of_sandbox(type(access)(access.url, access.ca_file, "t", "real-app", SECRET))
        ),
        "0",
    )
    with pytest.raises(DeniedError) as refused:
        theirs.tokens.get_token(theirs.cloud.arm_scope)
    assert "AADSTS" in refused.value.diagnostics[0].detail


def test_a_sandbox_left_on_in_the_environment_never_sees_a_real_secret(arena, tmp_path):
    arena.reset()
    left_on = {
        "AZURE_AUTHORITY_HOST": arena.server.url,
        "REQUESTS_CA_BUNDLE": arena.server.ca_file,
        "SSL_CERT_FILE": arena.server.ca_file,
        "RECONCILE_SANDBOX_URL": arena.server.url,
        "HF_ENDPOINT": f"{arena.server.url}/_hf",
    }
    for command in ("plan", "apply", "destroy"):
        done = run(tmp_path, command, str(SMALL), **PRINCIPAL, **left_on)
        assert done.code == ExitCode.DENIED, done.err
        assert done.err.count("error: ") == 1
        assert "not Microsoft's" in done.err
        assert "AZURE_AUTHORITY_HOST" in done.err
        assert SECRET not in done.err
    assert arena.journal() == []


@pytest.mark.parametrize(
    "address", ["", "login.microsoftonline.com", "https://login.microsoftonline.us/"]
)
def test_microsofts_own_are_trusted(address):
    refuse_foreign_authority(address)


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1:1", "login.microsoftonline.com.evil.org", "https://evil@x", "https://["],
)
def test_nobody_else_is(address):
    with pytest.raises(DeniedError):
        refuse_foreign_authority(address)
