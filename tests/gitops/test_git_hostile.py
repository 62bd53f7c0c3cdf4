"""Whatever a repository or its server makes up, nothing leaves the folder and no size is believed."""

from __future__ import annotations

import hashlib
import random
import stat
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from dulwich.objects import Blob, ShaFile, Tree
from dulwich.pack import write_pack_objects

from reconciler.cloud.endpoints import Cloud
from reconciler.diagnostics import RefusedError, UnavailableError
from reconciler.gitops.git import confined, packs, remote
from reconciler.gitops.git.packs import Objects, PackError
from reconciler.gitops.git.sign_in import Nobody

BLOB = Blob.from_string(b"version: 1\n")
BAD_NAMES = (
    b"..", b".", b".git", b".GIT", b"git~1", b".git ", b".git.", b".g\xe2\x80\x8cit", b"a/b",
    b"/etc", b"\\etc", b"..\\x", b"a\nb", b"\x1b[2J", b"\xff", b"x" * 256, b"", b".git::$DATA",
)  # fmt: skip
GOOD_NAMES = (b"a", b"spec.yaml", b"caf\xc3\xa9", b".github", b"a b", b"..a", b"-rf")
MODES = (0o100644, 0o100755, 0o100664, 0o120000, 0o160000, 0o040000, 0o020000, 0o010000, 0, 0o777)


def no_limit() -> None:
    pass


def tree_of(entries: list[tuple[bytes, int, bytes]]) -> Tree:
    """Return a tree of any bytes, which no git would write."""
    raw = b"".join(
        b"%o %s\0" % (mode, name) + bytes.fromhex(sha.decode()) for name, mode, sha in entries
    )
    return Tree.from_string(raw)


class Hostile:
    """Trees of a seed: mostly names and modes that no checkout survives."""

    def __init__(self, seed: int) -> None:
        self.random, self.objects = random.Random(seed), {BLOB.id: BLOB}
        self.top = self._tree(0)

    def _tree(self, depth: int) -> bytes:
        made = tree_of([self._entry(depth) for _ in range(self.random.randrange(5))])
        self.objects[made.id] = made  # type: ignore[assignment]
        return made.id

    def _entry(self, depth: int) -> tuple[bytes, int, bytes]:
        names = BAD_NAMES if self.random.random() < 0.15 else GOOD_NAMES
        mode = self.random.choice(MODES) if self.random.random() < 0.3 else 0o100644
        if depth < 4 and self.random.random() < 0.3:
            return self.random.choice(names), 0o040000, self._tree(depth + 1)
        sha = BLOB.id if self.random.random() < 0.9 else b"0" * 40
        return self.random.choice(names), mode, sha


def written(objects: Objects, top: bytes, folder: Path) -> list[Path]:
    confined.write(objects, top, folder / "tree", no_limit)  # type: ignore[arg-type]
    return sorted((folder / "tree").rglob("*"))


def test_no_hostile_tree_leaves_its_folder(tmp_path: Path) -> None:
    refused = 0
    for seed in range(300):
        folder = tmp_path / str(seed)
        folder.mkdir()
        made = Hostile(seed)
        try:
            found = written(made.objects, made.top, folder)  # type: ignore[arg-type]
        except RefusedError:
            refused += 1
            assert list(folder.iterdir()) == []
            continue
        assert [path.name for path in folder.iterdir()] == ["tree"]
        for path in found:
            mode = path.lstat().st_mode
            assert stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and path.read_bytes() == BLOB.data)
            assert path.name.encode() in GOOD_NAMES
    assert 100 < refused < 280
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(300)))


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_harm_refuses_the_revision(tmp_path: Path, name: bytes) -> None:
    top = tree_of([(b"a", 0o100644, BLOB.id), (name, 0o100644, BLOB.id)])
    with pytest.raises(RefusedError) as caught:
        written({BLOB.id: BLOB, top.id: top}, top.id, tmp_path)
    shown = caught.value.diagnostics[0].detail
    assert shown.isprintable() and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pair", [(b"A", b"a"), (b"caf\xc3\xa9", b"cafe\xcc\x81"), (b"a", b"a")])
