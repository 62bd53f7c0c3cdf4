"""The division into train and test is exact, seeded, and the same for ever."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from reconciler.datasets.split import row_key
from reconciler.datasets.split import test_count as count_for_test
from reconciler.datasets.split import test_mask as mask_of

keys = st.lists(st.integers(0, 9) | st.integers(0, (1 << 64) - 1), max_size=200)


def test_the_key_of_a_row_never_changes():
    assert row_key(42, 0, b'{"messages":[]}\n') == 0x7FC83AEADE752E19


@given(keys, st.data())
def test_the_mask_marks_exactly_the_smallest_keys(values, data):
    count = data.draw(st.integers(0, len(values)))
    mask = mask_of(array("Q", values), count)
    ranked = sorted(range(len(values)), key=lambda i: (values[i], i))
    assert [i for i, marked in enumerate(mask) if marked] == sorted(ranked[:count])


def test_shares_are_counted_in_decimal_and_rounded_half_up():
    assert [count_for_test(n, 0.2) for n in (1, 2, 3, 5, 10, 207865)] == [0, 0, 1, 1, 2, 41573]
    assert count_for_test(25, 0.1) == 3
    assert count_for_test(1000, 0.3) == 300
