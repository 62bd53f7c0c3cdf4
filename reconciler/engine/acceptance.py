"""What a team may knowingly accept of a plan, by a stable id and with a reason.

`lifecycle: {ADDRESS: {accept: {ID: "why"}}}`. What is accepted is told in one line and counts as
no warning any more. What stops a plan, loses data, ends an answer or a run is never accepted: each
time it happens somebody must read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from reconciler.diagnostics import Diagnostic
from reconciler.engine.types import Acceptance, Address, Resource

WHOLE = "resource_group"
"""The address under which a warning is accepted that is of the whole plan."""
NOT_STATED = "not-stated"
NOT_APPLIED = "not-applied"
WEAKER = "ignored-weaker"


class Occurs(Enum):
    """When something is told: this says which plans can tell that it does not occur any more."""

    ALWAYS = "in every plan, as long as the spec says so"
    WHILE_IT_EXISTS = "in every plan, as long as Azure has it so"
    WHEN_NEW = "when it is created or changed"
    WITH_A_CHANGE = "with a change that is not the same each time"


ACCEPTABLE = {
    "retirement": Occurs.ALWAYS,
    "moving-tag": Occurs.ALWAYS,
    "wide-role": Occurs.ALWAYS,
    "missing-role": Occurs.ALWAYS,
    "quota-too-low": Occurs.ALWAYS,
    "unseen-key": Occurs.ALWAYS,
    NOT_STATED: Occurs.WHILE_IT_EXISTS,
    NOT_APPLIED: Occurs.WHILE_IT_EXISTS,
    WEAKER: Occurs.WHILE_IT_EXISTS,
    "privileged-role": Occurs.WHEN_NEW,
    "public-network": Occurs.WHEN_NEW,
    "paid-run": Occurs.WHEN_NEW,
    "left-behind": Occurs.WITH_A_CHANGE,
    "traffic": Occurs.WITH_A_CHANGE,
    "permission": Occurs.WITH_A_CHANGE,
    "lock": Occurs.WITH_A_CHANGE,
    "grant": Occurs.WITH_A_CHANGE,
    "azure-policy": Occurs.WITH_A_CHANGE,
    "endpoint-name": Occurs.WITH_A_CHANGE,
    "gpu-memory": Occurs.WITH_A_CHANGE,
    "private-network": Occurs.WITH_A_CHANGE,
    "cores": Occurs.WITH_A_CHANGE,
    "existing": Occurs.WITH_A_CHANGE,
    "size-not-in-region": Occurs.WITH_A_CHANGE,
    "used-elsewhere": Occurs.WITH_A_CHANGE,
    "leftovers": Occurs.WITH_A_CHANGE,
}
"""Every id that may be accepted. Of a check that can also stop a plan, only its warnings are."""
OF_FIELDS = frozenset({NOT_STATED, NOT_APPLIED, WEAKER})
"""Ids of one field each: the field follows, as in `not-stated.allow_shared_key_access`."""
NEVER = {
    "data-loss": "it loses data",
    "delete": "it deletes something",
    "outage": "an endpoint would answer nothing: allow it once, with `--allow-outage`",
    "running-jobs": "it ends jobs: allow it once, with `--allow-outage`",
    "clusters": "it stops the plan",
    "workspace-quota": "it stops the plan",
    "size-not-for-this": "it stops the plan",
    "size-barred": "it stops the plan",
    "name": "it stops the plan",
    "soft-deleted": "it stops the plan",
    "create": "it stops the plan",
    "alternatives": "it is told only where it is asked for",
    "policy": "the rules of the policy are not the spec's to lift",
}
"""Every other id that a plan shows, and why nobody can accept it in a spec."""


def accepted_as(entries: Sequence[Acceptance], id_: str) -> Acceptance | None:
    """Return the entry that accepts an id; the last one, which has the longest key, decides."""
    return next((one for one in reversed(entries) if one.id == id_), None)


def is_acceptable(id_: str) -> bool:
    """Return whether a spec may accept what has this id."""
    return id_.partition(".")[0] in ACCEPTABLE


def occurs(id_: str) -> Occurs:
    """Return when what an id stands for is told."""
    return ACCEPTABLE[id_.partition(".")[0]]


def whose(item: Diagnostic, resources: Mapping[Address, Resource]) -> Address:
    """Return the resource that a warning is about; `WHOLE` where it is of the whole spec.

    An item of a list (`quota.0`) has no address of its own: the resource that is stated last
    before the place of the warning is meant.
    """
    address = item.address
    while address and address not in resources:
        parent = address.rpartition(".")[0]
        if not parent:
            return _by_place(item, resources) or WHOLE
        address = parent
    return address or WHOLE


def _by_place(item: Diagnostic, resources: Mapping[Address, Resource]) -> Address:
    section = f"{item.address.partition('.')[0]}."
    before = [
        (resource.position, address)
        for address, resource in resources.items()
        if address.startswith(section) and resource.position and item.position
        if resource.position <= item.position
    ]
    return max(before)[1] if before else ""
