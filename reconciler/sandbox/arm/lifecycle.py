"""Long-running operations: what is pending on a record, and how it becomes ready.

A pending record holds `hidden["pending"] = {"verb", "wait", "op"}`. Nothing runs in the
background: before each request everything that is due is settled, whether the request looks at it
or not. An operation document outlives the record, because the poll that follows a finished
deletion must still answer.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm import later
from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.types import Answer, Call, Lro, ResourceType
from reconciler.sandbox.store import Record

if TYPE_CHECKING:
    from reconciler.sandbox.world import World

Json = dict[str, Any]
OPERATIONS = later.OPERATIONS


class Lifecycle:
    """Starts operations, settles records, answers polls."""

    def __init__(self, world: World, types: dict[str, ResourceType]) -> None:
        self._world = world
        self._types = types
        world.store.watch_moving(self._is_moving)

    def _is_moving(self, record: Record) -> bool:
        type_ = self._types.get(record.type.lower())
        return type_ is not None and ("pending" in record.hidden or type_.is_moving(record))

    def catch_up(self) -> None:
        """Let happen what is due, the earliest first: time decides, not who looks at what."""
        now = self._world.clock.now()
        moving = ((_next(record, now), record.id) for record in self._world.store.moving())
        due = sorted((end, resource_id) for end, resource_id in moving if end <= now)
        for _, resource_id in due:
            record = self._world.store.get(resource_id)
            if record is not None:  # it may have gone with what it was in
                self.settle(record)
        if due:
            self._world.store.commit()  # no part of the request, which may fail and be undone

    def begin(self, record: Record, type_: ResourceType, verb: str, seconds: float) -> str:
        """Make a record pending and return the id of the operation; the caller stores it."""
        operation = self.open(record, verb, type_.retry_after_s, type_.running_word)
        if not type_.says_retry_after:
            self._quieten(operation)
        wait = {"ends": self._world.clock.steps(seconds), "done": 0}
        record.hidden["pending"] = {"verb": verb, "wait": wait, "op": operation}
        record.hidden["operation"] = operation
        _set_state(record, type_, verb)
        return operation

    def open(
        self, record: Record, verb: str, retry_after_s: int = 10, word: str = "InProgress"
    ) -> str:
        """Write down a running operation and return its id; `close` ends it."""
        operation = str(uuid.uuid4())
        document = {
            "record": record.id,
            "verb": verb,
            "status": "InProgress",
            "running_word": word,
            "error": None,
            "started": self._world.clock.iso(),
            "retry_after_s": retry_after_s,
        }
        self._world.store.put_document(OPERATIONS, operation, document)
        return operation

    def _quieten(self, operation: str) -> None:
        """Let the polls of an operation not say when to ask again."""
        document = self._world.store.document(OPERATIONS, operation)
        document["says_retry_after"] = False
        self._world.store.put_document(OPERATIONS, operation, document)

    def settle(self, record: Record, *, polled: bool = False) -> Record | None:
        """Bring a record up to now; None when its pending deletion is over.

        `polled` marks a status read, which in some clock modes moves time.
        """
        type_ = self._types.get(record.type.lower())
        pending = record.hidden.get("pending")
        if type_ is None:
            return record
        if pending is not None:
            return self._settle_pending(record, type_, pending, polled=polled)
        if type_.settle is not None:
            type_.settle(self._world, record, polled=polled)
        return record

    def _settle_pending(
        self, record: Record, type_: ResourceType, pending: Json, *, polled: bool
    ) -> Record | None:
        wait = pending["wait"]
        done = self._world.clock.reached(wait, polled=polled)
        if done == wait["done"]:
            return record
        wait["done"] = done
        if done < len(wait["ends"]):
            self._world.store.put(record)
            return record
        return self._finish(record, type_, pending)

    def _finish(self, record: Record, type_: ResourceType, pending: Json) -> Record | None:
        del record.hidden["pending"]
        if pending["verb"] == "Deleting":
            self.remove(record)
            self.close(pending["op"], None)
            return None
        error = None
        try:
            type_.ready(self._world, record)
        except ArmError as failure:
            error = failure.body()["error"]
        _set_state(record, type_, "Failed" if error else "Succeeded")
        self._world.store.put(record)
        self.close(pending["op"], error)
        return record

    def remove(self, record: Record) -> None:
        """Delete a record and everything below it, deepest first, running each type's hook."""
        below = sorted(self._world.store.below(record.id), key=lambda item: -item.id.count("/"))
        for item in [*below, record]:
            type_ = self._types.get(item.type.lower())
            if type_ is not None and type_.outlives_scope and item is not record:
                continue
            self._world.store.delete(item.id)
            if type_ is not None:
                type_.removed(self._world, item)

    def close(self, operation: str, error: Json | None) -> None:
        """End an operation, as failed if there is an error."""
        document = self._world.store.document(OPERATIONS, operation)
        document["status"] = "Failed" if error else "Succeeded"
        document["error"] = error
        document["ended"] = self._world.clock.iso()
        self._world.store.put_document(OPERATIONS, operation, document)

    def fail(self, operation: str, error: Json) -> None:
        """End a running operation as failed, and what it was making with it."""
        document = self._world.store.document(OPERATIONS, operation)
        if document is None or "ended" in document:
            return
        record = self._world.store.get(document["record"])
        if record is not None and record.hidden.get("pending", {}).get("op") == operation:
            del record.hidden["pending"]
            _set_state(record, self._types[record.type.lower()], "Failed")
            self._world.store.put(record)
        self.close(operation, error)

    def poll(self, operation: str, call: Call, *, as_location: bool) -> Answer:
        """Answer a poll of an operation. Raises ArmError 404 for one that never was."""
        document = self._world.store.document(OPERATIONS, operation)
        if document is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{operation}' was not found.")
        record = self._world.store.get(document["record"])
        if document["status"] == "InProgress":
            if "wait" in document:
                later.is_over(self._world, operation, polled=True)
            elif record is not None:
                self.settle(record, polled=True)
            document = self._world.store.document(OPERATIONS, operation)
        if as_location:
            return self._location_answer(document, call)
        return self._status_answer(operation, document, call)

    def _status_answer(self, operation: str, document: Json, call: Call) -> Answer:
        status = document["status"]
        if status == "InProgress":
            status = document.get("running_word", status)
        body: Json = {
            "id": call.path,
            "name": operation,
            "status": status,
            "startTime": document["started"],
        }
        if document["status"] == "InProgress":
            return Answer(200, body, self._pace_of(document))
        body["endTime"] = document["ended"]
        body["percentComplete"] = 100
        if document["error"]:
            body["error"] = document["error"]
        return Answer(200, body)

    def _location_answer(self, document: Json, call: Call) -> Answer:
        if document["status"] == "InProgress":
            location = {"Location": self._world.base_url + _with_query(call)}
            return Answer(202, None, location | self._pace_of(document))
        if document["error"]:
            return Answer(400, {"error": document["error"]})
        if "answer" in document:
            return Answer(200, document["answer"])
        record = self._world.store.get(document["record"])
        if document["verb"] == "Deleting" or record is None:
            return Answer(200)
        return Answer(200, self._world.arm.present(record, call.version))

    def _pace_of(self, document: Json) -> dict[str, str]:
        says = bool(document.get("says_retry_after", True))
        return self._pace(int(document["retry_after_s"]), says=says)

    def _pace(self, seconds: int, *, says: bool) -> dict[str, str]:
        """When to ask again; where Azure does not say it, in the sandbox's own header alone."""
        found = self._world.clock.retry_headers(seconds)
        if not says:
            found.pop("Retry-After", None)
        return found

    def headers(self, record: Record, style: Lro, operation: str, version: str) -> dict[str, str]:
        """Return the headers that tell a client how to wait."""
        type_ = self._types[record.type.lower()]
        base = f"{self._world.base_url}{_operations_path(record, type_)}"
        query = f"?api-version={version}"
        found = self._pace(type_.retry_after_s, says=type_.says_retry_after)
        if style in (Lro.ASYNC_OPERATION, Lro.BOTH):
            found["Azure-AsyncOperation"] = f"{base}/operationStatuses/{operation}{query}"
        if style in (Lro.LOCATION, Lro.BOTH):
            found["Location"] = f"{base}/operationResults/{operation}{query}"
        return found


def _operations_path(record: Record, type_: ResourceType) -> str:
    subscription = record.id.split("/")[2]
    location = str(record.body.get("location") or "global").lower().replace(" ", "")
    return f"/subscriptions/{subscription}/providers/{type_.namespace}/locations/{location}"


def _next(record: Record, now: float) -> float:
    """When a moving record's next step is due; that of a template's deployment, which follows what
    others do, is always. What was moved by hand after its last step has none left.
    """
    pending = record.hidden.get("pending") or record.hidden.get("cancel") or record.hidden
    wait = pending.get("wait")
    if wait is None:
        return now
    return float(wait["ends"][wait["done"]]) if wait["done"] < len(wait["ends"]) else math.inf


def _with_query(call: Call) -> str:
    return f"{call.path}?api-version={call.version}"


def _set_state(record: Record, type_: ResourceType, state: str) -> None:
    if type_.shows_state:
        record.body.setdefault("properties", {})["provisioningState"] = state