def test_two_names_that_are_one_elsewhere_refuse_it(
    tmp_path: Path, pair: tuple[bytes, bytes]
) -> None:
    top = tree_of([(name, 0o100644, BLOB.id) for name in pair])
    with pytest.raises(RefusedError, match="cannot be used"):
        written({BLOB.id: BLOB, top.id: top}, top.id, tmp_path)


def test_links_and_submodules_are_left_out(tmp_path: Path) -> None:
    link = Blob.from_string(b"/etc/passwd")
    top = tree_of(
        [
            (b"link", 0o120000, link.id),
            (b"module", 0o160000, b"1" * 40),
            (b"run", 0o100755, BLOB.id),
        ]
    )
    found = written({BLOB.id: BLOB, link.id: link, top.id: top}, top.id, tmp_path)
    assert [path.name for path in found] == ["run"]
    assert stat.S_IMODE(found[0].stat().st_mode) == 0o600


def test_a_tree_that_contains_itself_many_times_ends(tmp_path: Path) -> None:
    objects: Objects = {BLOB.id: BLOB}
    made = tree_of([(b"f", 0o100644, BLOB.id)])
    objects[made.id] = made
    for _ in range(8):
        made = tree_of([(b"%d" % number, 0o040000, made.id) for number in range(10)])
        objects[made.id] = made
    with pytest.raises(RefusedError) as caught:
        list(confined.files_of(objects, made.id))
    assert "more than" in caught.value.diagnostics[0].detail
    deep = tree_of([(b"f", 0o100644, BLOB.id)])
    objects[deep.id] = deep
    for _ in range(40):
        deep = tree_of([(b"d", 0o040000, deep.id)])
        objects[deep.id] = deep
    with pytest.raises(RefusedError) as caught:
        list(confined.files_of(objects, deep.id))
    assert "too deep" in caught.value.diagnostics[0].detail


def pack_of(*objects: ShaFile) -> bytes:
    stream = BytesIO()
    from dulwich.object_format import DEFAULT_OBJECT_FORMAT

    write_pack_objects(
        stream.write, [(one, None) for one in objects], object_format=DEFAULT_OBJECT_FORMAT
    )
    return stream.getvalue()


def sealed(body: bytes) -> bytes:
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def stated(kind: int, size: int, content: bytes, base: bytes = b"") -> bytes:
    """Return a pack of one object that states a size."""
    head, size = bytearray([kind << 4 | size & 15]), size >> 4
    while size:
        head[-1] |= 0x80
        head.append(size & 127)
        size >>= 7
    return sealed(b"PACK" + struct.pack(">LL", 2, 1) + bytes(head) + base + zlib.compress(content))


def test_a_good_pack_is_taken_apart() -> None:
    blobs = [Blob.from_string(bytes([65 + number]) * 5000 * number) for number in range(6)]
    pack = pack_of(*blobs)
    assert packs.measure(pack, no_limit) == sum(len(blob.data) for blob in blobs)
    assert packs.unpacked(pack, no_limit) == {blob.id: blob for blob in blobs}


DELTA = b"\x05\x80\x80\x80\x80\x04\x90\x05"
"""Of five bytes it makes a gigabyte, it says."""


