"""The stores keep what they were given, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.sandbox.storage import BlobStore, FileStore


def test_killed_writer_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from reconciler.sandbox.storage import BlobStore\n"
        "store = BlobStore(pathlib.Path(sys.argv[1]))\n"
        "for number in range(10**6):\n"
        "    store.put('a', 'c', f'{number:06}', b'x' * 5000)\n"
        "    print(number, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(50)]
    os.kill(child.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout.read().split()]
    child.wait()
    child.stdout.close()
    store = BlobStore(tmp_path)
    assert all(store.get("a", "c", f"{number:06}") == b"x" * 5000 for number in acknowledged)
    names = store.list("a", "c")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "tmp"]
    content = [path for path in files if path.parent.parent.name == "content"]
    assert len(content) == len(names)
    assert not list((tmp_path / "tmp").iterdir())


def test_overwriting_and_deleting_leave_no_files_behind(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.put("a", "c", "x", b"1")
    store.put("a", "c", "x", b"2")
    store.stage("a", "c", "x", "b1", store.writer().finish())
    store.delete("a", "c", "x")
    store.put("a", "c", "y", b"3")
    store.delete_account("a")
    assert store.list("a", "c", "") == []
    assert not [path for path in (tmp_path / "content").rglob("*") if path.is_file()]


def test_refused_write_changes_nothing_and_leaves_no_file(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.put("a", "c", "x", b"1")
    writer = store.writer()
    writer.write(b"2")

    def refuse(_: object) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        store.commit("a", "c", "x", [writer.finish()], guard=refuse)
    assert store.get("a", "c", "x") == b"1"
    assert len([path for path in (tmp_path / "content").rglob("*") if path.is_file()]) == 1


def test_blob_overwritten_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    pieces = []
    for part in (b"a" * 300_000, b"b" * 300_000):
        writer = store.writer()
        writer.write(part)
        pieces.append(writer.finish())
    old = store.commit("a", "c", "x", pieces)
    reading = store.read(old)
    first = next(reading)
    store.put("a", "c", "x", b"new")
    assert first + b"".join(reading) == b"a" * 300_000 + b"b" * 300_000
    assert store.get("a", "c", "x") == b"new"
    assert len([path for path in (tmp_path / "content").rglob("*") if path.is_file()]) == 1


def test_server_side_file_write_makes_the_directories_above(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.put("a", "s", "Users/me/flow/flow.dag.yaml", b"nodes: []")
    assert store.list("a", "s", "Users/") == ["Users/me/flow/flow.dag.yaml"]
    assert [entry.path for entry in store.children("a", "s", "users")] == ["Users/me"]
    store.delete_account("a")
    assert store.get("a", "s", "Users/me/flow/flow.dag.yaml") is None
