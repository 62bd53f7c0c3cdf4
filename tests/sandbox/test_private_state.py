"""The state directory is not trusted: no links, our own, and for nobody else to read."""

import os
import re
import stat

import pytest

from reconciler.sandbox.entra import Identity
from reconciler.sandbox.launch import LaunchError, launch
from reconciler.sandbox.private import private_folder, write_private
from reconciler.sandbox.server import lock_state
from reconciler.sandbox.store import StateError, Store

SECRETS = ("server.pem", "server.json", "state.db", "ca.pem", "lock", "users", "journal.jsonl")


def refused(state, reason):
    with pytest.raises(LaunchError, match=reason):
        launch(state)
    with pytest.raises(StateError, match=reason):
        os.close(lock_state(state))


@pytest.fixture
def state(tmp_path):
    return tmp_path / "checkout" / ".reconcile" / "sandbox"


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_is_written_through_a_link_in_a_checkout(state, tmp_path, name):
    target = tmp_path / "target"
    state.mkdir(parents=True)
    (state / name).symlink_to(target)
    refused(state, f"{name} in it is a link: remove it")
    assert not target.exists()


@pytest.mark.parametrize("which", [".reconcile", ".reconcile/sandbox"])
def test_a_folder_that_is_a_link_is_not_used(tmp_path, which):
    target = tmp_path / "target"
    target.mkdir()
    place = tmp_path / "checkout" / which
    place.parent.mkdir(parents=True)
    place.symlink_to(target)
    refused(tmp_path / "checkout" / ".reconcile" / "sandbox", "it is a link: remove it")
    assert list(target.iterdir()) == []


def test_a_folder_of_another_user_is_not_used(state, monkeypatch):
    state.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    refused(state, "it belongs to another user")


def test_what_a_sandbox_writes_is_for_its_own_user(state):
    before = os.umask(0)
    try:
        server = launch(state)
        files = [p for p in state.rglob("*") if not p.is_symlink()]
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (state, *files)}
        server.close()
    finally:
        os.umask(before)
    assert {"server.pem", "server.json", "state.db", "sandbox"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_a_folder_that_others_may_read_is_closed(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_takes_the_place_of_a_link_and_leaves_its_target(tmp_path):
    target, file = tmp_path / "target", tmp_path / "server.pem"
    target.write_text("mine")
    for place in (file, file.with_suffix(".new")):
        place.symlink_to(target)
    write_private(file, b"key")
    assert target.read_text() == "mine"
    assert (file.is_symlink(), file.read_bytes()) == (False, b"key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_clients_secret_never_begins_with_a_dash(tmp_path):
    """A dash first makes it an option to `az login -p`, which then asks for its argument."""
    minted = [
        Identity(Store(tmp_path / f"{number}.db", "https://127.0.0.1")).client_secret
        for number in range(100)
    ]
    assert all(re.fullmatch(r"[0-9a-f]{40}", secret) for secret in minted)