@pytest.mark.parametrize(
    ("pack", "why"),
    [
        (stated(3, 4 << 30, bytes(1000)), "more than 64 MiB"),
        (stated(3, 10, bytes(1 << 22)), "another size than it states"),
        (stated(3, 5000, b"short"), "another size than it states"),
        (stated(7, len(DELTA), DELTA, bytes(20)), "more than 64 MiB"),
        (sealed(b"PACK" + struct.pack(">LL", 2, 0xFFFFFFFF)), "objects, more than"),
        (sealed(b"PACK" + struct.pack(">LL", 2, 3)), "ends too early"),
        (stated(3, 5, b"12345")[:-20] + bytes(20), "checksum is wrong"),
        (sealed(stated(3, 5, b"12345")[:-20] + b"more"), "more than its objects"),
        (sealed(b"PACK" + struct.pack(">LL", 2, 1) + b"\xb0" + b"\xff" * 30), "has no end"),
        (b"PACK", "not a pack"),
        (b"", "not a pack"),
    ],
)
def test_no_size_that_a_pack_states_is_believed(pack: bytes, why: str) -> None:
    with pytest.raises(PackError, match=why):
        packs.measure(pack, no_limit)


def test_a_delta_of_what_is_not_there_is_an_error() -> None:
    small = b"\x05\x05\x90\x05"
    for base in (bytes(20), b"\x01" * 20):
        with pytest.raises((*remote.NOT_GIT, PackError)):
            packs.unpacked(stated(7, len(small), small, base), no_limit)


def mutated(raw: bytes, seed: int) -> bytes:
    """Return bytes of which a few were changed, left out, or said twice."""
    chance, found = random.Random(seed), bytearray(raw)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(found)) if found else 0
        match chance.randrange(4):
            case 0:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[at : at + chance.randrange(40)]
            case 2:
                found[at:at] = found[at : at + chance.randrange(40)]
            case 3:
                found[at:at] = chance.randbytes(chance.randrange(8))
    return bytes(found)


def test_no_pack_that_was_tampered_with_is_more_than_an_error() -> None:
    body = pack_of(BLOB, *(Blob.from_string(b"x" * 300 * n) for n in range(1, 5)))[:-20]
    taken = 0
    for seed in range(300):
        try:
            found = packs.unpacked(sealed(mutated(body, seed)), no_limit)
        except (*remote.NOT_GIT, PackError):
            continue
        taken += 1
        assert all(one.id == sha for sha, one in found.items())
    assert taken < 150


REFS = b"".join(
    remote_line
    for remote_line in (
        b"001e# service=git-upload-pack\n",
        b"0000",
        b"00b2"
        + b"1" * 40
        + b" HEAD\0multi_ack_detailed side-band-64k ofs-delta shallow thin-pack ".ljust(134, b"a"),
        b"003d" + b"1" * 40 + b" refs/heads/main\n",
        b"003d" + b"2" * 40 + b" refs/tags/v1.00\n",
        b"0000",
    )
)
PACKED = b"0000" + b"0008NAK\n" + b"%04x\x01" + b"0000"


class Answers(remote.HttpClient):
    """A server that answers with what the test made up."""

    content: Iterator[bytes]

    def _http_request(self, *_given: Any, **_options: Any) -> Any:
        class Answer:
            redirect_location = ""
            content_type = "application/x-git-upload-pack-" + self.kinds.pop(0)

            def close(self) -> None:
                pass

        return Answer(), BytesIO(next(self.content)).read


def test_no_answer_that_was_tampered_with_is_more_than_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = remote.Remote("https://git.test/a/b.git", Cloud(), 30, Nobody())
    pack = pack_of(BLOB)
    sent = b"0000" + b"0008NAK\n" + b"%04x\x01" % (len(pack) + 5) + pack + b"0000"
    refused = 0
    for seed in range(301):
        answers = [mutated(REFS, seed), mutated(REFS, -seed), mutated(sent, seed)]
        answers = answers if seed else [REFS, REFS, sent]
        monkeypatch.setattr(Answers, "content", iter(answers), raising=False)
        monkeypatch.setattr(
            Answers, "kinds", ["advertisement", "advertisement", "result"], raising=False
        )
        monkeypatch.setattr(remote, "HttpClient", Answers)
        try:
            asked.refs(["refs/heads/main"])
            asked.fetch(["1" * 40], 1)
        except UnavailableError:
            assert seed, "what was not tampered with is good"
            refused += 1
    assert refused > 200
