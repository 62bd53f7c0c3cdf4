"""What is known to be secret is taken out of any text, in any encoding; all else stays."""

import base64
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import secrets
from reconciler.diagnostics import Diagnostic, ReconcileError
from reconciler.secrets import (
    SENSITIVE,
    Secret,
    forms,
    is_secret_by_form,
    last_part,
    on_one_line,
    remember,
    scrub,
    shortened,
)
from tests.secrets.detector import find, needles
from tests.secrets.test_detector import SECRET, SEEDED

SPLIT = {"between colours"}
"""A leak that only a renderer can make; ours cleans a text before it colours it."""


@pytest.mark.parametrize("place", sorted(SEEDED.keys() - SPLIT))
def test_a_seeded_leak_is_taken_out(place):
    remember(SECRET)
    written = SEEDED[place]
    text = written.decode("latin-1") if isinstance(written, bytes) else written
    assert find(SECRET, scrub(text)) == []
    assert SENSITIVE in scrub(text)


@given(st.text(min_size=8, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_any_secret_is_taken_out_of_any_text(secret, before, after):
    if len(secret.strip()) < 8 or secret != secret.strip():
        return
    remember(secret)
    for name, needle in needles(secret):
        form = needle.decode("latin-1") if name == "utf-16" else needle.decode()
        assert form not in scrub(f"{before}|{form}|{after}"), name


ODD = "é\"\n\\/&<'> +x"
"""Every character of it is written otherwise by some encoding."""


@pytest.mark.parametrize(
    "form",
    [
        ODD,
        r"\u00e9\"\n\\/&<'> +x",
        r"é\"\n\\/&<'> +x",
        r"""é"\n\\/&<\'> +x""",
        "%C3%A9%22%0A%5C%2F%26%3C%27%3E%20%2Bx",
        "%C3%A9%22%0A%5C/%26%3C%27%3E%20%2Bx",
        "%C3%A9%22%0A%5C%2F%26%3C%27%3E+%2Bx",
        "%C3%A9%22%0A%5C/%26%3C%27%3E+%2Bx",
        "%c3%a9%22%0a%5c/%26%3c%27%3e+%2bx",
        "%c3%a9%22%0a%5c%2f%26%3c%27%3e%20%2bx",
        "é&quot;\n\\/&amp;&lt;&#x27;&gt; +x",
        "é\"\n\\/&amp;&lt;'&gt; +x",
        "\0".join(ODD),
    ],
)
def test_nothing_of_an_encoded_secret_is_left_over(form):
    """Not its first or last character neither: each one less to guess."""
    remember(ODD)
    assert scrub(f"<{form}>") == f"<{SENSITIVE}>"


@pytest.mark.parametrize("length", [9, 10, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_only_what_base64_mixes_with_its_neighbours_is_left(length, before):
    """Six bits a character: those that hold nothing but the secret all go."""
    secret = "of-15-letters-W"[-length:]
    remember(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(b"~" * before + secret.encode() + b"~~~").decode()
        first, last = -(-before * 8 // 6), (before + length) * 8 // 6
        assert scrub(text) == text[:first] + SENSITIVE + text[last:]


@pytest.mark.parametrize("length", [10, 11, 12, 13, 14, 15])
def test_only_what_base32_mixes_with_its_neighbours_is_left(length):
    secret = "of-15-letters-W"[-length:]
    remember(secret)
    text = base64.b32encode(secret.encode() + b"~~~").decode()
    assert scrub(text) == SENSITIVE + text[length * 8 // 5 :]


def test_half_of_a_surrogate_pair_is_a_text_like_any_other():
    """Python reads bytes that are no text as such (PEP 383): an environment variable may be."""
    remember("broken-\ud83d-secret")
    assert scrub("<broken-\ud83d-secret>") == f"<{SENSITIVE}>"


def test_every_known_secret_is_taken_out_the_longest_first():
    remember("abcdefgh", "abcdefghijkl", "zzzz9999")
    assert scrub("x abcdefghijkl y abcdefgh zzzz9999") == f"x {SENSITIVE} y {SENSITIVE} {SENSITIVE}"


def test_secrets_that_overlap_leave_no_half_of_either():
    """One that ends where another begins, one within another, two side by side."""
    remember("abcdefghij", "hij-klmnop", "p-qrstuv", "efghij-k")
    assert scrub("<abcdefghij-klmnop-qrstuv>") == f"<{SENSITIVE}>"
    assert scrub("<abcdefghijhij-klmnop>") == f"<{SENSITIVE}{SENSITIVE}>"
    assert scrub("hij-klmnop abcdefghij") == f"{SENSITIVE} {SENSITIVE}"


@given(
    st.lists(st.text("ab-", min_size=secrets.MIN_LENGTH, max_size=9), min_size=1, max_size=4),
    st.text("ab-", max_size=60),
)
def test_every_character_of_every_form_goes_and_no_other(hidden, text):
    known = secrets._Known()
    for secret in hidden:
        known.add(secret, None)
    covered = {
        at
        for form in frozenset().union(*map(forms, hidden))
        for begin in range(len(text))
        if text.startswith(form, begin)
        for at in range(begin, begin + len(form))
    }
    assert {at for places in known.places(text) for at in range(*places)} == covered


def test_secrets_that_begin_alike_are_each_taken_out_whole():
    remember(*(f"hf_org-{word}" for word in ("a", "ab", "abc", "b" * 40)))
    text = "hf_org-ab hf_org-abc hf_org-a " + f"hf_org-{'b' * 40}"
    assert scrub(text) == " ".join([SENSITIVE] * 4)


def test_what_two_secrets_have_in_common_outlives_the_first_of_them(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(secrets.time, "monotonic", lambda: now[0])
    remember("Same-In-Small", lasts_s=10.0)
    remember("same-in-small")
    now[0] = 3711.0
    remember("another-one")
    assert scrub("Same-In-Small same-in-small") == f"Same-In-Small {SENSITIVE}"


def test_text_without_a_secret_is_the_same_text():
    remember("a-secret-value")
    for text in ("", "short", "Plan: 1 to create.", "a-secret-valu", "x" * 5000):
        assert scrub(text) is text


def test_what_is_too_short_or_no_text_is_not_searched_for():
    remember("abc", "12345", "     ", None, 17, b"bytes-are-no-text")
    assert scrub("abc 12345 17 bytes-are-no-text") == "abc 12345 17 bytes-are-no-text"
    remember("123456")
    assert scrub("<123456>") == f"<{SENSITIVE}>"


def test_blanks_around_a_secret_do_not_hide_it():
    remember(" padded-secret\n")
    assert scrub("=padded-secret;") == f"={SENSITIVE};"


def test_only_what_ended_an_hour_ago_is_forgotten(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(secrets.time, "monotonic", lambda: now[0])
    remember("ends-and-stays-known")
    remember("ends-and-stays-known", "ends-and-is-forgotten", lasts_s=10.0)
    remember("known-to-end-at-first", lasts_s=10.0)
    remember("known-to-end-at-first")
    now[0] = 3710.0
    remember("another-one")
    every = "ends-and-stays-known ends-and-is-forgotten known-to-end-at-first another-one"
    assert scrub(every) == " ".join([SENSITIVE] * 4)
    now[0] = 3710.1
    remember("yet-another-one")
    assert scrub(every) == f"{SENSITIVE} ends-and-is-forgotten {SENSITIVE} {SENSITIVE}"
    remember("ends-and-is-forgotten", lasts_s=10.0)
    assert scrub(every) == " ".join([SENSITIVE] * 4)


def test_a_token_that_ended_before_it_came_is_scrubbed_too():
    remember("ended-in-the-past", lasts_s=-5000.0)
    remember("another-one")
    assert scrub("ended-in-the-past") == SENSITIVE


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://a.blob.core.windows.net/c/b?sv=1&sig=aB%2Bc&se=2", "?sv=1&sig={}&se=2"),
        ("path%3Fsig%3DaBcDeF", "path%3Fsig%3D{}"),
        ("AccountName=a;AccountKey=abc==;EndpointSuffix=x", "a;AccountKey={};EndpointSuffix=x"),
        ("Endpoint=sb://x/;SharedAccessKey=zzz=", ";SharedAccessKey={}"),
        ("grant_type=x&client_secret=p~q&scope=y", "x&client_secret={}&scope=y"),
        ("authorization: bearer abcdefghijklmnopqrst==", "authorization: bearer {}"),
        ("token eyJhbGciOiJSUzI1.eyJzdWIiOiJhYmMi.c2ln used", "token {} used"),
    ],
)
def test_what_looks_secret_is_taken_out_unknown_as_it_is(text, kept):
    assert kept.format(SENSITIVE) in scrub(text)
    assert scrub(scrub(text)) == scrub(text)
    assert is_secret_by_form(text)


def test_words_that_only_resemble_a_secret_stay():
    for text in ("design=1", "a bearer of news", "signature: required", "eye.patch", "sig ="):
        assert scrub(text) == text
        assert not is_secret_by_form(text)


def test_a_secret_shows_itself_to_nobody():
    secret = Secret("a-secret-value")
    shown = f"{secret} {secret!r} {secret:>30} {[secret]} {json.dumps([secret], default=str)}"
    assert "a-secret-value" not in shown
    assert shown.count(SENSITIVE) == 5
    assert f"{secret:>30}" == SENSITIVE.rjust(30)
    with pytest.raises(TypeError, match=r"^a secret is not written anywhere$"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret.reveal() == "a-secret-value"


def test_secrets_compare_by_their_text():
    secret = Secret("a-secret-value")
    assert secret.same_as("a-secret-value")
    assert secret.same_as(Secret("a-secret-value"))
    assert not secret.same_as("another")
    assert not secret.same_as(Secret("another"))
    assert not secret.same_as(None)


def test_a_problem_is_scrubbed_when_it_is_made():
    Secret("a-secret-value")
    problem = Diagnostic("got a-secret-value", detail="a-secret-value", hint="not a-secret-value")
    error = ReconcileError(problem)
    assert "a-secret-value" not in f"{problem} {problem!r} {error} {error.diagnostics}"
    assert problem.summary == f"got {SENSITIVE}"
    assert problem.detail == SENSITIVE
    assert problem.hint == f"not {SENSITIVE}"


@pytest.mark.parametrize("cut", [shortened, on_one_line, last_part])
@pytest.mark.parametrize("length", range(8, 60, 3))
def test_a_cut_never_leaves_half_a_secret(cut, length):
    remember(SECRET)
    text = cut(f"before {SECRET} after", length)
    assert len(text) <= length
    halves = (SECRET[i : i + 6] for i in range(len(SECRET) - 5))
    assert not any(half in text for half in halves)


def test_a_text_is_cut_only_where_it_is_too_long():
    assert shortened("twelve chars", 12) == "twelve chars"
    assert shortened("twelve chars", 11) == "twelve c..."
    assert on_one_line(" two\n  lines\t here ", 40) == "two lines here"
    assert on_one_line("two\nlines", 8) == "two l..."
    assert last_part("  the end of a log \n", 5) == "a log"
    assert shortened(12345, 9) == last_part(12345, 9) == on_one_line(12345, 9) == "12345"
