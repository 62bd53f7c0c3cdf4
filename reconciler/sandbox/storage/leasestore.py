"""The leases of all blobs and containers, in the index of the blobs.

They pass as a client's own time does (`Clock.waited`), not as fast as operations: a client that
renews every 20 s must find its 60 s long. A sandbox that starts again, or a snapshot, cannot know
how much of that has gone: a lease then ends no later than if it had just been renewed.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable

from reconciler.sandbox.storage.index import Index
from reconciler.sandbox.storage.leases import FOREVER, NONE, Lease

LEASES = """
CREATE TABLE IF NOT EXISTS lease (
  account TEXT, container TEXT, name TEXT, id TEXT, seconds INTEGER, ends REAL, given_up INTEGER,
  PRIMARY KEY (account, container, name)) WITHOUT ROWID;
"""
Place = tuple[str, str, str]
"""Account, container, blob; no blob for the container's own lease."""


class LeaseStore:
    """Leases by place."""

    def __init__(self, index: Index, now: Callable[[], float]) -> None:
        self._index = index
        self.now = now
        self.fit()

    def at(self, place: Place) -> Lease:
        """Return the lease of a place, `NONE` where there is none."""
        where = "account=? AND container=? AND name=?"
        row = self._index.row(f"SELECT * FROM lease WHERE {where}", *place)
        return _lease(row) if row else NONE

    def within(self, account: str, container: str) -> dict[str, Lease]:
        """Return the leases of a container's blobs by name."""
        rows = self._index.rows(
            "SELECT * FROM lease WHERE account=? AND container=?", account, container
        )
        return {row["name"]: _lease(row) for row in rows}

    def keep(self, place: Place, lease: Lease) -> None:
        """Remember the lease of a place."""
        with self._index.transaction() as sql:
            if lease is NONE:
                where = "account=? AND container=? AND name=?"
                sql.execute(f"DELETE FROM lease WHERE {where}", place)
                return
            ends = None if math.isinf(lease.ends) else lease.ends
            values = (*place, lease.id, lease.seconds, ends, lease.is_given_up)
            sql.execute("INSERT OR REPLACE INTO lease VALUES (?,?,?,?,?,?,?)", values)

    def fit(self) -> None:
        """Let no lease end later than if it began now."""
        with self._index.transaction() as sql:
            sql.execute(
                "UPDATE lease SET ends=MIN(ends, ?+seconds) WHERE seconds<>?", (self.now(), FOREVER)
            )


def _lease(row: sqlite3.Row) -> Lease:
    ends = math.inf if row["ends"] is None else row["ends"]
    return Lease(row["id"], row["seconds"], ends, bool(row["given_up"]))
