"""Equal rows have one digest, however a file spells them; other rows have another."""

import hashlib
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.datasets.chat_format import encode
from reconciler.datasets.prepare import Piece, Shares, prepare
from reconciler.datasets.rows import RowFile
from reconciler.datasets.survey import survey

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6)
SPELLINGS = st.fixed_dictionaries(
    {
        "ascii": st.booleans(),
        "indent": st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]),
        "ending": st.sampled_from(["\n", "\r\n", "\n\n", " \r\n\r\n"]),
        "bom": st.booleans(),
        "content_first": st.booleans(),
        "column": st.booleans(),
        "last_ending": st.booleans(),
    }
)


def chats(pairs):
    return [
        {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
        for q, a in pairs
    ]


def spelt(rows, how):
    """Return the bytes of a file that means these rows, spelt in some way."""
    lines = []
    for number, row in enumerate(rows):
        messages = row["messages"]
        if how["content_first"]:
            messages = [{"content": m["content"], "role": m["role"]} for m in messages]
        column = {"id": number} if how["column"] else {}
        whole = {**column, "messages": messages}
        lines.append(json.dumps(whole, ensure_ascii=how["ascii"], separators=how["indent"]))
    text = how["ending"].join(lines) + (how["ending"] if how["last_ending"] else "")
    return (b"\xef\xbb\xbf" if how["bom"] else b"") + text.encode()


ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ONE_FOLDER
@given(pairs=ROWS, one=SPELLINGS, other=SPELLINGS)
def test_equal_rows_have_one_digest_however_they_are_spelt(tmp_path, pairs, one, other):
    rows = chats(pairs)
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    found = []
    for how in (one, other):
        file.path.write_bytes(spelt(rows, how))
        found.append(survey(file))
    assert found[0] == found[1]
    assert (found[0].rows, found[0].problems) == (len(rows), ())
    written = b"".join(map(encode, rows))
    assert found[0].digest == hashlib.sha256(written).hexdigest(), "as it always was"


@ONE_FOLDER
@given(one=ROWS, other=ROWS, how=SPELLINGS)
def test_other_rows_have_another_digest(tmp_path, one, other, how):
    file = RowFile(tmp_path / "chats.jsonl", "chats.jsonl")
    digests = []
    for pairs in (one, other):
        file.path.write_bytes(spelt(chats(pairs), how))
        digests.append(survey(file).digest)
    assert (digests[0] == digests[1]) == (one == other)


def test_a_checkout_with_other_line_ends_is_prepared_to_the_same_bytes(tmp_path):
    rows = b"".join(map(encode, chats([(f"question {n}", "yes") for n in range(20)])))
    digests = []
    for name, content in (("lf", rows), ("crlf", b"\xef\xbb\xbf" + rows.replace(b"\n", b"\r\n"))):
        file = RowFile(tmp_path / f"{name}.jsonl", name)
        file.path.write_bytes(content)
        (tmp_path / name).mkdir()
        parts = prepare([Piece(file)], Shares(0.2, 42), tmp_path / name)
        digests.append([parts[part].sha256 for part in ("train", "test")])
    assert digests[0] == digests[1]
