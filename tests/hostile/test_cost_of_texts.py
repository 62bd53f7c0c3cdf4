"""Whatever a text holds, to search and to show it takes time in proportion to its length."""

import io
import time

import pytest

from reconciler.diagnostics import Position
from reconciler.limits import LONG_TEXT
from reconciler.render.excerpt import excerpt
from reconciler.render.terminal import WIDEST_CUT, Terminal, clean, clean_lines
from reconciler.secrets import SENSITIVE, last_part, on_one_line, remember, scrub, shortened
from reconciler.spec.problems import did_you_mean

SIZE = 12_000
MOST_S = 1.0
"""Of processor time. Each takes tenths; what is quadratic takes ten times as long."""
PUMPS = (
    *("a", "_", " ", "\n", "\r\n", "\\n", "-", "=", "%0A", "%41", "&#65;", "\\u0041", "\u202e"),
    *("eyJ-", "-eyJaaaaaaaaaa", "sk-", "Bearer ", "password:", 'key: "', "value:'", "a://"),
    *("a://b:", "sig=", "::", "##[", "-----BEGIN ", "é", "0", "a1=", "known-1", "\t", "known-\n1"),
)


def shown(text):
    """Do with a text all that is done with what somebody else wrote."""
    lines = [text, text, text]
    excerpt(lines, Position("spec.yaml", 2, len(text) // 2))
    excerpt(lines, Position("spec.yaml", 2, 1))
    did_you_mean(text[:20_000], ("resource_group", "workspace"))
    for cut in (shortened, on_one_line, last_part):
        assert len(cut(text, 200)) <= 200
    return clean(text), clean_lines(text)


@pytest.mark.parametrize("pump", PUMPS)
def test_a_text_costs_what_its_length_says(pump):
    remember("known-1-and-more", "aaaaaaaaaaaaaab")
    text = (pump * (SIZE // len(pump) + 1))[:SIZE]
    began = time.thread_time()
    shown(text)
    assert time.thread_time() - began < MOST_S


def test_an_excerpt_is_as_long_as_a_line_of_a_terminal():
    shown_in = Terminal(io.StringIO())
    shown_in.write(excerpt(["x" * SIZE] * 3, Position("spec.yaml", 2, SIZE // 2)))
    rows = shown_in.stream.getvalue().splitlines()
    assert len(rows) == 4
    assert "^" in rows[2]
    assert all(len(row) <= WIDEST_CUT for row in rows)


@pytest.mark.parametrize("length", [1, 2 * LONG_TEXT])
def test_what_is_cut_before_it_is_searched_shows_no_half_of_a_secret(length):
    """The secret lies across the place where the text is cut."""
    secret = "half-of-it-is-a-leak"
    remember(secret)
    for at in range(LONG_TEXT - len(secret) - 1, LONG_TEXT + 2, 11):
        text = f"{'x' * at}{secret}{'y' * length}"
        for cut in (shortened, on_one_line):
            assert "half" not in cut(text, LONG_TEXT * 2)
        assert "leak" not in last_part(text[::-1].replace(secret[::-1], secret), LONG_TEXT * 2)


def test_a_secret_in_a_long_text_is_taken_out_of_its_start_and_end():
    secret = "at-both-ends-of-it"
    remember(secret)
    text = f"{secret} {'x' * 2 * LONG_TEXT} {secret}"
    assert shortened(text, 60).startswith(f"{SENSITIVE} xxx")
    assert last_part(text, 60).endswith(f"xxx {SENSITIVE}")
    assert scrub(text).count(SENSITIVE) == 2


def test_many_wrong_names_among_many_cost_little():
    """Each was compared with each: 1,000 of them took a quarter of a minute."""
    names = [f"models.m{number}" for number in range(1_000)]
    began = time.thread_time()
    told = [did_you_mean(f"{name}x", names) for name in names]
    assert time.thread_time() - began < 4 * MOST_S
    assert told[7] == "did you mean `models.m7`?"
    assert did_you_mean("nodels.m77", names) == "did you mean `models.m77`?"
