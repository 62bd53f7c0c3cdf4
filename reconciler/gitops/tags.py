"""What is remembered of a spec in tags of its resource group: nothing else is a state of ours.

All of it is harmless to lose. People write approvals and suspensions there, the loop only which
revision it applied last, and only when something changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ApiError, ExitCode
from reconciler.engine.types import JsonObject
from reconciler.gitops.ports import Lease
from reconciler.gitops.records import Revision
from reconciler.kinds.resource_group import RESOURCES_API

REVISION = "reconcile-revision."
APPROVE = "reconcile-approve."
SUSPEND = "reconcile-suspend."
REWIND = "rewind:"
"""How an approval of going back begins; the commit follows."""


@dataclass(frozen=True)
class Remembered:
    """What the tags say of one spec."""

    applied: Revision | None = None
    approvals: frozenset[str] = frozenset()
    suspended: bool = False

    def may_go_back_to(self, commit: str) -> bool:
        """Whether somebody approved that this commit follows the applied one all the same."""
        return f"{REWIND}{commit}" in self.approvals


def remembered(run: RunScope, lease: Lease, group_id: str, spec: str) -> Remembered:
    """Return what is remembered of a spec; nothing where its group does not exist yet.

    Where its group has no tag of it, the lease may know what was applied.
    """
    group = run.arm.get(group_id, RESOURCES_API)
    if group is None:
        return Remembered()
    found = read_tags(group.get("tags") or {}, spec)
    return found if found.applied else replace(found, applied=lease.applied().get(spec))


def read_tags(tags: Mapping[str, object], spec: str) -> Remembered:
    """Return what tags say. Their names differ in case where other tools wrote them."""
    folded = {name.casefold(): str(value or "").strip() for name, value in tags.items()}
    suspended = folded.get(f"{SUSPEND}{spec}".casefold())
    return Remembered(
        Revision.parse(folded.get(f"{REVISION}{spec}".casefold(), "")),
        frozenset(folded.get(f"{APPROVE}{spec}".casefold(), "").split()),
        suspended is not None and suspended.casefold() != "false",
    )


def remember(run: RunScope, lease: Lease, group_id: str, spec: str, revision: Revision) -> None:
    """Write which revision was applied; other tags stay as they are.

    Where we may not write tags of the group, it is kept with the lease.
    """
    tags: JsonObject = {f"{REVISION}{spec}": str(revision)}
    body = {"operation": "Merge", "properties": {"tags": tags}}
    path = f"{group_id}/providers/Microsoft.Resources/tags/default"
    try:
        run.arm.send("PATCH", path, RESOURCES_API, body=body)
    except ApiError as error:
        if error.exit_code is not ExitCode.DENIED:
            raise
        lease.keep_applied(spec, revision)
