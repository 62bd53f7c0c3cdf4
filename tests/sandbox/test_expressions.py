"""What Microsoft Learn's pages on template functions promise, example by example."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.expressions import evaluate
from reconciler.sandbox.arm.expressions_functions import FUNCTIONS


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[literal]", "[literal]"),
        ("[concat('it''s ', 'ARM')]", "it's ARM"),
        ("[concat(array('a'), array('b'))]", ["a", "b"]),
        ("[if(equals('a', 'A'), 'same', 'other')]", "other"),
        ("[and(not(equals(1, 2)), or(equals(1, 1), equals(1, 2)))]", True),
        ("[json('null')]", None),
        ('[json(\'{"a": {"b": [1, 2]}}\').A.b[1]]', 2),
        ("[format('{0}-{1}', 'x', 3)]", "x-3"),
        ("[empty('')]", True),
        ("[toLower('AbC')]", "abc"),
    ],
)
def test_an_expression_has_its_documented_value(expression: str, value: Any) -> None:
    assert evaluate(expression, FUNCTIONS) == value


def test_the_branch_not_taken_is_not_evaluated() -> None:
    assert evaluate("[if(equals(1, 1), 'ok', json('no json'))]", FUNCTIONS) == "ok"


def test_names_of_properties_are_expressions_too() -> None:
    assert evaluate({"[concat('a', 'b')]": ["[array(1)]"]}, FUNCTIONS) == {"ab": [[1]]}


def test_unique_strings_depend_only_on_their_arguments() -> None:
    first, again, other = (
        evaluate(f"[uniqueString('{text}')]", FUNCTIONS) for text in ("a", "a", "b")
    )
    assert first == again != other
    assert len(first) == 13


@pytest.mark.parametrize(
    "expression",
    ["[nope()]", "[concat('a']", "['a' 'b']", "[json('{}').missing]", "[toLower(1,2)]"],
)
def test_a_wrong_expression_is_an_invalid_template(expression: str) -> None:
    with pytest.raises(ArmError) as caught:
        evaluate(expression, FUNCTIONS)
    assert caught.value.code == "InvalidTemplate"
