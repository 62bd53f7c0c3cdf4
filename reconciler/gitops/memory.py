"""What the loop keeps of one spec from pass to pass, in memory: a restart costs one extra look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.engine.cause import canonical
from reconciler.gitops.contend import Corrections
from reconciler.gitops.records import PassEnd, Revision
from reconciler.operations.load import Loaded

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Memory:
    """What is known of a spec after its last pass.

    `applied` is the revision whose spec is in Azure, `digest` that of this spec; `admitted` what
    was approved and is not done yet; `runs` when jobs were started; `group` the id of its group.
    """

    applied: Revision | None = None
    digest: str = ""
    admitted: frozenset[str] = frozenset()
    corrections: Corrections = field(default_factory=Corrections)
    runs: tuple[datetime, ...] = ()
    group: str = ""
    end: PassEnd | None = None

    @property
    def subscription(self) -> str:
        """The subscription of its group, "" before it is known."""
        return self.group.split("/")[2] if self.group else ""

    def runs_since_yesterday(self, now: datetime) -> int:
        """Return how many jobs were started in the last 24 hours."""
        return sum(1 for time in self.runs if now - time < DAY)


def digest_of(loaded: Loaded) -> str:
    """Return a text that is equal for specs that want the same, whatever else a commit changed."""
    rows = (
        f"{r.address} {r.resource_id.casefold()} {canonical(r.desired)} {sorted(r.ignored)}"
        f" {r.protected} {sorted(r.depends_on)}"
        for r in loaded.resources.values()
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
