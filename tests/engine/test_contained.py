"""What a body would change beyond what its plan showed, member by member."""

import pytest

from reconciler.engine.contained import WHOLE_BODY, beyond, left_out
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


AZURES = {"properties.provisioningState"}.__contains__
FULL = {
    "id": "/subscriptions/x",
    "location": "westeurope",
    "tags": {"team": "one", "cost": "7", "reconcile-spec": "a"},
    "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
    "properties": {
        "provisioningState": "Succeeded",
        "size": "Small",
        "expiryTime": None,
        "sharedWith": [],
        "isShared": False,
        "auth": {"authType": "Key", "audience": "all"},
        "credentials": {"key": "hidden"},
    },
}


def without(*path):
    """Return the body without one member."""
    copied = {k: dict(v) if isinstance(v, dict) else v for k, v in FULL.items()}
    inner = copied
    for key in path[:-1]:
        inner[key] = dict(inner[key])
        inner = inner[key]
    del inner[path[-1]]
    return copied


@pytest.mark.parametrize(
    "path",
    [
        ("tags", "cost"),
        ("tags",),
        ("identity",),
        ("properties", "isShared"),
        ("properties", "auth", "audience"),
        ("properties", "auth"),
    ],
)
def test_what_a_put_leaves_out_is_named(path):
    assert left_out(without(*path), FULL, {NODES: 3}, RULES, AZURES) == [path]
    assert left_out(without(*path), FULL, {path: None}, RULES, AZURES) == [], "it was shown"
    assert left_out(without(*path), FULL, WHOLE_BODY, RULES, AZURES) == [], "all of it goes"


@pytest.mark.parametrize(
    "path",
    [
        ("id",),
        ("location",),
        ("tags", "reconcile-spec"),
        ("identity", "principalId"),
        ("properties", "provisioningState"),
        ("properties", "expiryTime"),
        ("properties", "sharedWith"),
        ("properties", "credentials"),
    ],
)
def test_what_azure_fills_in_hides_or_does_not_hold_may_be_left_out(path):
    assert left_out(without(*path), FULL, {NODES: 3}, RULES, AZURES) == []


def test_a_table_of_another_type_has_other_members():
    sent = without("properties", "auth", "audience")
    sent["properties"]["auth"]["authType"] = "None"
    shown = {("properties", "auth", "authType"): "None"}
    assert left_out(sent, FULL, shown, RULES, AZURES) == []


def test_a_member_in_another_case_is_not_left_out():
    sent = {**without("properties", "isShared"), "Tags": FULL["tags"]}
    del sent["tags"]
    sent["properties"]["ISSHARED"] = False
    assert left_out(sent, FULL, {}, RULES, AZURES) == []
