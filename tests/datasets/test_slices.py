"""Split expressions mean what the `datasets` library says they mean.

The expected numbers were taken from `datasets.ReadInstruction.from_spec(...).to_absolute`.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.datasets.slices import Slice, most, normalised, parse, ranges


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        ("train", 10, (0, 10)),
        ("train[10:20]", 100, (10, 20)),
        ("train[:1%]", 207865, (0, 2079)),
        ("train[50%:]", 101, (50, 101)),
        ("train[:50%]", 101, (0, 50)),
        ("train[:50%]", 103, (0, 52)),
        ("train[-100:]", 1050, (950, 1050)),
        ("train[-10%:]", 57, (51, 57)),
        ("train[:-5]", 57, (0, 52)),
        ("train[5:10%]", 200, (10, 20)),
        ("train[:20%](pct1_dropremainder)", 199, (0, 20)),
        ("train[20:10]", 100, (20, 20)),
        ("train[90:500]", 100, (90, 100)),
        ("train[-500:3]", 100, (0, 3)),
        ("train[1_0:2_0]", 100, (10, 20)),
        ("train[:]", 7, (0, 7)),
    ],
)
def test_bounds_are_those_of_the_library(text, rows, expected):
    (part,) = parse(text)
    assert part.bounds(rows) == expected


def test_a_sum_keeps_its_order_and_may_repeat_rows():
    counts = {"train": 100, "test": 10}
    assert ranges(parse("test + train[:2%]+test[:1]"), counts) == [
        ("test", 0, 10),
        ("train", 0, 2),
        ("test", 0, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "train[1]",
        "train[::2]",
        "train[a:b]",
        "train[:101%]",
        "train[:5](closest)",
        "train[:5%](other)",
        "train+",
        "tr/ain",
        "train[:1%]+test[:1%](pct1_dropremainder)",
        "train[:_]",
    ],
)
def test_what_the_library_refuses_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse(text)


def test_one_percent_of_less_than_a_hundred_rows_is_refused_where_it_would_be_none():
    (part,) = parse("train[:5%](pct1_dropremainder)")
    with pytest.raises(ValueError, match="100 rows"):
        part.bounds(99)


def test_spellings_of_the_same_rows_have_one_normal_form():
    assert normalised(" train_sft[ :1%]".replace(" ", "")) == "train_sft[:1%]"
    assert normalised("train[:]") == "train"
    assert normalised("train[:1%](closest) + test") == "train[:1%]+test"
    assert normalised("train[010:2_0]") == "train[10:20]"


bound = st.none() | st.integers(-120, 120)


@given(start=bound, end=bound, percent=st.booleans(), rows=st.integers(0, 5000))
def test_a_slice_lies_within_the_rows_and_survives_its_normal_form(start, end, percent, rows):
    unit = "%" if percent else ""
    if percent and max(abs(start or 0), abs(end or 0)) > 100:
        return
    sides = ["" if side is None else f"{side}{unit}" for side in (start, end)]
    text = f"train[{sides[0]}:{sides[1]}]"
    (part,) = parse(text)
    first, last = part.bounds(rows)
    assert 0 <= first <= rows
    assert first <= last <= max(rows, first)
    assert parse(normalised(text))[0].bounds(rows) == (first, last)


@pytest.mark.parametrize(
    ("spellings", "normal"),
    [
        (["train[0%:1%]", "train[0:1%]", "train[:1%]", " train [ 0 : 1 % ] "], "train[:1%]"),
        (["train[-100%:1%]", "train[-0%:1%]", "train[:01%](closest)"], "train[:1%]"),
        (["train[:]", "train[0:]", "train[:100%]", "train[0%:100%]", "train[-100%:]"], "train"),
        (["train[:10]+train[10:]", "train[:50%] + train[50%:100%]"], "train"),
        (["train[0:10]+train[10:20]", "train[:2_0]"], "train[:20]"),
        (["train[-20:-10]+train[-10:]"], "train[-20:]"),
        (["train[:10]+train[10:-5]"], "train[:10]+train[10:-5]"),
        (["train[20:10]+train[10:30]"], "train[20:10]+train[10:30]"),
        (["train[10:]+train[:10]"], "train[10:]+train[:10]"),
        (["train[:50%]+train[50:]"], "train[:50%]+train[50:]"),
        (["train[0%:100%](pct1_dropremainder)"], "train[:100%](pct1_dropremainder)"),
    ],
)
def test_the_same_rows_are_one_text_whatever_their_spelling(spellings, normal):
    assert {normalised(text) for text in spellings} == {normal}


side = st.none() | st.integers(-12, 12)
part = st.tuples(st.sampled_from(["train", "test"]), side, side, st.booleans())


@given(parts=st.lists(part, min_size=1, max_size=4), rows=st.integers(0, 40))
def test_the_normal_form_of_a_sum_takes_the_same_rows_in_the_same_order(parts, rows):
    def bounds(side, *, percent):
        return "" if side is None else f"{side * 8}%" if percent else str(side)

    text = "+".join(
        f"{split}[{bounds(start, percent=percent)}:{bounds(end, percent=percent)}]"
        for split, start, end, percent in parts
    )
    counts = {"train": rows, "test": rows}

    def taken(expression):
        return [
            (split, row)
            for split, first, last in ranges(parse(expression), counts)
            for row in range(first, last)
        ]

    assert taken(normalised(text)) == taken(text)
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("train[-1%:]", 30),
        ("train[1%:]", 30),
        ("train[:1%]", 50),
        ("train[:-1%]", 30),
        ("train[99%:]", 30),
        ("train[:99%]", 30),
        ("train[-99%:]", 30),
        ("train[40%:41%]", 1),
        ("train[20:10]", 100),
        ("train[100:]", 100),
        ("train", 0),
        ("train[:5%]", 0),
    ],
)
def test_a_bound_that_rounds_away_or_takes_nothing_is_told(text, rows):
    (part,) = parse(text)
    assert str(part) in part.surprise(rows)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("train[:1%]", 51),
        ("train[-1%:]", 51),
        ("train[:99%]", 51),
        ("train", 1),
        ("train[:500]", 7),
    ],
)
def test_a_slice_that_is_what_it_says_is_no_surprise(text, rows):
    (part,) = parse(text)
    assert part.surprise(rows) == ""


@given(parts=st.lists(part, min_size=1, max_size=3), rows=st.integers(0, 60))
def test_no_more_rows_are_taken_than_is_known_beforehand(parts, rows):
    slices = tuple(
        Slice(
            split,
            *(None if s is None else s * (8 if percent else 1) for s in (start, end)),
            percent,
        )
        for split, start, end, percent in parts
    )
    known = most(slices)
    taken = sum(last - first for _, first, last in ranges(slices, {"train": rows, "test": rows}))
    assert known is None or taken <= known
