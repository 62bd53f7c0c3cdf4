"""Cores: the ledger of a plan against Azure ML's limits, and the ways out of a shortage.

Dedicated cores count against their family and the region's total, low-priority ones against one
pool. What a `quota:` of the spec raises in this plan counts as raised. Whether Azure has a free
machine at the moment nobody can ask: a limit is no promise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.graph import Edges
from reconciler.engine.ledger import NO_LIMIT, Account, Balance, Claim, balances
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.policy import NO_POLICY, Policy
from reconciler.engine.types import Address, JsonObject
from reconciler.kinds import HANDLERS
from reconciler.kinds.machines import Machines, OccupiesMachines
from reconciler.kinds.quota.quota import Raise, RaisesLimits
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.core_claims import CHANGES, claims_of
from reconciler.operations.plan.checks.facts import Answer, Facts
from reconciler.operations.plan.checks.pools import (
    CLUSTERS,
    DEDICATED,
    LOW_PRIORITY,
    folded,
    pools_of,
)
from reconciler.operations.plan.checks.sizes import Size, Use, barred_in, position_of
from reconciler.operations.plan.checks.ways import ways_out

CHECKED_BY = "the usages of the region (Azure ML)"
CHECK = "cores"
NEEDS_MORE = "ask Azure for more, which may take days: `quota: [{{vm_family: {family}, cores: {cores}, on_short: request}}]`"


@dataclass(frozen=True)
class Limits:
    """The accounts of a region by pool. `told`: pools whose shortage a `quota:` tells already."""

    accounts: Mapping[str, Account]
    told: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Region:
    """What a spec may use where it goes, by folded names of sizes, and what a plan makes of it."""

    loaded: Loaded
    sizes: Mapping[str, Size]
    limits: Limits
    uses: Sequence[Use]
    changes: Mapping[Address, Change]
    graph: Edges
    facts: Facts = field(default_factory=Facts)
    policy: Policy = NO_POLICY

    @cached_property
    def barred(self) -> frozenset[str]:
        """The folded names of the sizes that Azure bars there for the subscription."""
        return barred_in(self.loaded.spec.target.location, self.facts.skus)

    def fits(self, use: Use, wanted: Machines) -> bool:
        """Whether nothing is short in the pools of these machines if a change had them instead."""
        size = self.sizes.get(wanted.size.casefold())
        if size is None or size.name.casefold() in self.barred:
            return False
        if not self.policy.allows("sizes", size.name):
            return False
        account = self.limits.accounts.get(pools_of(wanted, size)[0])
        most = 0 if wanted.serves else size.cores * wanted.most
        if account is None or (account.limit != NO_LIMIT and most > account.limit):
            return False
        trial = [replace(one, wanted=wanted) if one is use else one for one in self.uses]
        touched = {*self._pools(use), *pools_of(wanted, size)}
        claims = claims_of(trial, self.changes, self.sizes)
        found = balances(claims, self.limits.accounts, self.graph)
        return not any(balance.short for balance in found if balance.pool in touched)

    def _pools(self, use: Use) -> tuple[str, ...]:
        size = self.sizes.get(use.wanted.size.casefold())
        return pools_of(use.wanted, size) if size else ()


def accounts_of(usages: Answer) -> dict[str, Account]:
    """Return the accounts of the pools that the usages tell of: families and totals."""
    found: dict[str, Account] = {}
    for item in usages.items:
        pool = _pool(item)
        if pool and "/workspaces/" not in str(item.get("id") or "").casefold():
            account = Account(whole_number_in(item, "currentValue"), whole_number_in(item, "limit"))
            found.setdefault(pool, account)
    return found


def _pool(item: JsonObject) -> str:
    """Return what a usage counts; "" for what no plan is held against."""
    kind = str(item.get("type") or "").casefold()
    name = folded(str((item.get("name") or {}).get("value") or ""))
    if "vmfamily" in kind:
        return "" if "lowpriority" in kind or name.endswith("lowpriority") else name
    if "lowprioritycores" in kind or name == "totallowprioritycores":
        return LOW_PRIORITY
    if "dedicatedcores" in kind or name == "totaldedicatedcores":
        return DEDICATED
    return CLUSTERS if name in ("clusters", "totalclusters") else ""


def limits_of(usages: Answer, changes: Iterable[Change]) -> Limits:
    """Return the accounts of a region, as this plan raises them."""
    found, told = accounts_of(usages), set[str]()
    for change in changes:
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, RaisesLimits):
            continue
        asked = handler.raises(change.resource)
        pool = folded(asked.family)
        if change.is_blocked:
            told.add(pool)
        elif asked.waits and pool in found:
            _raise(found, pool, asked)
    return Limits(found, frozenset(told))


def _raise(accounts: dict[str, Account], pool: str, asked: Raise) -> None:
    account = accounts[pool]
    more = 0 if account.limit == NO_LIMIT else max(0, asked.cores - account.limit)
    for name in (pool, DEDICATED):
        held = accounts.get(name)
        if held is not None and held.limit != NO_LIMIT:
            accounts[name] = Account(held.used, held.limit + more)


def check_cores(region: Region) -> Iterator[Finding]:
    """Yield what there are too few cores for: a blocker at the change that goes over the limit."""
    uses, changes, limits = region.uses, region.changes, region.limits
    claims = claims_of(uses, changes, region.sizes)
    told = set[Address]()
    for balance in balances(claims, limits.accounts, region.graph):
        over = _over(balance, changes) if balance.pool not in limits.told else None
        if over is None:
            continue
        use = use_of(changes[over.address], uses)
        is_new = use is not None and use.change.action in CHANGES
        change = use.change if use is not None and is_new else changes[over.address]
        if change.address not in told:
            told.add(change.address)
            held = ", ".join(f"`{c.address}` {c.during}" for c in balance.claims if c.during)
            need = f"at most {balance.peak} are needed at once ({held})"
            yield shortage(region, balance, change, need, use)


def check_families(region: Region) -> Iterator[Finding]:
    """Yield a warning for a family of which Azure tells no limit, though it tells others.

    Azure has been seen to leave a family out where nothing of it was ever granted, and to refuse
    its sizes then as not supported.
    """
    told = set[str]()
    for use in region.uses:
        size = region.sizes.get(use.wanted.size.casefold())
        is_made = use.change.action in CHANGES and not use.change.is_blocked
        if size is None or not is_made or not region.limits.accounts:
            continue
        for pool in pools_of(use.wanted, size)[:1]:
            if pool not in region.limits.accounts and pool not in told:
                told.add(pool)
                yield Finding(
                    CHECK,
                    Level.WARNING,
                    use.address,
                    f"not checked: Azure tells no limit of {_name(pool, use, region.sizes)}",
                    position_of(region.loaded, use),
                    "where nothing of a family was ever granted, its sizes may be refused",
                    "ask for cores of it in the Azure portal (Quotas, Machine learning)",
                    CHECKED_BY,
                )


def use_of(change: Change, uses: Sequence[Use]) -> Use | None:
    """Return the machines of a change, or those of the cluster that a run occupies."""
    handler = HANDLERS[change.resource.kind]
    run = handler.occupied(change.resource) if isinstance(handler, OccupiesMachines) else None
    names = {change.address, run.cluster} if run else {change.address}
    return next((use for use in uses if use.address in names), None)


def _over(balance: Balance, changes: Mapping[Address, Change]) -> Claim | None:
    """Return the change with which, in the order of the plan, the pool is too small."""
    if not balance.short:
        return None
    order = {address: place for place, address in enumerate(changes)}
    raising = [c for c in balance.claims if c.during > c.now and c.address in order]
    raising.sort(key=lambda claim: order[claim.address])
    left = balance.free - sum(claim.now for claim in balance.claims)
    for claim in raising:
        left -= claim.during - claim.now
        if left < 0:
            return claim
    return raising[-1] if raising else None


def shortage(
    region: Region, balance: Balance, change: Change, need: str, use: Use | None
) -> Finding:
    """Return the finding for a pool that is too small for a change."""
    account, free = balance.account, max(0, int(balance.free))
    name, place = _name(balance.pool, use, region.sizes), region.loaded.spec.target.location
    is_one = balance.short == 1
    missing = (
        f"1 core of {name} is missing" if is_one else f"{balance.short} cores of {name} are missing"
    )
    return Finding(
        CHECK,
        Level.BLOCKER,
        change.address,
        f"`{change.address}`: {missing} in {place}",
        position_of(region.loaded, use) if use else change.resource.position,
        f"{need}; {account.limit} are allowed, {account.used} are in use, {free} are free to "
        "this spec",
        _hint(balance, name),
        CHECKED_BY,
        ways_out(use, region.sizes, partial(region.fits, use)) if use else (),
    )


def _name(pool: str, use: Use | None, sizes: Mapping[str, Size]) -> str:
    size = sizes.get(use.wanted.size.casefold()) if use else None
    family = size.family if size else pool
    return family if pool not in (LOW_PRIORITY, DEDICATED) else pool


def _hint(balance: Balance, name: str) -> str:
    """Say how to have enough of it for everything at its largest."""
    if balance.pool in (LOW_PRIORITY, DEDICATED):
        return "ask for more in the Azure portal (Quotas, Machine learning), or use less"
    more = max(balance.short, balance.short_one_day)
    return NEEDS_MORE.format(family=name, cores=balance.account.limit + more)


def not_checked(usages: Answer) -> Iterator[Finding]:
    """Yield a warning where the usages could not be read."""
    if usages.problem is not None:
        yield Finding(
            CHECK,
            Level.WARNING,
            "",
            "not checked: whether there are enough cores",
            detail=usages.problem.diagnostics[0].summary,
            hint="give the identity `Microsoft.MachineLearningServices/locations/usages/read`",
            checked_by=CHECKED_BY,
        )
