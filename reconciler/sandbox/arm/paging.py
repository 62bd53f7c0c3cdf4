"""Lists: `$filter` on tags and types, `$orderBy`, `$top`, `$skipToken`, `nextLink`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from reconciler.sandbox.arm.errors import ArmError

if TYPE_CHECKING:
    from reconciler.sandbox.arm.types import Call
    from reconciler.sandbox.world import World

Json = dict[str, Any]
Item = TypeVar("Item")
PAGE_SIZE = 100


def page(
    world: World,
    call: Call,
    items: Sequence[Item],
    show: Callable[[Item], Any] = lambda item: item,
) -> Json:
    """Return one page: `value`, and `nextLink` if there is more. `$top` or `count` caps the page.

    `show` turns an item into what is listed; only the items of this page are shown.
    """
    query = {key.lower(): value for key, value in call.query.items()}
    start = _start(query.get("$skiptoken") or query.get("$skip"))
    size = min(
        call.page_size or PAGE_SIZE, _top(query.get("$top") or query.get("count"), PAGE_SIZE)
    )
    body: Json = {"value": [show(item) for item in items[start : start + size]]}
    if start + size < len(items):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        kept = {k: v for k, v in call.query.items() if k.lower() not in ("$skiptoken", "$skip")}
        body["nextLink"] = f"{world.base_url}{call.path}?{urlencode({**kept, '$skipToken': token})}"
    return body


def _start(token: str | None) -> int:
    if not token:
        return 0
    if token.isdigit():
        return int(token)
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise ArmError(400, "InvalidSkipToken", f"The skip token '{token}' is invalid.") from error


def _top(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or int(text) == 0:
        raise ArmError(400, "InvalidTop", f"The value '{text}' of $top is not a positive number.")
    return int(text)
