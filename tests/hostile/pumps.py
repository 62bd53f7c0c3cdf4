"""Texts on which a pattern may take quadratic time, made of the pattern itself.

A pattern that can begin again within its own match, and then fails, looks at the rest of a text
from every beginning. So each start of a pattern is written out as a text that fits it, with
several members of each class of characters, and repeated.
"""

import importlib
import pkgutil
import re
from itertools import product
from re import _constants as op
from re import _parser

import reconciler

MEMBERS = "a- 0.\"'/=\n\\_A"
"""What is tried for a class of characters, where the class holds it."""
MOST_MEMBERS = 3
MOST_TEXTS = 12
CATEGORIES = {
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def patterns():
    """Yield the address and every compiled pattern of the product, those in tuples too."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if module.name.startswith(("reconciler.sandbox", "reconciler.__main__")):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for index, one in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(one, re.Pattern):
                    yield f"{module.name}.{name}[{index}]", one


def pumps(pattern):
    """Return texts, each of which is a start of a pattern that is to be repeated."""
    text = pattern.pattern
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    tree = _parser.parse(text, pattern.flags)
    starts = [text for end in range(1, len(tree) + 1) for text in _texts(tree[:end])]
    apart = [f"{text}{blank}" for text in starts for blank in ("-", " ")]
    return [text for text in dict.fromkeys((*MEMBERS, *starts, *apart)) if text]


def _texts(items):
    """Return some of the texts that fit a sequence of items."""
    parts = [_fitting(*item) for item in items]
    return ["".join(choice) for choice in _some(product(*parts))]


def _some(choices):
    return [choice for choice, _ in zip(choices, range(MOST_TEXTS), strict=False)]


def _fitting(kind, value):
    match kind:
        case op.LITERAL:
            return [chr(value)]
        case op.NOT_LITERAL:
            return [c for c in MEMBERS if ord(c) != value][:MOST_MEMBERS]
        case op.IN | op.ANY:
            return _members(kind, value)
        case op.BRANCH:
            return [text for branch in value[1] for text in _texts(branch)]
        case op.SUBPATTERN:
            return _texts(value[-1])
        case op.ATOMIC_GROUP:
            return _texts(value)
        case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
            least, most, inner = value
            counts = sorted({least, min(max(least, 1), int(most))})
            return [text * count for count in counts for text in _texts(inner)]
    return [""]  # a place, or a look ahead or behind


def _members(kind, value):
    """Return some of the characters that a class holds, of different sorts."""
    if kind is op.ANY:
        return list(MEMBERS[:MOST_MEMBERS])
    own = [chr(v if k is op.LITERAL else v[0]) for k, v in value if k in (op.LITERAL, op.RANGE)]
    fitting = [c for c in (*MEMBERS, *own) if _is_in(value, c)]
    return list(dict.fromkeys(fitting))[:MOST_MEMBERS] or [" "]


def _is_in(items, character):
    code = ord(character)
    negated = items[0][0] is op.NEGATE
    return negated != any(_fits(kind, value, code) for kind, value in items[negated:])


def _fits(kind, value, code):
    match kind:
        case op.LITERAL:
            return value == code
        case op.RANGE:
            return value[0] <= code <= value[1]
        case op.CATEGORY:
            return bool(re.match(CATEGORIES[value], chr(code)))
    raise AssertionError(kind)
