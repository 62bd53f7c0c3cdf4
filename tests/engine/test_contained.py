"""What a body would change beyond what its plan showed, member by member."""

import pytest

from reconciler.engine.contained import WHOLE_BODY, beyond
from reconciler.engine.diff import Rules, same_folded
from reconciler.engine.types import Reference, Unknown
from reconciler.secrets import Secret

HELD = {
    "location": "westeurope",
    "tags": {"team": "one", "cost": "7", "reconcile-spec": "a"},
    "properties": {"size": "Small", "wait": "PT120S", "nodes": 2, "ports": [80, 443]},
}
RULES = Rules(
    same={"properties.size": same_folded}, write_only=frozenset({"properties.credentials"})
)
NODES = ("properties", "nodes")


def body(**properties):
    return {"properties": properties}


@pytest.mark.parametrize(
    "sent",
    [
        HELD,
        body(SIZE="small", wait="PT2M"),
        body(ports=[80, 443], description="", zones=[]),
        {"location": "West Europe"},
        {"tags": {**HELD["tags"], "reconcile-spec": "b", "reconcile-asked": "c"}},
        body(credentials={"key": Secret("never shown")}),
        body(Nodes=3),
    ],
)
def test_what_azure_holds_in_any_spelling_is_no_change(sent):
    assert beyond(sent, HELD, {NODES: 3}, RULES) == []


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (body(nodes=4), NODES),
        (body(wait="PT60S"), ("properties", "wait")),
        (body(wait=None), ("properties", "wait")),
        (body(ports=[443]), ("properties", "ports")),
        (body(open=True), ("properties", "open")),
        (body(deep={"er": {"still": 1}}), ("properties", "deep", "er", "still")),
        ({"tags": {"team": "two"}}, ("tags", "team")),
        ({"location": "eastus"}, ("location",)),
        ({"tags": {}}, ("tags",)),
    ],
)
def test_any_other_member_is_named(sent, path):
    assert beyond(sent, HELD, {NODES: 3}, RULES) == [path]


@pytest.mark.parametrize(
    "shown", [{}, [], Unknown(Reference("a")), Reference("a"), Secret("one that only apply reads")]
)
def test_what_was_not_known_when_it_was_shown_may_be_anything(shown):
    assert beyond(body(nodes=9), HELD, {NODES: shown}, RULES) == []


def test_what_is_made_or_goes_may_be_anything():
    assert beyond(body(nodes=9, more=True), HELD, WHOLE_BODY, RULES) == []
