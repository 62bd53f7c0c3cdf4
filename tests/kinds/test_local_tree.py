"""A folder of any size as it is uploaded: what counts, what is refused, and with which place."""

import os

import pytest

from reconciler.kinds.local_tree import read_one, read_tree
from reconciler.limits import TREE_DEPTH

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "spec" / "data"
    made.mkdir(parents=True)
    (made / "a.txt").write_text("one")
    (made / "deep").mkdir()
    (made / "deep" / "b.bin").write_bytes(b"\0two")
    return made


def read(folder):
    return read_tree(folder, "data", folder.parent)


def told(tree):
    return [problem.headline for problem in tree.problems]


def test_a_tree_is_names_sizes_and_digests_in_one_order(folder):
    tree = read(folder)
    assert [(file.name, file.size) for file in tree.files] == [("a.txt", 3), ("deep/b.bin", 4)]
    assert tree.size == 7
    with tree.opened(tree.files[1]) as opened:
        assert opened.read() == b"\0two"


def test_the_digest_follows_names_and_bytes_and_nothing_else(folder):
    first = read(folder).digest
    os.utime(folder / "a.txt", (1, 1))
    (folder / "a.txt").chmod(0o600)
    assert read(folder).digest == first
    (folder / "a.txt").write_text("other")
    second = read(folder).digest
    (folder / "a.txt").rename(folder / "c.txt")
    assert len({first, second, read(folder).digest}) == 3


def test_names_and_contents_cannot_be_taken_for_one_another(tmp_path):
    for name, files in {"x": {"ab": "c"}, "y": {"a": "bc"}}.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text)
    one, other = (read_tree(tmp_path / name, name, tmp_path) for name in "xy")
    assert one.digest != other.digest


@pytest.mark.parametrize("rules", [".amlignore", ".gitignore"])
def test_ignore_files_hold_and_are_no_data_themselves(folder, rules):
    before = read(folder).digest
    (folder / rules).write_text("*.tmp\nleft/\n")
    (folder / "x.tmp").write_text("x")
    (folder / "left").mkdir()
    (folder / "left" / "y.txt").write_text("y")
    assert read(folder).digest == before


def test_keys_are_refused_by_name_and_by_content_with_what_to_type(folder):
    (folder / "id_rsa").write_text("x")
    (folder / "notes.txt").write_text(KEY)
    tree = read(folder)
    assert told(tree) == [
        "data/id_rsa:1:1: error: id_rsa is a file of keys or passwords: it would be uploaded",
        "data/notes.txt:1:1: error: notes.txt contains a key or a token: it would be uploaded",
    ]
    assert "add the line `/notes.txt` to data/.amlignore" in tree.problems[1].hint
    assert [file.name for file in tree.files] == ["a.txt", "deep/b.bin"]


def test_links_count_inside_and_lead_nowhere_else(folder):
    (folder.parent / "secret.txt").write_text("s")
    (folder / "in.txt").symlink_to("deep/b.bin")
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "torn.txt").symlink_to("nothing")
    (folder / "all").symlink_to("deep")
    tree = read(folder)
    assert [file.name for file in tree.files] == ["a.txt", "deep/b.bin", "in.txt"]
    assert told(tree) == [
        "data/all:1:1: error: all is not a regular file",
        "data/out.txt:1:1: error: out.txt is a link to a place outside the folder",
        "data/torn.txt:1:1: error: torn.txt is a broken link",
    ]


def test_a_folder_swapped_for_a_link_is_not_followed(folder):
    tree = read(folder)
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "b.bin").write_text("secret")
    (folder / "deep" / "b.bin").unlink()
    (folder / "deep").rmdir()
    (folder / "deep").symlink_to(folder.parent / "other")
    with pytest.raises(OSError), tree.opened(tree.files[1]):
        pass


def test_pipes_empty_folders_and_deep_ones_are_told(folder):
    os.mkfifo(folder / "pipe")
    assert told(read(folder)) == ["data/pipe:1:1: error: pipe is not a regular file"]
    (folder.parent / "none").mkdir()
    empty = read_tree(folder.parent / "none", "none", folder.parent)
    assert told(empty) == ["error: none has no files to upload"]
    deep = folder.joinpath(*"d" * (TREE_DEPTH + 1))
    deep.mkdir(parents=True)
    assert f"more than {TREE_DEPTH} folders in each other" in told(read(folder))[0]


def test_one_file_has_its_own_name_and_must_be_one(folder):
    one = read_one(folder / "a.txt", "data/a.txt", folder.parent)
    assert [(file.name, file.size) for file in one.files] == [("a.txt", 3)]
    assert told(read_one(folder / "deep", "data/deep", folder.parent)) == [
        "error: data/deep is a folder, not a file"
    ]
    assert "cannot be read" in told(read_one(folder / "no", "data/no", folder.parent))[0]
    assert "is outside" in told(read_one(folder / "a.txt", "a.txt", folder / "deep"))[0]
