"""The pools that Azure ML counts cores in, and the machines that it counts beyond those asked for."""

from __future__ import annotations

import re

from reconciler.kinds.machines import Machines
from reconciler.kinds.quota.sizes import size_of
from reconciler.operations.plan.checks.sizes import Size

LOW_PRIORITY = "low priority"
DEDICATED = "all dedicated cores"
CLUSTERS = "clusters"
_CLUSTER_WORDS = re.compile(r"cluster(dedicated|lowpriority)?vcpus$")


def folded(family: str) -> str:
    """Return a family's name as it compares: Azure writes it in several ways."""
    name = re.sub(r"[\s_-]", "", family).casefold()
    tail = "lowpriority" if name.endswith("clusterlowpriorityvcpus") else ""
    return _CLUSTER_WORDS.sub("", name) + tail


def is_exempt(size: str) -> bool:
    """Whether Azure reserves no machines for upgrades of a deployment of this size."""
    known = size_of(size)
    return known is not None and known.exempt


def pools_of(wanted: Machines, size: Size) -> tuple[str, ...]:
    """Return the pools that machines count against."""
    return (LOW_PRIORITY,) if wanted.low_priority else (folded(size.family), DEDICATED)
