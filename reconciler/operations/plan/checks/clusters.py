"""What Azure refuses of a cluster as such: larger than the limit, one too many, over a cap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.engine.findings import Finding, Level
from reconciler.engine.ids import is_within
from reconciler.engine.ledger import NO_LIMIT, Account, Balance, Claim
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import Action, Address
from reconciler.operations.plan.checks.core_claims import CHANGES
from reconciler.operations.plan.checks.cores import CHECKED_BY, Region, shortage
from reconciler.operations.plan.checks.facts import Answer
from reconciler.operations.plan.checks.pools import CLUSTERS, folded, pools_of
from reconciler.operations.plan.checks.sizes import Use, position_of

COUNT = "clusters"
CAP = "workspace-quota"
QUOTAS = "the quotas of workspaces (Azure ML)"


def check_clusters(region: Region, told: Collection[str]) -> Iterator[Finding]:
    """Yield each cluster that is larger at its largest than its limit, whatever is in use."""
    limits = region.limits
    for use in region.uses:
        size = region.sizes.get(use.wanted.size.casefold())
        if size is None or use.wanted.serves:
            continue
        pool = pools_of(use.wanted, size)[0]
        account, most = limits.accounts.get(pool), size.cores * use.wanted.most
        if account is None or pool in limits.told or use.change.is_blocked or use.address in told:
            continue
        if use.change.action in CHANGES and account.limit != NO_LIMIT and most > account.limit:
            nodes = "1 node" if use.wanted.most == 1 else f"{use.wanted.most} nodes"
            need = f"{nodes} of {size.name} take {most}"
            balance = Balance(pool, most, most, account.limit, account, ())
            yield shortage(region, balance, use.change, need, use)


def check_count(uses: Iterable[Use], accounts: Mapping[str, Account]) -> Iterator[Finding]:
    """Yield a blocker where a region may have no more clusters."""
    account = accounts.get(CLUSTERS)
    new = [u for u in uses if not u.wanted.serves and u.change.action is Action.CREATE]
    if account is None or account.limit == NO_LIMIT or not new:
        return
    if account.used + len(new) > account.limit:
        over = new[max(0, account.limit - account.used)]
        yield Finding(
            COUNT,
            Level.BLOCKER,
            over.address,
            f"`{over.address}`: this subscription may have no more clusters in the region",
            over.change.resource.position,
            f"{account.limit} are allowed, {account.used} are there, {len(new)} would be new",
            "delete clusters that nobody uses",
            CHECKED_BY,
        )


def check_caps(
    region: Region, uses: Sequence[Use], claims: Iterable[Claim], quotas: Answer
) -> Iterator[Finding]:
    """Yield what a workspace may not use, though its subscription may."""
    by_address = {claim.address: claim for claim in claims}
    for workspace, pool, cap in _caps(quotas):
        held: dict[Address, int] = defaultdict(int)
        for use in uses:
            claim = by_address.get(use.address)
            if claim and pool in claim.pools and is_within(_id(use), workspace):
                held[use.address] = max(claim.during, claim.most)
        raising = [use for use in uses if use.address in held and use.change.action in CHANGES]
        if sum(held.values()) > cap and raising:
            yield _over_cap(region, raising[-1], workspace, cap, sum(held.values()))


def _id(use: Use) -> str:
    return use.change.resource.resource_id


def _caps(quotas: Answer) -> Iterator[tuple[str, str, int]]:
    for item in quotas.items:
        workspace, slash, _ = str(item.get("id") or "").rpartition("/quotas/")
        if slash and "/workspaces/" in workspace.casefold():
            name = str((item.get("name") or {}).get("value") or "")
            yield workspace, folded(name), whole_number_in(item, "limit")


def _over_cap(region: Region, use: Use, workspace: str, cap: int, need: int) -> Finding:
    size = region.sizes[use.wanted.size.casefold()]
    return Finding(
        CAP,
        Level.BLOCKER,
        use.address,
        f"`{use.address}`: the workspace may use {cap} cores of {size.family}, {need} are needed",
        position_of(region.loaded, use),
        f"somebody capped {workspace} below its subscription",
        "ask who manages the quota of the workspace (studio, Manage, Quota)",
        QUOTAS,
    )
