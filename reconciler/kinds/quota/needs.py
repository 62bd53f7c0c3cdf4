"""How many cores of each VM family a spec needs, and which quota a size draws on. Pure.

Azure ML counts a cluster at its largest, and reserves a fifth more machines for the
upgrades of a deployment, except on sizes that are exempt. Source:
learn.microsoft.com/azure/machine-learning/how-to-manage-quotas (managed online endpoints).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.engine.types import Address
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.quota.sizes import size_of

if TYPE_CHECKING:
    from reconciler.kinds import Spec


def quota_address(size: str, expansion: Expansion) -> frozenset[Address]:
    """Return the address of the quota that a VM size draws on, where the spec states it.

    A size that the table does not know waits for every quota that is stated.
    """
    stated = {a for a, kind in expansion.kinds.items() if kind == "quota"}
    known = size_of(size)
    if known is None:
        return frozenset(stated)
    wanted = address_of(known.family).casefold()
    return frozenset(a for a in stated if a.casefold() == wanted)


def address_of(family: str) -> Address:
    """Return a quota's address; some families have blanks in their names."""
    return f"quota.{family.replace(' ', '-')}"


def cores_needed(spec: Spec) -> dict[str, int]:
    """Return the cores that the spec's dedicated clusters and deployments need at most.

    Keyed by the folded name of the VM family; sizes that the table does not know are left out.
    """
    needed: dict[str, int] = defaultdict(int)
    for cluster in spec.compute.values():
        size = size_of(cluster.size)
        if size and cluster.tier == "dedicated":
            needed[size.family.casefold()] += size.cores * cluster.max_instances
    for deployment in spec.deployments.values():
        size = size_of(deployment.instance_type)
        if size:
            count = deployment.instance_count
            machines = count if size.exempt else count + -(-count // 5)
            needed[size.family.casefold()] += size.cores * machines
    return dict(needed)
