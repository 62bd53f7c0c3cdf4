"""What differs between a recorded answer and the sandbox's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.sandbox.replay.recordings import Exchange

WAITING = ("azure-asyncoperation", "location", "retry-after")
GATE = ("status", "code", "wait")
"""The aspects that must agree for an exchange to count as agreeing."""
_WORD = re.compile(r"[A-Za-z][A-Za-z.]{0,39}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
_NAMES = re.compile(
    r"\.(name|id|location|createdBy\w*|lastModifiedBy\w*|key|value|etag|endpoint)$", re.I
)


@dataclass(frozen=True)
class Answer:
    """The sandbox's answer; header names in lower case, `body` is parsed JSON, text or None."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, order=True)
class Difference:
    """`aspect` is one of GATE, or cause, body, keys, values; `what` one line about it."""

    exchange: str
    aspect: str
    what: str


def differences(exchange: Exchange, answer: Answer) -> list[Difference]:
    """Compare one answer with its recording."""
    return [Difference(exchange.id, aspect, what) for aspect, what in _all(exchange, answer)]


def _all(exchange: Exchange, answer: Answer) -> Iterator[tuple[str, str]]:
    if answer.status != exchange.status:
        yield "status", f"{exchange.status} recorded, {answer.status} here"
        return  # bodies and headers of another status say nothing
    recorded_code, code = (_code(x.headers, b) for x, b in _both(exchange, answer))
    if recorded_code != code:
        yield "code", f"{recorded_code} recorded, {code} here"
    yield from _waits(exchange, answer)
    yield from _cause(exchange, answer)
    yield from _bodies(exchange.answer, answer.body)


def _both(exchange: Exchange, answer: Answer) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (exchange, exchange.answer), (answer, answer.body)


def _code(headers: dict[str, str], body: Any) -> str | None:
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("code"))
    return headers.get("x-ms-error-code")


def _waits(exchange: Exchange, answer: Answer) -> Iterator[tuple[str, str]]:
    if not exchange.is_arm:
        return
    recorded = [name for name in WAITING if name in exchange.headers]
    sent = [name for name in WAITING if name in answer.headers]
    if recorded != sent:
        yield "wait", f"{recorded} recorded, {sent} here"


def _cause(exchange: Exchange, answer: Answer) -> Iterator[tuple[str, str]]:
    """Whether Resource Manager itself refused (`gateway`) or the provider did."""
    recorded, sent = (x.headers.get("x-ms-failure-cause") for x in (exchange, answer))
    if recorded != sent:
        yield "cause", f"{recorded} recorded, {sent} here"


def _bodies(recorded: Any, body: Any) -> Iterator[tuple[str, str]]:
    if isinstance(recorded, str) or isinstance(body, str):
        return
    if (recorded is None) != (body is None):
        yield "body", f"{_short(recorded)} recorded, {_short(body)} here"
        return
    found, ours = dict(_leaves(recorded)), dict(_leaves(body))
    for place, value in found.items():
        if place not in ours:
            if place.rpartition(".")[0].removesuffix("[]") in ours or "." not in place[1:]:
                yield "keys", f"no {place} (recorded {_short(value)})"
        elif not _alike(place, value, ours[place]):
            yield "values", f"{place}: {_short(value)} recorded, {_short(ours[place])} here"


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its value; of a list the first item stands for all."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{place}.{key}", item
            yield from _leaves(item, f"{place}.{key}")
    elif isinstance(value, list) and value:
        yield f"{place}[]", value[0]
        yield from _leaves(value[0], f"{place}[]")


def _alike(place: str, recorded: Any, sent: Any) -> bool:
    """Same JSON kind, and the same value where it is a choice and not a name or a moment."""
    if _kind(recorded) != _kind(sent):
        return False
    is_choice = isinstance(recorded, bool) or (
        isinstance(recorded, str) and _WORD.fullmatch(recorded) and not _NAMES.search(place)
    )
    return recorded == sent if is_choice else True


def _kind(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def _short(value: Any) -> str:
    text = _TIME.sub("<time>", _GUID.sub("<guid>", json.dumps(value)))
    return text if len(text) <= 60 else text[:57] + "..."
