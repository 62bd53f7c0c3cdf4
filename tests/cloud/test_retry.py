"""However odd Azure's word on waiting is, we wait a sane time and never fall over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cloud.backoff import MAX_WAIT_S, retry_after, wait_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"x-ms-retry-after-ms": "20"}, 0.02),
        ({"retry-after-ms": "20", "retry-after": "7"}, 0.02),
        ({"x-ms-retry-after-ms": "0", "retry-after": "20"}, 20.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 5000}, None),
        ({"x-ms-retry-after-ms": "9" * 5000}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({}, None),
    ],
)
def test_what_azure_says_is_read(headers, seconds):
    assert retry_after(headers) == seconds


@given(st.text(max_size=40), st.integers(1, 50))
def test_no_header_makes_us_wait_longer_than_the_cap(text, attempt):
    asked = retry_after({"retry-after": text, "x-ms-retry-after-ms": text})
    assert 0 < wait_seconds(asked, attempt) <= MAX_WAIT_S
