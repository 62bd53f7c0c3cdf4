"""No endpoint stops answering without a yes: the journals of the whole suite are read for that.

Where an apply begins, what it was allowed is noted, in a file that forked runs share. Before the
journal of its sandbox is emptied, and after the test, it is gone through: a write of the product
after which an endpoint that answered has no traffic any more, or that deletes what answered, must
belong to a plan that announced it. What other clients do, and tests that apply nothing, is theirs.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.types import Action
from reconciler.operations.apply.resource_run import ApplyExecutor
from reconciler.operations.plan.build import Plan
from reconciler.operations.plan.checks.outage import CHECK

ENDPOINT = re.compile(r"^(.*/onlineEndpoints/[^/]+)(/deployments/[^/]+)?/?$", re.IGNORECASE)
JOURNAL = "journal?path=/onlineEndpoints"
Ask = Callable[[str, str], str]
"""Calls a control of a sandbox: method and name."""


class Outages:
    """What the runs of one test took away from endpoints, and what was allowed."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.file: Path | None = None
        self._asks: dict[str, Ask] = {}
        self._last: dict[str, int] = {}
        self._found: list[str] = []

    def begin(self, file: Path) -> None:
        """Know nothing of the tests before, and let runs write into `file`."""
        self.file = file
        file.write_text("", encoding="utf-8")
        self._found.clear()

    def begun(self, url: str, plan: Plan) -> None:
        """Note that a plan is carried out on a sandbox, and what it may take away."""
        if self.file:
            with self.file.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in (url, *announced(plan)))

    def used(self, url: str, ask: Ask) -> None:
        """Know whom to ask for the journal of a sandbox."""
        self._asks[url] = ask

    def note(self, url: str, ask: Ask) -> None:
        """Go through what is new in the journal of a sandbox, which may be emptied then."""
        journal = ask("GET", f"{JOURNAL}&since={self._last.get(url, 0)}")
        entries = [json.loads(line) for line in journal.splitlines()]
        self._last[url] = max((entry["seq"] for entry in entries), default=self._last.get(url, 0))
        if url in self._lines():
            self._found.extend(taken_away(entries))

    def unallowed(self) -> list[str]:
        """Return what was taken away since `begin` and no plan announced, by id."""
        lines = self._lines()
        for url in self._asks.keys() & set(lines):
            with contextlib.suppress(OSError):  # a sandbox that ended with its test
                self.note(url, self._asks[url])
        return [one for one in self._found if not any(_concerns(a, one) for a in lines)]

    def _lines(self) -> list[str]:
        return self.file.read_text(encoding="utf-8").splitlines() if self.file else []


outages = Outages()
"""Those of this process."""


def watch_applies(patch: pytest.MonkeyPatch) -> None:
    """Let each apply of this process, and of those forked from it, tell what was allowed."""
    begin = ApplyExecutor.__init__

    def told(self: ApplyExecutor, *words: Any, **options: Any) -> None:
        _loaded, run, plan = words[:3]
        outages.begun(run.cloud.resource_manager, plan)
        begin(self, *words, **options)

    patch.setattr(ApplyExecutor, "__init__", told)


def announced(plan: Plan) -> Iterator[str]:
    """Yield the id of each change that a plan says takes answers away, and that was allowed."""
    told = {f.address for f in plan.findings if f.id == CHECK} & plan.allowed_outages
    for change in plan.changes:
        is_destroyed = plan.destroys and change.action is Action.DELETE
        if is_destroyed or change.address in told:
            yield change.resource.resource_id


def taken_away(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the id of each endpoint that the product let answer nothing, or of what it deleted.

    What answered before is what the journal showed last.
    """
    shares: dict[str, dict[str, int]] = {}
    for entry in entries:
        place = ENDPOINT.match(entry["path"])
        is_done = entry["status"] < 400 and (entry["committed"] or entry["method"] == "GET")
        if place is None or not is_done:
            shares.update(_listed(entry))
            continue
        endpoint, inside = place[1].casefold(), place[2]
        before, after = shares.get(endpoint, {}), _after(entry, shares.get(endpoint, {}), inside)
        shares[endpoint] = after
        if before and not after and _is_ours(entry) and entry["method"] != "GET":
            yield endpoint + (inside or "").casefold()


def _listed(entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each endpoint of a list, with its shares."""
    body = entry["response_body"]
    items = body.get("value") if isinstance(body, dict) else None
    for item in items if isinstance(items, list) else ():
        place = ENDPOINT.match(str(item.get("id")))
        if place and not place[2]:
            yield place[1].casefold(), _shares(item)


def _after(entry: Mapping[str, Any], before: dict[str, int], inside: str | None) -> dict[str, int]:
    """Return the shares after a request to an endpoint or to a deployment of it."""
    method = entry["method"]
    if inside:
        name = inside.rpartition("/")[2].casefold()
        is_gone = method == "DELETE"
        return {n: s for n, s in before.items() if not (is_gone and n == name)}
    if method == "DELETE":
        return {}
    said = entry["response_body"] if method == "GET" else entry["request_body"]
    is_said = isinstance(said, dict) and "traffic" in (said.get("properties") or {})
    return _shares(said) if is_said else before


def _shares(body: Mapping[str, Any]) -> dict[str, int]:
    traffic = (body.get("properties") or {}).get("traffic") or {}
    return {str(name).casefold(): share for name, share in traffic.items() if share}


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return "reconcile" in str(entry["client"])


def _concerns(allowed: str, taken: str) -> bool:
    """Whether what was allowed is what was taken away, or in it, or holds it."""
    one, other = f"{allowed.casefold()}/", f"{taken}/"
    return one.startswith(other) or other.startswith(one)
