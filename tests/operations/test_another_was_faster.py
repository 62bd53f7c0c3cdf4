"""A 409 says that another was faster: what they made is neither taken over nor deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from reconciler.engine.types import Action, Status
from reconciler.kinds.ownership import OWNER_TAG, mark
from reconciler.operations.apply.executor import Report, apply
from reconciler.render.reason_text import summary_of
from tests.support.faulted import of
from tests.support.serving import ENDPOINT, SPEC, Azure, Events

EP = "endpoints.phi3-ep"
PUT = r"onlineEndpoints/phi3-ep\?"
REPLACING = SPEC.replace(
    "    traffic: {blue: 100}", "    description: new\n    traffic: {blue: 100}"
)
CONFLICT = {
    "status": 409,
    "headers": {"x-ms-retry-after-ms": "5"},
    "body": {"error": {"code": "Conflict", "message": "injected"}},
}


class AfterConflict(threading.Event):
    """A stop event whose waits pass at once; in the first one after a 409 something happens."""

    def __init__(self, azure: Azure, happens: Callable[[], Any]) -> None:
        super().__init__()
        self._azure, self._happens, self._since = azure, [happens], azure.now()

    def wait(self, timeout: float | None = None) -> bool:
        if self._happens and 409 in (e["status"] for e in self._azure.everything(self._since)):
            self._happens.pop()()
        return self.is_set()


def of_team_b(azure: Azure) -> None:
    """Let another team make the endpoint, with its own mark, and protect it."""
    tags = {OWNER_TAG: mark("team-b", ENDPOINT), "reconcile-protect": "true"}
    identity = {"type": "SystemAssigned"}
    body = {"location": "eastus", "kind": "Managed", "identity": identity, "tags": tags}
    body = {**body, "properties": {"authMode": "Key"}}
    azure.control("POST", "drift", {"op": "put", "id": ENDPOINT, "body": body})


def applied_while(azure: Azure, text: str, nth: int, happens: Callable[[], Any]) -> Report:
    """Apply; the nth PUT of the endpoint is answered 409, and then something happens."""
    loaded, connection, planned = azure.load(text), azure.connection(), azure.plan(text)
    rule = {"method": "PUT", "path": PUT, "nth": nth, "times": 1, "when": "before"}
    azure.control("POST", "faults", {**rule, "action": CONFLICT})
    connection.stop = AfterConflict(azure, happens)
    return apply(loaded, connection, planned, progress=Events(), parallelism=1)


def sent(azure: Azure, since: int) -> list[str]:
    """Return the methods of the writes to the endpoint itself; a replace drains it first."""
    entries = [e for e in azure.everything(since) if e["path"].casefold() == ENDPOINT.casefold()]
    return [e["method"] for e in entries if e["method"] != "GET"]


def test_what_another_made_first_is_not_taken_over(azure: Azure) -> None:
    since = azure.now()
    report = applied_while(azure, SPEC, 1, lambda: of_team_b(azure))
    assert of(report, EP).status is Status.REFUSED
    assert "belongs to the spec" in summary_of(of(report, EP).problems[0])
    assert sent(azure, since) == ["PUT"]
    assert azure.get(ENDPOINT)["tags"][OWNER_TAG] == mark("team-b", ENDPOINT)


def test_what_another_made_in_the_middle_of_a_replace_is_not_deleted(live: Azure) -> None:
    since = live.now()
    report = applied_while(live, REPLACING, 2, lambda: of_team_b(live))
    assert of(report, EP).status is Status.REFUSED
    assert sent(live, since) == ["PUT", "DELETE", "PUT"]
    assert live.get(ENDPOINT)["tags"][OWNER_TAG] == mark("team-b", ENDPOINT)


def test_a_replace_deletes_once(live: Azure) -> None:
    """Another run of the old spec made it again as it was: theirs is not deleted too."""
    old = live.get(ENDPOINT)
    kept = {key: old[key] for key in ("location", "kind", "tags")}
    body = {**kept, "identity": {"type": "SystemAssigned"}, "properties": {"authMode": "Key"}}
    since = live.now()
    again = {"op": "put", "id": ENDPOINT, "body": body}
    report = applied_while(live, REPLACING, 2, lambda: live.control("POST", "drift", again))
    assert of(report, EP).status is Status.REFUSED
    assert "created by something else" in summary_of(of(report, EP).problems[0])
    assert sent(live, since) == ["PUT", "DELETE", "PUT"]


def test_a_409_that_passes_costs_one_more_try(live: Azure) -> None:
    since = live.now()
    report = applied_while(live, REPLACING, 2, lambda: None)
    assert report.exit_code == 0
    assert (of(report, EP).action, of(report, EP).status) == (Action.REPLACE, Status.DONE)
    assert sent(live, since)[:4] == ["PUT", "DELETE", "PUT", "PUT"]
    assert live.changes(REPLACING) == {}
