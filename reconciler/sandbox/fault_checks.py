"""Which faults and numbers the controls take: what is armed must be able to strike.

Faults stay armed over a restart, so one that cannot be carried out would break every request
that meets it, long after it was asked for. All checks raise ValueError with a user-ready message.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from math import isfinite
from typing import Any

Json = dict[str, Any]
FIELDS = {"method", "path", "caller", "nth", "times", "probability", "seed", "when", "action"}
WITH = {
    "status": {"headers", "body"},
    "drop": set[str](),
    "truncate": set[str](),
    "hang": set[str](),
    "hold": set[str](),
    "delay_s": set[str](),
    "stale": {"every"},
    "pages": set[str](),
    "omit": set[str](),
    "repeat": set[str](),
    "next_link": set[str](),
    "operation": set[str](),
    "kill": {"signal"},
}
"""Every action, and what may be said with it."""
BEFORE_ONLY = {"stale", "pages"}
AFTER_ONLY = {"truncate", "operation", "omit", "repeat", "next_link"}
FIRST_USER_PROCESS = 2


def checked(fault: Any) -> Json:
    """Return a fault with its defaults."""
    fault = known(fault, FIELDS, "a fault")
    kind = _kind(fault.get("action"))
    _check_words(fault)
    action = fault["action"]
    _ACTION_CHECKS[kind](action)
    times = _stale_within(action) if kind == "stale" else 0 if "probability" in fault else 1
    default = "after" if kind in AFTER_ONLY else "before"
    whole = {"nth": 1, "times": times, "when": default, "seed": 0, **fault}
    _check_moment(kind, whole["when"])
    return whole


def known(body: Any, names: set[str], what: str = "this control") -> Json:
    """Return a JSON object, refusing words that would be ignored in silence."""
    if not isinstance(body, dict):
        raise ValueError(  # noqa: TRY004 - all checks raise ValueError, which is answered 400
            f"{what} is told by a JSON object, not by {type(body).__name__}"
        )
    unknown = sorted(body.keys() - names)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(sorted(names))}")
    return body


def number(value: Any, name: str, least: float = 0) -> float:
    """Return a finite number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{name} is a number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} is at least {least:g}, not {value}")
    return float(value)


def whole_number(value: Any, name: str, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    found = number(value, name, least)
    if found != int(found):
        raise ValueError(f"{name} is a whole number, not {value}")
    return int(found)


def number_of(name: Any) -> signal.Signals:
    """Return the signal of a name such as KILL, TERM, INT or STOP."""
    try:
        return signal.Signals[f"SIG{str(name).upper().removeprefix('SIG')}"]
    except KeyError:
        raise ValueError(f"{name!r} is no signal; try KILL, TERM, INT or STOP") from None


def _kind(action: Any) -> str:
    kinds = WITH.keys() & action.keys() if isinstance(action, dict) else set()
    if len(kinds) != 1:
        raise ValueError(f"a fault needs an action with one of {', '.join(sorted(WITH))}")
    kind = str(kinds.pop())
    known(action, WITH[kind] | {kind}, "an action")
    return kind


def _check_words(fault: Json) -> None:
    for name in ("method", "path", "caller"):
        if name in fault and type(fault[name]) is not str:
            raise ValueError(f"{name} is text, not {fault[name]!r}")
    _check_expression(fault.get("path", ""), "path")
    for name, least in (("nth", 1), ("times", 0)):
        if name in fault:
            whole_number(fault[name], name, least)
    if "seed" in fault and type(fault["seed"]) is not int:
        raise ValueError(f"seed is a whole number, not {fault['seed']!r}")
    if "probability" in fault and not 0 < number(fault["probability"], "probability") <= 1:
        raise ValueError("a probability is above 0 and at most 1")


def _check_expression(text: Any, name: str) -> None:
    try:
        re.compile(text)
    except (re.error, TypeError) as error:
        raise ValueError(f"{name} {text!r} is not a regular expression: {error}") from error


def _stale_within(action: Json) -> int:
    """Return within how many fitting reads the stale ones are all seen."""
    return int(action["stale"]) * int(action.get("every", 1))


def _check_stale(action: Json) -> None:
    whole_number(action["stale"], "the number of stale reads", 1)
    whole_number(action.get("every", 1), "every", 1)


def _is_expression(name: str) -> Callable[[Json], None]:
    def check(action: Json) -> None:
        _check_expression(action[name], name)

    return check


def _check_link(action: Json) -> None:
    if not isinstance(action["next_link"], str) or not action["next_link"]:
        raise ValueError("next_link is a text, such as https://elsewhere.example/ or {url}")


def _check_status(action: Json) -> None:
    if not 100 <= whole_number(action["status"], "status") <= 599:
        raise ValueError(f"{action['status']} is no HTTP status")
    headers = action.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise ValueError("headers are names with texts")


def _check_operation(action: Json) -> None:
    steps = action["operation"]
    if not isinstance(steps, list) or not steps:
        raise ValueError("operation is a list of statuses, such as [InProgress, Failed]")
    for step in steps:
        if isinstance(step, dict) and "status" in step:
            known(step, WITH["status"] | {"status"}, "a step")
            _check_status(step)
        elif not isinstance(step, str) or not step:
            raise ValueError(f"a step is a status word or an answer with a status, not {step!r}")


def _check_kill(action: Json) -> None:
    """0 and below would reach whole groups of processes, 1 the first one of the machine."""
    whole_number(action["kill"], "the process id", FIRST_USER_PROCESS)
    number_of(action.get("signal", "KILL"))


def _is_set(name: str) -> Callable[[Json], None]:
    def check(action: Json) -> None:
        if action[name] is not True:
            raise ValueError(f"{name} is true, or left out")

    return check


def _check_moment(kind: str, when: Any) -> None:
    if when not in ("before", "after"):
        raise ValueError("`when` is before or after")
    if kind in AFTER_ONLY and when == "before":
        raise ValueError(f"{kind} concerns the answer: it strikes after, not before")
    if kind in BEFORE_ONLY and when == "after":
        raise ValueError(f"{kind} decides what is read: it strikes before, not after")


_ACTION_CHECKS: dict[str, Callable[[Json], object]] = {
    "status": _check_status,
    "drop": _is_set("drop"),
    "truncate": _is_set("truncate"),
    "hang": _is_set("hang"),
    "hold": _is_set("hold"),
    "delay_s": lambda action: number(action["delay_s"], "delay_s"),
    "stale": _check_stale,
    "pages": lambda action: whole_number(action["pages"], "the number of items on a page", 1),
    "omit": _is_expression("omit"),
    "repeat": _is_expression("repeat"),
    "next_link": _check_link,
    "operation": _check_operation,
    "kill": _check_kill,
}
