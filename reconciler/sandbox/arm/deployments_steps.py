"""A running template deployment: which resources are being written, and what became of them.

Nothing runs in the background: every look at a deployment carries it on. A step is evaluated just
before it is written, when all that it depends on is there; `reference()` to a resource of the same
template that is not there yet makes it wait, which is ARM's implicit dependency. After a failure
what does not depend on it still goes on (Microsoft Learn, "Troubleshoot ARM deployments").
"""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.arm.errors import ArmError
from reconciler.sandbox.arm.expressions import Function, Thunk
from reconciler.sandbox.arm.lifecycle import OPERATIONS
from reconciler.sandbox.arm.types import Call

if TYPE_CHECKING:
    from reconciler.sandbox.arm.templates import Template
    from reconciler.sandbox.store import Record
    from reconciler.sandbox.world import World

Json = dict[str, Any]
WAITING, RUNNING, SUCCEEDED, FAILED = "Waiting", "Running", "Succeeded", "Failed"


class NotYetError(Exception):
    """An expression reads a resource of the same template that is not deployed yet."""


class Steps:
    """The steps of one deployment; changes them in place, the caller stores them."""

    def __init__(self, world: World, template: Template, steps: list[Json], caller: Json) -> None:
        self._world, self._template = world, template
        self._steps, self._caller = steps, caller

    def advance(self, *, polled: bool) -> bool:
        """Carry on as far as possible now; returns whether all is over.

        `polled` marks a status read, which in some clock modes moves time.
        """
        for step in self._in(RUNNING):
            self._look(step, polled=polled)
        while self._start_ready():
            for step in self._in(RUNNING):
                self._look(step, polled=False)
        return not self._in(RUNNING)

    def runtime(self) -> dict[str, Function]:
        """Return the template functions that read deployed resources."""
        return {
            "reference": self._reference,
            "listkeys": lambda given: self._list("listKeys", given),
            "listsecrets": lambda given: self._list("listSecrets", given),
            "listcredentials": lambda given: self._list("listCredentials", given),
        }

    def failures(self) -> list[Json]:
        """Return the error of every failed step, each with its target, once all is over."""
        failed = [{**step["error"], "target": step["id"]} for step in self._in(FAILED)]
        return failed or [_stuck(step) for step in self._in(WAITING)]

    def _in(self, state: str) -> list[Json]:
        return [step for step in self._steps if step["state"] == state]

    def _ready(self) -> list[Json]:
        there = {step["id"].lower() for step in self._in(SUCCEEDED)}
        return [step for step in self._in(WAITING) if there.issuperset(step["depends"])]

    def _start_ready(self) -> bool:
        """Write every resource that can be; returns whether something changed."""
        changed = [self._start(step) for step in self._ready()]
        return any(changed)

    def _start(self, step: Json) -> bool:
        """Write one resource; returns whether something changed."""
        step["started"] = self._world.clock.now()
        try:
            body = self._template.body(step, **self.runtime())
            step["created"] = self._world.store.get(step["id"]) is None
            self._world.arm.handle(self._call("PUT", step["id"], step["apiVersion"], body))
        except NotYetError:
            return False
        except ArmError as error:
            self._end(step, error.body()["error"], HTTPStatus(error.status).name)
            return True
        step["state"] = RUNNING
        return True

    def _look(self, step: Json, *, polled: bool) -> None:
        record = self._world.store.get(step["id"])
        if record is not None:
            record = self._world.arm.lifecycle.settle(record, polled=polled)
        operation = self._operation(record)
        if operation.get("status") == "InProgress":
            return
        if operation.get("error"):
            self._end(step, _terminal(step["id"], operation["error"]), "CONFLICT")
        else:
            self._end(step, None, "CREATED" if step["created"] else "OK")

    def _operation(self, record: Record | None) -> Json:
        """Return the latest operation of a record, empty for one written at once."""
        if record is None:
            return {}
        name = record.hidden.get("operation", "")
        found: Json = self._world.store.document(OPERATIONS, name) or {}
        return found

    def _end(self, step: Json, error: Json | None, status: str) -> None:
        step["state"] = FAILED if error else SUCCEEDED
        step["ended"] = self._world.clock.now()
        step["error"] = error
        step["status"] = "".join(word.capitalize() for word in status.split("_"))
        if status == "OK":
            step["status"] = "OK"

    def _call(self, method: str, id_: str, version: str, body: Any = None) -> Call:
        query = {"api-version": version}
        return Call(
            method, id_, query, body, {}, self._caller["principal"], self._caller["application"]
        )

    def _reference(self, given: list[Thunk]) -> Any:
        """Evaluate `reference(name or id, [apiVersion], ['Full'])`."""
        wanted, *more = [str(one()) for one in given]
        step = self._step(wanted)
        if step is not None and step["state"] != SUCCEEDED:
            raise NotYetError
        found = self._world.resource(step["id"] if step else wanted)
        if found is None:
            raise _not_found(wanted)
        is_full = len(more) > 1 and more[1].lower() == "full"
        return found if is_full else found.get("properties", {})

    def _step(self, wanted: str) -> Json | None:
        low = wanted.lower()
        for step in self._steps:
            if low in (step["id"].lower(), step["name"].lower()) or wanted == step["symbol"]:
                return step
        return None

    def _list(self, action: str, given: list[Thunk]) -> Any:
        wanted, version = str(given[0]()), str(given[1]())
        step = self._step(wanted)
        if step is not None and step["state"] != SUCCEEDED:
            raise NotYetError
        id_ = step["id"] if step else wanted
        return self._world.arm.handle(self._call("POST", f"{id_}/{action}", version)).body


def new_step(step: Json) -> Json:
    """Return a step of a template as a step of a deployment that has not begun."""
    return {
        **step,
        "state": WAITING,
        "started": None,
        "ended": None,
        "error": None,
        "status": None,
        "operation": uuid.uuid4().hex[:16].upper(),
        "request": str(uuid.uuid4()),
    }


def _terminal(id_: str, error: Json) -> Json:
    """A resource whose own long-running operation failed.

    Source: Microsoft Learn, "Troubleshoot common Azure deployment errors"; wording UNVERIFIED.
    """
    return {
        "code": "ResourceDeploymentFailure",
        "target": id_,
        "message": "The resource write operation failed to complete successfully, because it "
        "reached terminal provisioning state 'Failed'.",
        "details": [error],
    }


def _stuck(step: Json) -> Json:
    """Two resources that `reference()` each other."""
    message = f"Circular dependency detected on resource: '{step['id']}'."
    return {"code": "InvalidTemplate", "target": step["id"], "message": message}


def _not_found(wanted: str) -> ArmError:
    return ArmError(404, "ResourceNotFound", f"The Resource '{wanted}' was not found.")
