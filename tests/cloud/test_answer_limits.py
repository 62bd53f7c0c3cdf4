"""An answer of Azure is bounded while it comes, and before anything is made of it."""

import pytest

from reconciler.diagnostics import ApiError, UnavailableError
from reconciler.limits import ANSWER_BYTES, JSON_DEPTH
from tests.cloud.clients import arm_get
from tests.cloud.conftest import Reply


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" + b"[]," * 300_000 + b"1]", "larger than any of Azure's: more than 250,000 values"),
        (b'{"a":' * (JSON_DEPTH + 1) + b"1" + b"}" * (JSON_DEPTH + 1), "deeper than 100 levels"),
    ],
)
def test_an_answer_that_explodes_is_a_failed_read(azure, connect, content, told):
    azure.answers(Reply(parts=(content,)))
    with pytest.raises(ApiError, match=told):
        arm_get(connect())


@pytest.mark.parametrize(("over", "fits"), [(0, True), (1, False)])
def test_an_answer_has_so_many_bytes(azure, connect, over, fits):
    frame = b'{"properties": {}, "a": ""}'
    azure.answers(
        Reply(parts=(frame[:-2] + b"a" * (ANSWER_BYTES - len(frame) + over) + frame[-2:],))
    )
    if fits:
        assert arm_get(connect())["properties"] == {}
    else:
        with pytest.raises(UnavailableError) as caught:
            arm_get(connect())
        assert "larger than 16 MiB" in caught.value.diagnostics[0].detail
