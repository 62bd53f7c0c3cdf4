"""Operations that store no resource: 202 with a Location, where the answer is found later.

Sources: recordings of the purge of a vault and of a workspace's diagnose.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.calls import Answer, Call

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
OPERATIONS = "operations"
RETRY_AFTER_S = 10


def begin(
    world: World,
    call: Call,
    seconds: float,
    answer: Json | None = None,
    *,
    says_retry_after: bool = False,
) -> str:
    """Begin an operation that ends with `answer` after some seconds, and return its id."""
    operation = str(uuid.uuid4())
    document = {
        "record": call.path,
        "status": "InProgress",
        "error": None,
        "started": world.clock.iso(),
        "retry_after_s": RETRY_AFTER_S,
        "says_retry_after": says_retry_after,
        "wait": {"ends": world.clock.steps(seconds), "done": 0},
        "answer": answer,
    }
    world.store.put_document(OPERATIONS, operation, document)
    return operation


def accepted(world: World, call: Call, operation: str) -> Answer:
    """Return the 202 that says where the operation's answer will be."""
    parts = call.path.split("/")
    namespace = parts[[part.lower() for part in parts].index("providers") + 1]
    base = f"/subscriptions/{parts[2]}/providers/{namespace}/locations/global"
    url = f"{world.base_url}{base}/operationResults/{operation}?api-version={call.version}"
    pace = world.clock.retry_headers(RETRY_AFTER_S)
    if not world.store.document(OPERATIONS, operation)["says_retry_after"]:
        pace.pop("Retry-After", None)
    return Answer(202, None, {"Location": url, **pace})


def is_over(world: World, operation: str, *, polled: bool = False) -> bool:
    """Whether an operation has ended; `polled` marks a status read, which may move time."""
    document = world.store.document(OPERATIONS, operation)
    if document["status"] == "InProgress":
        if not world.clock.reached(document["wait"], polled=polled):
            return False
        world.arm.lifecycle.close(operation, None)
    return True
