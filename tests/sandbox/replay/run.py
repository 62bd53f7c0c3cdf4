"""Replay of every recording against one sandbox, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.sandbox.replay.compare import GATE, Difference, differences
from tests.sandbox.replay.ground import Ground
from tests.sandbox.replay.recordings import Exchange, recordings
from tests.support.sandbox import Sandbox

LISTED = Path(__file__).with_name("differences.yaml")


@dataclass
class Outcome:
    """`found` are all differences, `sent` the exchanges on emulated types, `foreign` the others."""

    sent: list[Exchange] = field(default_factory=list)
    foreign: list[Exchange] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)

    def disagreeing(self) -> set[str]:
        """Return ids of exchanges that differ in status, error code or LRO style."""
        return {one.exchange for one in self.found if one.aspect in GATE}

    def unlike(self) -> set[str]:
        """Return ids of exchanges that differ in anything at all."""
        return {one.exchange for one in self.found}


@dataclass(frozen=True)
class Listed:
    """A known difference: its `what` must be said in full, so that it cannot hide another."""

    exchanges: tuple[str, ...]
    aspect: str
    what: str
    why: str

    def each(self) -> Iterable[Difference]:
        """Return it as the replay reports it, once for each exchange."""
        return (Difference(id_, self.aspect, self.what) for id_ in self.exchanges)


def replay(sandbox: Sandbox) -> Outcome:
    """Send every recorded exchange on an emulated type; each recording has an empty sandbox."""
    outcome = Outcome()
    for exchanges in recordings().values():
        ground = Ground(sandbox)
        ground.prepare(exchanges)
        for exchange in exchanges:
            if not exchange.is_emulated:
                outcome.foreign.append(exchange)
                continue
            outcome.sent.append(exchange)
            outcome.found += differences(exchange, ground.send(exchange))
    return outcome


def listed() -> list[Listed]:
    """Return the differences that are listed with a reason."""
    rows: list[dict[str, Any]] = yaml.safe_load(LISTED.read_text(encoding="utf-8"))
    return [Listed(tuple(row["exchanges"]), row["aspect"], row["what"], row["why"]) for row in rows]
