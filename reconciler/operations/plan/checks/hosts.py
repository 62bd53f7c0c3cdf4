"""Names of endpoints that others have in the region: Azure has no question for them, the DNS has.

A warning, since an address may outlive what it led to for a while. Source: learn.microsoft.com/
azure/machine-learning/concept-endpoints-online (a name is unique in its region).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.cloud.endpoints import Cloud
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.types import Action
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import HasHost
from reconciler.operations.plan.checks.facts import Answer

CHECK = "endpoint-name"
CHECKED_BY = "the address of an endpoint of that name (DNS)"


def check_hosts(cloud: Cloud, changes: Iterable[Change], known: Answer) -> Iterator[Finding]:
    """Yield a warning for each new endpoint at whose address something answers already."""
    taken = {str(item["host"]) for item in known.items}
    for change in changes:
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, HasHost) or change.action is not Action.CREATE:
            continue
        host = handler.host(change.resource, cloud)
        if host in taken and not change.is_blocked:
            name, region, _ = host.split(".", 2)
            yield Finding(
                CHECK,
                Level.WARNING,
                change.address,
                f"`{change.address}`: somebody else seems to have the name `{name}` in {region}",
                change.resource.position,
                f"{host} has an address already; names of endpoints are unique in a region",
                "choose another `name`, or go on if you deleted an endpoint of that name just now",
                CHECKED_BY,
            )
