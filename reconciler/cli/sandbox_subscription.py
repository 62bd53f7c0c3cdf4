"""Controls of a sandbox's subscription: `reconcile sandbox quota|sizes|prices|lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from reconciler.cli.arguments import Parser

Json = dict[str, Any]
LOCKS = {"readonly": "ReadOnly", "cannotdelete": "CanNotDelete"}
LOCK_NAME = "sandbox"


def add_arguments(parser: Parser) -> None:
    """Add the options of `quota`."""
    group = parser.add_argument_group("options of `quota FAMILY [REGION]`")
    group.add_argument("--limit", type=int, metavar="N", help="cores allowed; -1: no limit")
    group.add_argument("--used", type=int, metavar="M", help="cores that others use")
    group.add_argument("--workspace", metavar="ID", help="the limit of this workspace alone")


def request_of(name: str, words: list[str], options: Namespace) -> tuple[str, Json] | None:
    """Return control and body that the words mean, None if they are not complete."""
    match name, words:
        case "quota", [family] | [family, _]:
            stated = {"family": family, "location": words[1] if len(words) > 1 else None}
            given = {key: getattr(options, key) for key in ("limit", "used", "workspace")}
            return "quota", {key: v for key, v in {**stated, **given}.items() if v is not None}
        case "sizes", ["bar" | "allow" as verb, size, *region] if len(region) < 2:
            return "sizes", {"size": size, "barred": verb == "bar", **_location(region)}
        case "prices", ["set", size, region, price]:
            return "prices", {"size": size, "location": region, "price": price}
        case "prices", ["remove", size, region]:
            return "prices", {"size": size, "location": region, "price": None}
        case "lock", ["add", scope, *level] if len(level) < 2:
            return "drift", _lock(scope, level[0] if level else "CanNotDelete")
        case "lock", ["remove", scope]:
            return "drift", {"op": "delete", "id": _lock_id(scope)}
    return None


def said(name: str, words: list[str]) -> str:
    """Return the line that tells what was done."""
    return f"{name}: {' '.join(words)}"


def _location(region: list[str]) -> Json:
    return {"location": region[0]} if region else {}


def _lock(scope: str, level: str) -> Json:
    proper = LOCKS.get(level.replace("-", "").lower())
    if proper is None:
        raise UsageError.because(f"a lock is CanNotDelete or ReadOnly, not {level!r}")
    return {"op": "put", "id": _lock_id(scope), "body": {"properties": {"level": proper}}}


def _lock_id(scope: str) -> str:
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/locks/{LOCK_NAME}"
