"""Preparing is the same bytes every time, exact in its counts, and says all that is wrong."""

import hashlib
import json

import pytest

from reconciler.datasets.prepare import Piece, Shares, prepare
from reconciler.datasets.rows import RowFile
from reconciler.diagnostics import LocalError


def chats(path, numbers):
    rows = (
        {
            "id": n,
            "messages": [
                {"content": f"question {n} é", "role": "user"},
                {"content": f"answer {n}", "role": "assistant"},
            ],
        }
        for n in numbers
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return RowFile(path, path.name)


def run(tmp_path, pieces, seed=42, share=0.2, name="out"):
    folder = tmp_path / name
    folder.mkdir()
    return prepare(pieces, Shares(share, seed), folder)


def test_counts_are_exact_digests_true_and_every_row_is_in_one_file(tmp_path):
    parts = run(tmp_path, [Piece(chats(tmp_path / "a.jsonl", range(101)))])
    assert (parts["train"].rows, parts["test"].rows) == (81, 20)
    lines = {n: p.path.read_bytes().splitlines() for n, p in parts.items()}
    assert sorted(lines["train"] + lines["test"]) == sorted(
        f'{{"messages":[{{"role":"user","content":"question {n} é"}},'
        f'{{"role":"assistant","content":"answer {n}"}}]}}'.encode()
        for n in range(101)
    )
    for part in parts.values():
        assert hashlib.sha256(part.path.read_bytes()).hexdigest() == part.sha256
        assert part.path.stat().st_size == part.size
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["test.jsonl", "train.jsonl"]


def test_the_prepared_bytes_never_change(tmp_path):
    parts = run(tmp_path, [Piece(chats(tmp_path / "a.jsonl", range(50)))])
    assert parts["train"].sha256[:16] == "9a873a3c67e55b69"
    assert parts["test"].sha256[:16] == "1b118fe4c9b49041"


def test_another_seed_draws_other_rows_and_the_same_seed_the_same(tmp_path):
    piece = Piece(chats(tmp_path / "a.jsonl", range(200)))
    first, again = run(tmp_path, [piece], name="1"), run(tmp_path, [piece], name="2")
    other = run(tmp_path, [piece], seed=43, name="3")
    assert first["test"].sha256 == again["test"].sha256 != other["test"].sha256


def test_both_files_keep_the_order_of_the_pieces(tmp_path):
    one, two = chats(tmp_path / "a.jsonl", range(20)), chats(tmp_path / "b.jsonl", range(20, 40))
    parts = run(tmp_path, [Piece(one, 5, 15), Piece(two), Piece(one, 0, 2)])
    order = [*range(5, 15), *range(20, 40), 0, 1]
    assert parts["train"].rows + parts["test"].rows == 32
    for part in parts.values():
        numbers = [int(line.split(b" ")[1]) for line in part.path.read_bytes().splitlines()]
        assert numbers == [n for n in order if n in numbers]


def test_wrong_rows_stop_it_with_every_place(tmp_path):
    file = tmp_path / "a.jsonl"
    good = json.dumps({"messages": [{"role": "user", "content": "x"}]})
    file.write_text(f"{good}\n{{}}\nnonsense\n")
    with pytest.raises(LocalError) as caught:
        run(tmp_path, [Piece(RowFile(file, "a.jsonl"))])
    assert [d.position.line for d in caught.value.diagnostics] == [1, 2, 3]


def test_a_part_that_would_be_empty_is_refused(tmp_path):
    with pytest.raises(LocalError, match="one part would be empty"):
        run(tmp_path, [Piece(chats(tmp_path / "a.jsonl", range(2)))])
