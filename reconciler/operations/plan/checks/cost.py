"""What a plan costs at list prices: what serves, what idles, and an hour of what runs.

Azure ML's own estimates come first, since they are asked already; the public price list only
where those have no price. What neither knows is unknown, and said so. Not in it: disks, storage,
logs, network and image builds, which are paid by use; the reserve for upgrades is quota, no bill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from reconciler.cloud import prices
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.price_snapshot import snapshot
from reconciler.cloud.run_scope import RunScope
from reconciler.engine.decisions import Change
from reconciler.engine.durations import duration_of
from reconciler.engine.money import CostLine, PlanCost, Price, Rate, RunCost, Unpriced, cost_of
from reconciler.engine.types import Action, Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.machines import Machines, OccupiesMachines, UsesMachines
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.facts import Facts
from reconciler.operations.plan.checks.price_cache import listed
from reconciler.operations.plan.checks.sizes import Size, Use, sizes_of, uses_of

USD = "USD"
NOT_ASKED = prices.Answer(problem="the price list was not asked: --no-prices")
Pricer = Callable[[Machines], Price]


def cost_of_plan(
    loaded: Loaded,
    run: RunScope,
    changes: Mapping[Address, Change],
    facts: Facts,
    currency: str = USD,
    *,
    ask_prices: bool = True,
) -> PlanCost | None:
    """Return what the plan does to the costs, None where it changes nothing of machines.

    Without `ask_prices` the price list is left alone: what Azure ML does not tell is unknown.
    """
    if not facts.sizes.asked:
        return None
    uses = uses_of(changes.values())
    known = sizes_of(facts.sizes)
    region = loaded.spec.target.location
    missing = _unpriced(_wanted(uses, changes), known, currency)
    answer = listed(run.cloud, missing, region, currency) if ask_prices else NOT_ASKED
    price = _pricer(run.cloud, answer, region, currency, known)
    now, then = list(_now(changes.values(), price)), list(_then(uses, price))
    runs = [line for change in changes.values() for line in _run(change, uses, price)]
    rates = [line.price for line in (*now, *then, *runs) if isinstance(line.price, Rate)]
    return PlanCost(
        cost_of(now, currency),
        cost_of(then, currency),
        cost_of(runs, currency).run,
        tuple(_of_run(line, facts, currency) for line in runs),
        tuple(dict.fromkeys(map(_source, rates))),
    )


def _of_run(line: CostLine, facts: Facts, currency: str) -> RunCost:
    lasted = facts.lasted.get(line.address, ())
    return RunCost(line.address, cost_of([line], currency).run, duration_of(lasted))


def _source(rate: Rate) -> str:
    return f"{rate.source} of {rate.as_of}" if rate.as_of else rate.source


def _wanted(uses: Sequence[Use], changes: Mapping[Address, Change]) -> list[Machines]:
    held = (_held(change) for change in changes.values())
    return [*(use.wanted for use in uses), *(machines for machines in held if machines)]


def _held(change: Change) -> Machines | None:
    handler = HANDLERS[change.resource.kind]
    if change.observed is None or not isinstance(handler, UsesMachines):
        return None
    return handler.machines(change.observed.body)


def _unpriced(wanted: Iterable[Machines], sizes: Mapping[str, Size], currency: str) -> set[str]:
    """Return the sizes of which Azure ML tells no price."""
    return {
        _name(machines, sizes)
        for machines in wanted
        if isinstance(_estimated(machines, sizes, currency), Unpriced)
    }


def _pricer(
    cloud: Cloud,
    answer: prices.Answer,
    region: str,
    currency: str,
    sizes: Mapping[str, Size],
) -> Pricer:
    """Return what tells the price of a machine: the estimate, the list, the snapshot of the list.

    The snapshot is of Azure's own list, and so not for a sandbox.
    """

    def price(machines: Machines) -> Price:
        found = _estimated(machines, sizes, currency)
        if isinstance(found, Rate):
            return found
        name, tier, now = _name(machines, sizes), _tier(machines), datetime.now(UTC)
        if not answer.problem:
            at = answer.at or now
            return prices.choose(answer.items, name, region, at, tier=tier, currency=currency)
        if tier != "dedicated" or not cloud.keeps_prices:
            return Unpriced(answer.problem)
        return snapshot().price(name, region, currency, now.date())

    return price


def _estimated(machines: Machines, sizes: Mapping[str, Size], currency: str) -> Price:
    size = sizes.get(machines.size.casefold())
    if size is None:
        return Unpriced("Azure ML does not know the size")
    return prices.estimate(size.body, _tier(machines), currency)


def _name(machines: Machines, sizes: Mapping[str, Size]) -> str:
    size = sizes.get(machines.size.casefold())
    return size.name if size else machines.size


def _tier(machines: Machines) -> prices.Tier:
    return "low_priority" if machines.low_priority else "dedicated"


def _line(address: Address, machines: Machines, price: Pricer) -> CostLine:
    """The machines that are paid for whether anybody runs something or not."""
    count, name = Decimal(machines.most), machines.size
    if machines.serves:
        return CostLine(address, name, price(machines), serving=count)
    return CostLine(address, name, price(machines), always=Decimal(machines.least))


def _now(changes: Iterable[Change], price: Pricer) -> Iterator[CostLine]:
    for change in changes:
        held = _held(change)
        if held is not None:
            yield _line(change.address, held, price)


def _then(uses: Iterable[Use], price: Pricer) -> Iterator[CostLine]:
    """Yield what there is in the end; what is not changed stays as it is."""
    for use in uses:
        changed = use.change.action.is_change and not use.change.is_blocked
        machines = use.wanted if changed else use.held
        if machines is not None:
            yield _line(use.address, machines, price)


def _run(change: Change, uses: Sequence[Use], price: Pricer) -> Iterator[CostLine]:
    """Yield an hour of a run on the cluster it occupies."""
    handler = HANDLERS[change.resource.kind]
    if change.action is not Action.RUN or change.is_blocked:
        return
    run = handler.occupied(change.resource) if isinstance(handler, OccupiesMachines) else None
    cluster = next((use.wanted for use in uses if run and use.address == run.cluster), None)
    if run is None or cluster is None:
        why = Unpriced("Azure picks the machine")
        yield CostLine(change.address, "", why, run_hours=Decimal(1))
        return
    hours = Decimal(run.machines)
    yield CostLine(change.address, cluster.size, price(cluster), run_hours=hours)
