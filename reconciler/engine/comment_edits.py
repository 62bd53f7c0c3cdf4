"""Which comment of a pull request is ours, and what to do with it: pure, over what was read.

Anybody can type the marker and anybody can be quoted: a comment is ours by marker and author.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Author = int | str
"""The id of a user: a number, or the text that Azure DevOps has."""
MARKER = re.compile(r"<!-- reconcile:v1 [^<>\n]*-->")


@dataclass(frozen=True)
class Comment:
    """A comment as the host lists it; `author` is the id of its user."""

    id: int
    author: Author
    body: str


@dataclass(frozen=True)
class Edits:
    """What to write: the comment to update (None: create one, if `creates`), those to delete."""

    update: int | None = None
    creates: bool = False
    delete: tuple[int, ...] = ()


def ours(comments: Iterable[Comment], author: Author) -> list[Comment]:
    """Return our comments, the first that was made before the others."""
    found = [one for one in comments if one.author == author and MARKER.match(one.body)]
    return sorted(found, key=lambda one: one.id)


def edits_for(comments: Iterable[Comment], author: Author, body: str, *, is_news: bool) -> Edits:
    """Return what makes `body` our one comment; without news none is begun for it.

    Of several, as two runs at once make, the first stays. What it says already is not written
    again.
    """
    found = ours(comments, author)
    if not found:
        return Edits(creates=is_news)
    first, *others = found
    update = first.id if first.body.strip() != body.strip() else None
    return Edits(update, delete=tuple(one.id for one in others))
