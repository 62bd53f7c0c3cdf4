"""What is protected, by whom, and that the strictest word wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic
from reconciler.engine.protection import (
    NO,
    PROTECT_TAG,
    YES,
    add_protect_tag,
    block_if_protected,
    kept_by_word,
    way_out,
    why_kept,
    words,
)
from reconciler.engine.types import Action, Change, Observed, Resource

MARK = "our-mark"


def resource(**options):
    return Resource("store.a", "store", "/id/a", {}, **options)


def seen(*tags):
    """What Azure shows of a resource whose protection tag says each of these words."""
    places = ({"tags": {PROTECT_TAG: w}} for w in tags)
    return Observed({"id": "/id/a", "properties": next(places, {}), **next(places, {})})


@pytest.mark.parametrize(
    ("word", "holds_data", "tag", "why"),
    [
        (None, False, None, ""),
        (None, False, NO, ""),
        (None, False, YES, "its tag `reconcile-protect` says 'true'"),
        (None, True, None, "it holds data"),
        (None, True, NO, "it holds data"),
        (None, True, YES, "its tag `reconcile-protect` says 'true'"),
        (False, True, None, ""),
        (False, True, NO, ""),
        (False, True, YES, "its tag `reconcile-protect` says 'true'"),
        (False, False, None, ""),
        (True, False, None, "the spec protects it"),
        (True, True, NO, "the spec protects it"),
        (True, False, YES, "the spec protects it"),
        (None, False, "", "its tag `reconcile-protect` says ''"),
        (None, False, "False ", ""),
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
    assert "'true'" in kept_by_word(resource(), seen(NO, YES))
    assert "'true'" in kept_by_word(resource(), seen(YES, NO))
    assert kept_by_word(resource(), seen(NO, NO)) == ""


def test_what_does_not_exist_is_protected_by_spec_and_kind_only():
    assert kept_by_word(resource(), None) == ""
    assert kept_by_word(resource(protected=True), None) == "the spec protects it"
    assert why_kept(resource(holds_data=True), None) == "it holds data"


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
    found = add_protect_tag(desired, MARK, YES)
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


@pytest.mark.parametrize("action", [Action.REPLACE, Action.DELETE])
def test_a_change_that_loses_something_protected_is_blocked_with_everything_to_know(action):
    change = Change(resource(protected=True), action, seen(), reason="because")
    blocked = block_if_protected(change).blocked
    assert blocked.summary == (
        f"`store.a` is protected and would have to be {action.value}d: the spec protects it"
    )
    assert blocked.detail == "because"
    assert blocked.hint == "undo the change, or set `lifecycle: {store.a: {protect: false}}`"


@pytest.mark.parametrize("by_kind", [True, False])
def test_the_tag_alone_blocks_and_asks_for_an_apply_first(by_kind):
    """The spec may have lost its word: what Azure shows is what must be lifted."""
    blocked = block_if_protected(
        Change(resource(), Action.DELETE, seen(YES)), by_kind=by_kind
    ).blocked
    assert blocked.summary.endswith("deleted: its tag `reconcile-protect` says 'true'")
    assert blocked.hint == (
        "undo the change, or set `lifecycle: {store.a: {protect: false}}` and apply that first"
    )


@pytest.mark.parametrize("action", [Action.NO_OP, Action.CREATE, Action.UPDATE, Action.ADOPT])
def test_a_change_that_loses_nothing_is_not_blocked(action):
    change = Change(resource(protected=True), action, seen(YES))
    assert block_if_protected(change) is change


def test_what_holds_data_is_guarded_only_where_the_kind_counts():
    change = Change(resource(holds_data=True), Action.DELETE, seen())
    assert block_if_protected(change, by_kind=False) is change
    assert "it holds data" in block_if_protected(change).blocked.summary
    assert block_if_protected(Change(resource(), Action.DELETE, seen())).blocked is None


def test_a_reason_that_was_there_first_stays():
    first = Diagnostic("another reason")
    change = Change(resource(protected=True), Action.DELETE, seen(), blocked=first)
    assert block_if_protected(change).blocked is first
