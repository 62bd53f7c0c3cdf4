"""What the sandbox answers to a control request that it cannot understand."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from typing import Any

import pytest

from tests.support.sandbox import GROUP, Sandbox


def refusal(sandbox: Sandbox, name: str, body: Any) -> str:
    """What a control answers to a request that it cannot understand."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        sandbox.control("POST", name, body)
    assert caught.value.code == 400
    found: str = json.loads(caught.value.read())["error"]
    return found


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"action": {"explode": True}}, "a fault needs an action with one of delay_s, drop"),
        ({"action": {"drop": True}, "methd": "PUT"}, "'methd' is none of"),
        ({"action": {"drop": True}, "path": "("}, "is not a regular expression"),
        ({"action": {"drop": True}, "when": "during"}, "`when` is before or after"),
        ({"action": {"kill": 999999, "signal": "SIGNAL"}}, "is no signal; try KILL"),
        ({"action": {"stale": 0}}, "at least 1"),
        ({"action": {"stale": 1, "every": 0}}, "every is at least 1"),
        ({"action": {"stale": 1}, "when": "after"}, "strikes before, not after"),
        ({"action": {"pages": 0}}, "at least 1"),
        ({"action": {"omit": "("}}, "omit '(' is not a regular expression"),
        ({"action": {"repeat": 5}}, "repeat 5 is not a regular expression"),
        ({"action": {"omit": "x"}, "when": "before"}, "strikes after, not before"),
        ({"action": {"next_link": ""}}, "next_link is a text"),
        ({"action": {"truncate": True}, "when": "before"}, "strikes after, not before"),
        ({"action": {"drop": True}, "probability": 2}, "above 0 and at most 1"),
        ({"action": {"status": 900}}, "900 is no HTTP status"),
        ({"action": {"status": None}}, "status is a number, not None"),
        ({"action": {"status": 503, "bdoy": {}}}, "'bdoy' is none of"),
        ({"action": {"status": 503, "headers": {"Retry-After": 1}}}, "names with texts"),
        ({"action": {"drop": False}}, "drop is true, or left out"),
        ({"action": {"delay_s": "soon"}}, "delay_s is a number, not 'soon'"),
        ({"action": {"operation": ["InProgress", 5]}}, "a step is a status word"),
        ({"action": {"kill": "x"}}, "the process id is a number"),
        ({"action": {"kill": 0}}, "the process id is at least 2"),
        ({"action": {"kill": -1}}, "the process id is at least 2"),
        ({"action": {"drop": True}, "method": 5}, "method is text"),
        ({"action": {"drop": True}, "path": 5}, "path is text"),
        ({"action": {"drop": True}, "nth": 0}, "nth is at least 1"),
        ({"action": {"drop": True}, "times": 1.5}, "times is a whole number"),
        ({"action": {"drop": True}, "seed": "x"}, "seed is a whole number"),
        ([], "told by a JSON object, not by list"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(sandbox: Sandbox, words: Any, told: str) -> None:
    assert told in refusal(sandbox, "faults", words)


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("throttle", {"bursts": 1}, "'bursts' is none of"),
        ("latency", {"ms": 1, "jiter": 2}, "'jiter' is none of"),
        ("clock", {"mode": "warp"}, "clock mode 'warp'"),
        ("clock", {"advanced": 1}, "'advanced' is none of"),
        ("drift", {"op": "explode", "id": GROUP}, "op 'explode' is not"),
        ("clock", {"advance": None}, "advance is a number"),
        ("clock", {"advance": -5}, "advance is at least 0"),
        ("latency", {}, "ms is a number"),
        ("latency", {"ms": -5}, "ms is at least 0"),
        ("throttle", {"writes": 5}, "writes has a size and a refill"),
        ("throttle", {"writes": [5, -1]}, "the refill of writes is at least 0"),
        ("settings", {"latency_ms": "x"}, "latency_ms is a number"),
        ("drift", {"op": "tag", "id": GROUP}, "drift tag needs a body"),
        ("drift", {}, "names no resource type"),
        ("restore", {"resources": []}, "this is no snapshot"),
    ],
)
def test_a_control_that_is_not_understood_is_refused(
    sandbox: Sandbox, name: str, body: Any, told: str
) -> None:
    assert told in refusal(sandbox, name, body)
