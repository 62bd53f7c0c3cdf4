"""Claims about the YAML guard: one clear line for any file, positions for every node."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import SpecError
from reconciler.spec.document import load, parse

BAD = {
    "duplicate key": ("a: 1\na: 2\n", "2:1", "duplicate key `a`"),
    "alias": ("a: &x 1\nb: *x\n", "1:4", "anchors and aliases"),
    "merge key": ("a:\n  <<: {b: 1}\n", "2:3", "merge keys"),
    "tag": ("a: !!python/object/apply:os.system [x]\n", "1:4", "tags are not allowed"),
    "binary tag": ("a: !!binary aGk=\n", "1:4", "tags are not allowed"),
    "two documents": ("a: 1\n---\nb: 2\n", "2:1", "second document"),
    "tab": ("a:\n\t- b\n", "2:1", "a tab where YAML needs spaces"),
    "brackets": ("[" * 100_000, "1:66", "nested deeper than 64"),
    "braces": ("{a: " * 5_000, "1:26", "nested deeper than 64"),
    "unclosed quote": ("a: 'x\n", "2:1", "not valid YAML"),
    "unclosed list": ("a: [1, 2\nb: 3\n", "2:2", "not valid YAML"),
    "list at the top": ("- a\n", "1:1", "a mapping of sections"),
    "scalar at the top": ("just text\n", "1:1", "a mapping of sections"),
    "complex key": ("? [a]\n: b\n", "1:3", "a key must be plain text"),
    "infinite": ("a: .inf\n", "1:4", "not a usable number"),
    "huge float": ("a: 1e999\n", "1:4", "too large"),
    "huge integer": (f"a: {'9' * 5000}\n", "1:4", "more than 18 digits"),
    "many nodes": ("a: [" + "1," * 12_000 + "]", "1:", "more than 10000 values"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_yaml_is_refused_in_one_clear_line(name):
    text, place, words = BAD[name]
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml", Path())
    headline = caught.value.diagnostics[0].headline
    assert headline.startswith(f"f.yaml:{place}")
    assert words in headline
    assert "\n" not in headline


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"a: \xff\xfe", "not UTF-8"),
        (b"\x7fELF\x00\x00", "control character"),
        (b"a: \x00", "control character"),
        (b"# " + b"x" * (1 << 20), "larger than 1 MiB"),
        ("a: 1".encode("utf-16"), "not UTF-8"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path, content, words):
    file = tmp_path / "s.yaml"
    file.write_bytes(content)
    with pytest.raises(SpecError, match=words):
        load(str(file))


def test_missing_file_and_directory_are_one_line_each(tmp_path):
    with pytest.raises(SpecError, match="there is no file"):
        load(str(tmp_path / "none.yaml"))
    with pytest.raises(SpecError, match="is a directory"):
        load(str(tmp_path))


def test_all_duplicate_keys_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        parse("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f", Path())
    assert len(caught.value.diagnostics) == 2


def test_scalars_follow_yaml_1_2():
    text = (
        "a: yes\nb: 010\nc: 0x1F\nd: 1.50\ne: ~\nf: 'true'\ng: TRUE\nh: 12:30:00\ni: 2026-02-30\n"
    )
    document = parse(text, "f", Path())
    assert document.data == {
        "a": "yes",
        "b": 10,
        "c": 31,
        "d": 1.5,
        "e": None,
        "f": "true",
        "g": True,
        "h": "12:30:00",
        "i": "2026-02-30",
    }
    assert len(document.warnings) == 2


def test_every_node_has_its_place():
    document = parse("a: 1\nb: [x, {c: 2.5}]\n", "f", Path())
    assert str(document.position(("b", 1, "c"))) == "f:2:12"
    assert str(document.position(("b", 1, "c"), of_key=True)) == "f:2:9"
    assert str(document.position(("b", 1, "missing"))) == "f:2:8"


@given(st.text(max_size=200))
def test_any_text_is_a_document_or_a_diagnostic(text):
    try:
        parse(text, "f", Path())
    except SpecError as error:
        assert all(d.position for d in error.diagnostics)
