"""Every warning of a plan has an id that says whether a team may accept it, and the page tells it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import reconciler
from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.acceptance import ACCEPTABLE, NEVER, OF_FIELDS, WHOLE, accepted_as, whose
from reconciler.engine.types import Acceptance, Resource
from reconciler.kinds.resource_group import ADDRESS

PRODUCT = Path(reconciler.__file__).parent
PAGE = (PRODUCT.parent / "docs" / "plan.md").read_text(encoding="utf-8")
TELLS = ("Finding", "warning", "NameBlockedError")
FROM_THE_HANDLER = "check"
"""What a name check calls itself: `name` or `soft-deleted`, passed on."""


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Yield every place that tells something with an id."""
    for path in sorted(PRODUCT.rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                keywords = {word.arg for word in node.keywords}
                if name in TELLS or (name == "Diagnostic" and "id" in keywords):
                    yield path, node


def id_of(path: Path, call: ast.Call) -> str:
    given = next((w.value for w in call.keywords if w.arg in ("id", "check")), None)
    value = given or call.args[0]
    if isinstance(value, ast.Constant):
        return str(value.value)
    module = import_module(".".join(path.relative_to(PRODUCT.parent).with_suffix("").parts))
    name = ast.unparse(value)
    return FROM_THE_HANDLER if name == FROM_THE_HANDLER else str(eval(name, vars(module)))


def told() -> set[str]:
    return {id_of(*call) for call in calls()} - {FROM_THE_HANDLER}


def attention() -> set[str]:
    text = (PRODUCT / "render" / "attention.py").read_text(encoding="utf-8")
    return set(re.findall(r'(?:yield|return) \d, "([a-z-]+)"', text))


def test_each_id_is_either_acceptable_or_says_why_not() -> None:
    found = told() | attention()
    assert {"wide-role", "traffic", "policy", "privileged-role", "data-loss"} <= found
    assert found - ACCEPTABLE.keys() - NEVER.keys() == set()
    assert not ACCEPTABLE.keys() & NEVER.keys()


def test_the_page_lists_each_id_that_may_be_accepted_and_no_other() -> None:
    table = PAGE.split("## What a team may accept")[1].split("\n## ")[0]
    rows = {row.split("`")[1].removesuffix(".FIELD") for row in table.splitlines() if "| `" in row}
    assert rows == ACCEPTABLE.keys()
    assert {one for one in rows if f"`{one}.FIELD`" in table} == OF_FIELDS


def test_what_is_of_the_whole_plan_is_accepted_at_its_group() -> None:
    assert WHOLE == ADDRESS
    assert whose(Diagnostic("not checked"), {}) == WHOLE


def test_of_two_reasons_that_of_the_longer_key_counts() -> None:
    both = (Acceptance("jobs", "paid-run", "a"), Acceptance("jobs.x", "paid-run", "b"))
    found = accepted_as(both, "paid-run")
    assert found is not None
    assert found.why == "b"
    assert accepted_as(both, "public-network") is None


@pytest.mark.parametrize(
    ("address", "line", "expected"),
    [
        ("quota.0", 3, "quota.b"),
        ("quota.0", 2, "quota.a"),
        ("jobs.x", 9, "jobs.x"),
        ("workspace.key_vault", 9, "workspace"),
        ("", 9, WHOLE),
    ],
)
def test_a_warning_is_about_what_states_it(address: str, line: int, expected: str) -> None:
    places = {"quota.a": 2, "quota.b": 3, "jobs.x": 5, "workspace": 6}
    resources = {
        a: Resource(a, "kind", a, {}, position=Position("s", n, 1)) for a, n in places.items()
    }
    item = Diagnostic("w", Position("s", line, 4), address=address)
    assert whose(item, resources) == expected
