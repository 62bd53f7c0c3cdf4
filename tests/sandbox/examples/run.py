"""Send every example and every mutation; count what was accepted and what was refused."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.sandbox.launch import launch
from tests.sandbox.examples import fitting
from tests.sandbox.examples.ground import Client, build
from tests.sandbox.examples.mutations import Mutation, Mutator
from tests.sandbox.examples.requests import Request, requests


@dataclass
class Outcome:
    """What became of the examples (by name) and of the mutations.

    `refused` holds the status and error of each example that the sandbox does not take.
    """

    accepted: dict[str, Request] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    mutated: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return counts only."""
        return {
            "examples": len(self.accepted) + len(self.refused),
            "accepted": len(self.accepted),
            "accepted with placeholders filled": sum(r.filled for r in self.accepted.values()),
            "mutations": self.mutated.total(),
            "mutations refused": self.caught.total(),
            "by kind": {
                kind: {"sent": sent, "refused": self.caught[kind]}
                for kind, sent in sorted(self.mutated.items())
            },
        }


def run() -> Outcome:
    """Return the outcome over a sandbox of its own."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        launch(Path(folder), clock="instant") as server,
        Client(server) as client,
    ):
        return _Run(client).outcome()


class _Run:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._mutator = Mutator()
        build(client)
        self._ground = client.control("GET", "snapshot")

    def outcome(self) -> Outcome:
        found = Outcome()
        for request in requests():
            status, body = self._send(request)
            if not 200 <= status < 300:
                found.refused[request.example] = f"{status} {_text(body)}"
                continue
            found.accepted[request.example] = request
            for mutation in self._mutator.of(request):
                self._judge(mutation, found)
        return found

    def _send(self, request: Request) -> tuple[int, Any]:
        status, body = self._client.send(request.method, request.path, request.query, request.body)
        if request.method != "GET" and status < 300:
            self._client.control("POST", "restore", self._ground)
        return status, body

    def _judge(self, mutation: Mutation, found: Outcome) -> None:
        status, body = self._send(mutation.request)
        found.mutated[mutation.kind] += 1
        if 400 <= status < 500 and fitting.fits(mutation, _code(body)):
            found.caught[mutation.kind] += 1
            return
        where = f"{mutation.request.example} {mutation.kind} {mutation.place}"
        found.missed.append(f"{where}: {status} {_text(body) if status >= 400 else ''}")


def _code(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code")) if isinstance(error, dict) else ""


def _text(body: Any) -> str:
    error = body.get("error") if isinstance(body, dict) else None
    return f"{error['code']}: {error['message']}" if isinstance(error, dict) else str(body)


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield the figures as lines for people."""
    figures = outcome.figures()
    total, accepted = figures["examples"], figures["accepted"]
    filled = figures["accepted with placeholders filled"]
    yield f"official examples of emulated types: {total}"
    yield f"  accepted: {accepted} ({100 * accepted / total:.1f} %), {filled} of them with"
    yield "  placeholders filled in (operations.txt)"
    sent, refused = figures["mutations"], figures["mutations refused"]
    yield f"mutated requests: {sent}"
    yield f"  refused with a fitting error: {refused} ({100 * refused / sent:.1f} %)"
    for kind, counts in figures["by kind"].items():
        yield f"    {counts['refused']:5} of {counts['sent']:5}  {kind}"
