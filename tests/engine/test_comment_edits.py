"""Which comment is ours, and what is done with it."""

from __future__ import annotations

from reconciler.engine.comment_edits import Comment, Edits, edits_for

OURS, ANN = 7, 8
OLD = "<!-- reconcile:v1 spec=chat head=1 -->\n\nold"
NEW = "<!-- reconcile:v1 spec=chat head=2 -->\n\nnew"


def test_the_first_comment_is_made_for_news_only() -> None:
    assert edits_for([], OURS, NEW, is_news=True) == Edits(creates=True)
    assert edits_for([], OURS, NEW, is_news=False) == Edits()


def test_a_marker_that_somebody_else_typed_is_not_ours() -> None:
    assert edits_for([Comment(1, ANN, OLD)], OURS, NEW, is_news=True) == Edits(creates=True)


def test_a_comment_that_only_quotes_the_marker_is_not_ours() -> None:
    quoted = Comment(1, OURS, f"> {OLD}")
    assert edits_for([quoted], OURS, NEW, is_news=True) == Edits(creates=True)


def test_the_first_of_ours_stays_and_is_updated() -> None:
    found = [Comment(5, OURS, OLD), Comment(3, OURS, OLD), Comment(4, ANN, OLD)]
    assert edits_for(found, OURS, NEW, is_news=False) == Edits(3, delete=(5,))


def test_what_it_says_already_is_not_written_again() -> None:
    assert edits_for([Comment(3, OURS, f"{NEW}\n")], OURS, NEW, is_news=True) == Edits()
