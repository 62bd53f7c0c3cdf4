"""What Azure serves and the sandbox does not: told as such, never as something Azure has not.

`not_emulated.txt` lists resource providers as a whole, and types of those that are here in part.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path

from reconciler.sandbox.arm.errors import ArmError

_FILE = Path(__file__).with_name("not_emulated.txt")
CODE = "NotEmulated"


def proper(namespace: str) -> str | None:
    """Return the proper case of a resource provider that is not here at all, or None."""
    return _all()["*"].get(namespace.lower())


def is_known(namespace: str, types: str) -> bool:
    """Whether Azure has a type, such as `workspaces/schedules`, that the sandbox has not."""
    listed = _all().get(namespace.lower(), {})
    return proper(namespace) is not None or types.lower() in listed


def refusal(what: str) -> ArmError:
    """Return the answer to a request that Azure would carry out."""
    return ArmError(
        HTTPStatus.NOT_IMPLEMENTED,
        CODE,
        f"The sandbox does not emulate {what}; Azure has it.",
    )


@cache
def _all() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for block in _FILE.read_text(encoding="utf-8").split("\n\n")[1:]:
        head, *lines = block.splitlines()
        found[head.lower()] = {word.lower(): word for line in lines for word in line.split()}
    return found
