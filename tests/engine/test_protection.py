"""What is protected, by whom, and that the strictest word wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decisions import Adopt, Change, Create, Delete, NoOp, Replace, Update
from reconciler.engine.protection import (
    NO,
    PROTECT_TAG,
    YES,
    add_beside,
    block_if_protected,
    kept_by_word,
    way_out,
    why_kept,
    words,
)
from reconciler.engine.types import Observed, Resource
from reconciler.reasons import HoldsData, LastOperationFailed, ProtectedBySpec, ProtectedByTag

MARK = "our-mark"
BECAUSE = LastOperationFailed("x")


def resource(**options):
    return Resource("store.a", "store", "/id/a", {}, **options)


def seen(*tags):
    """What Azure shows of a resource whose protection tag says each of these words."""
    places = ({"tags": {PROTECT_TAG: w}} for w in tags)
    return Observed({"id": "/id/a", "properties": next(places, {}), **next(places, {})})


@pytest.mark.parametrize(
    ("word", "holds_data", "tag", "why"),
    [
        (None, False, None, None),
        (None, False, NO, None),
        (None, False, YES, ProtectedByTag("true")),
        (None, True, None, HoldsData()),
        (None, True, NO, HoldsData()),
        (None, True, YES, ProtectedByTag("true")),
        (False, True, None, None),
        (False, True, NO, None),
        (False, True, YES, ProtectedByTag("true")),
        (False, False, None, None),
        (True, False, None, ProtectedBySpec()),
        (True, True, NO, ProtectedBySpec()),
        (True, False, YES, ProtectedBySpec()),
        (None, False, "", ProtectedByTag("")),
        (None, False, "False ", None),
    ],
)
def test_the_strictest_word_wins(word, holds_data, tag, why):
    observed = seen(tag) if tag is not None else seen()
    assert why_kept(resource(protected=word, holds_data=holds_data), observed) == why


@given(st.text(max_size=20))
def test_any_word_but_false_protects(word):
    is_free = word.strip().casefold() == NO
    assert bool(kept_by_word(resource(protected=False), seen(word))) is not is_free


def test_one_strict_word_among_several_is_enough():
    assert kept_by_word(resource(), seen(NO, YES)) == ProtectedByTag(YES)
    assert kept_by_word(resource(), seen(YES, NO)) == ProtectedByTag(YES)
    assert kept_by_word(resource(), seen(NO, NO)) is None


def test_what_does_not_exist_is_protected_by_spec_and_kind_only():
    assert kept_by_word(resource(), None) is None
    assert kept_by_word(resource(protected=True), None) == ProtectedBySpec()
    assert why_kept(resource(holds_data=True), None) == HoldsData()


@pytest.mark.parametrize(
    "body",
    [
        {"tags": {PROTECT_TAG.upper(): "Yes"}},
        {"properties": {"tags": {PROTECT_TAG: "yes"}}},
        {"properties": {"metadata": {PROTECT_TAG: " YES "}}},
        {"train": {"properties": {"tags": {PROTECT_TAG: "yes"}}}},
    ],
)
def test_the_tag_is_read_wherever_our_mark_may_stand(body):
    assert list(words(body)) == ["yes"]


@pytest.mark.parametrize(
    "body",
    [None, {}, [], "text", {"tags": None}, {"tags": PROTECT_TAG}, {"tags": {"other": "true"}}],
)
def test_a_body_without_the_tag_says_nothing(body):
    assert list(words(body)) == []


def test_the_word_is_written_beside_our_mark_and_nowhere_else():
    desired = {
        "tags": {MARK: "m", "team": "a"},
        "properties": {"tags": {"no": "mark"}, "metadata": {MARK: "m"}, "size": 2},
        "other": {MARK: "m"},
        "list": [{"tags": {MARK: "m"}}],
    }
    found = add_beside(desired, MARK, PROTECT_TAG, YES)
    assert found == {
        "tags": {MARK: "m", "team": "a", PROTECT_TAG: YES},
        "properties": {
            "tags": {"no": "mark"},
            "metadata": {MARK: "m", PROTECT_TAG: YES},
            "size": 2,
        },
        "other": {MARK: "m"},
        "list": [{"tags": {MARK: "m"}}],
    }
    assert PROTECT_TAG not in desired["tags"]


def test_what_lifts_it_is_told():
    line = "`lifecycle: {store.a: {protect: false}}`"
    assert way_out(resource(), None) == f"set {line}"
    assert way_out(resource(), seen(NO)) == f"set {line}"
    assert way_out(resource(), seen("maybe")) == f"set {line} and apply that first"


@pytest.mark.parametrize("decision", [Replace((), BECAUSE), Delete(BECAUSE)])
def test_a_change_that_loses_something_protected_is_blocked_with_everything_to_know(decision):
    change = Change(resource(protected=True), seen(), decision)
    (blocked,) = block_if_protected(change).problems
    assert blocked.summary == (
        f"`store.a` is protected and would have to be {change.action.value}d"
    )
    assert blocked.because == ProtectedBySpec()
    assert blocked.details == (BECAUSE,)
    assert blocked.hint == "undo the change, or set `lifecycle: {store.a: {protect: false}}`"


@pytest.mark.parametrize("by_kind", [True, False])
def test_the_tag_alone_blocks_and_asks_for_an_apply_first(by_kind):
    """The spec may have lost its word: what Azure shows is what must be lifted."""
    change = Change(resource(), seen(YES), Delete())
    (blocked,) = block_if_protected(change, by_kind=by_kind).problems
    assert blocked.because == ProtectedByTag(YES)
    assert blocked.hint == (
        "undo the change, or set `lifecycle: {store.a: {protect: false}}` and apply that first"
    )


@pytest.mark.parametrize("decision", [NoOp(), Create(), Update(), Adopt()])
def test_a_change_that_loses_nothing_is_not_blocked(decision):
    change = Change(resource(protected=True), seen(YES), decision)
    assert block_if_protected(change) is change


def test_what_holds_data_is_guarded_only_where_the_kind_counts():
    change = Change(resource(holds_data=True), seen(), Delete())
    assert block_if_protected(change, by_kind=False) is change
    assert block_if_protected(change).problems[0].because == HoldsData()
    assert block_if_protected(Change(resource(), seen(), Delete())).problems == ()


def test_a_reason_that_was_there_first_stays():
    first = Diagnostic("another reason")
    change = Change(resource(protected=True), seen(), Delete()).blocked_by(first)
    assert block_if_protected(change) is change
