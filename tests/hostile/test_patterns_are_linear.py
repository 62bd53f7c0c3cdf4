"""No pattern of the product takes more than linear time over a text, whatever the text is.

Azure, a file or a pull request says what is searched: a pattern that goes back over its text
takes hours over a megabyte.
"""

import os
import re
import time

import pytest

from tests.faults.seed import drawn
from tests.hostile.pumps import patterns, pumps

PART = 1 if os.environ.get("RECONCILE_FUZZ") else 2
"""Every how manieth is tried here, others with every commit; `make reliability` tries all."""
SIZES = (1_000, 40_000)
MOST_S = 0.25
"""Of processor time. What is linear takes hundredths, what is quadratic seconds."""


def cost(search, text):
    began = time.thread_time()
    search(text)
    return time.thread_time() - began


def slow(pattern):
    """Return the first text on which a pattern is slow, by its start."""
    for pump in pumps(pattern):
        for size in SIZES:
            text = (pump * (size // len(pump) + 1))[:size]
            text = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
            if cost(lambda t: sum(1 for _ in pattern.finditer(t)), text) > MOST_S:
                return pump, size
    return None


def test_every_pattern_is_linear():
    found = dict(patterns())
    assert len(found) > 60
    tried = drawn(sorted(found), -(-len(found) // PART), "patterns")
    pumped = {name: slow(found[name]) for name in tried}
    assert {name: pump for name, pump in pumped.items() if pump} == {}


@pytest.mark.parametrize("text", [r"\beyJ[A-Za-z0-9_-]{10,}\.", "a+b"])
def test_a_quadratic_pattern_is_found(text):
    assert slow(re.compile(text)) is not None
