"""The ledger of cores: what a plan needs of each pool, and at most at any moment of it. Pure.

A pool is what Azure counts cores in: a VM family, all dedicated cores of a region, or all
low-priority ones. `free = limit - used + what is ours of it already`; a pool is short where the
plan needs more. The peak follows the order of the plan: what a change holds before, while and
after it is carried out, over every order that the graph allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from reconciler.engine.graph import Edges
from reconciler.engine.types import Address

NO_LIMIT = -1


@dataclass(frozen=True)
class Claim:
    """The cores that one resource holds of some pools.

    `now`: what Azure already counts for it; `during`: while its change is carried out, surge
    included; `after`: once that is done; `most`: what it may hold one day, such as a cluster at
    its largest. A run holds cores of a cluster, so it has no `most` of its own.
    """

    address: Address
    pools: tuple[str, ...]
    now: int = 0
    during: int = 0
    after: int = 0
    most: int = 0


@dataclass(frozen=True)
class Account:
    """What Azure says of a pool: cores in use, by anybody, and allowed (-1: no limit)."""

    used: int
    limit: int


@dataclass(frozen=True)
class Balance:
    """What a plan needs of one pool, and what there is."""

    pool: str
    need: int
    peak: int
    free: float
    account: Account
    claims: tuple[Claim, ...]

    @property
    def short(self) -> int:
        """How many cores are missing at the plan's peak; 0 where there are enough."""
        return max(0, self.peak - int(min(self.free, self.peak)))

    @property
    def short_one_day(self) -> int:
        """How many are missing once everything is at its largest; 0 where there are enough."""
        return max(0, self.need - int(min(self.free, self.need)))


def reserve(count: int, *, exempt: bool) -> int:
    """Return how many machines Azure reserves for an online deployment of `count` instances.

    A fifth more for upgrades, rounded up, but for exempt sizes. Source:
    learn.microsoft.com/azure/machine-learning/how-to-manage-quotas (managed online endpoints).
    """
    return count if exempt else count + -(-count // 5)


def balances(
    claims: Iterable[Claim], accounts: Mapping[str, Account], graph: Edges
) -> tuple[Balance, ...]:
    """Return the balance of each pool that is claimed and that Azure tells of, by name."""
    held = tuple(claims)
    pools = sorted({pool for claim in held for pool in claim.pools} & set(accounts))
    return tuple(_balance(pool, held, accounts[pool], graph) for pool in pools)


def _balance(pool: str, claims: Sequence[Claim], account: Account, graph: Edges) -> Balance:
    mine = tuple(claim for claim in claims if pool in claim.pools)
    ours = sum(claim.now for claim in mine)
    free = inf if account.limit == NO_LIMIT else account.limit - account.used + ours
    need = sum(claim.most for claim in mine)
    return Balance(pool, need, peak(mine, graph), free, account, mine)


def peak(claims: Sequence[Claim], graph: Edges) -> int:
    """Return the most cores that the claims hold at one moment, in any order of the graph.

    Each change is before, under way or done; it may begin once all it depends on is done. The
    worst such moment is a closure of greatest weight, which a smallest cut finds.
    """
    weights: list[int] = []
    needs: list[tuple[int, int]] = []
    begun = {claim.address: 2 * index for index, claim in enumerate(claims)}
    before = _within(begun, graph)
    for claim in claims:
        node = begun[claim.address]
        weights += [claim.during - claim.now, claim.after - claim.during]
        needs.append((node + 1, node))
        needs += [(node, begun[other] + 1) for other in before[claim.address]]
    return sum(claim.now for claim in claims) + _heaviest(weights, needs)


def _within(wanted: Iterable[Address], graph: Edges) -> dict[Address, set[Address]]:
    """Return for each address those of the wanted ones that must come before it."""
    known = set(wanted)
    found: dict[Address, set[Address]] = {}
    for address in known:
        seen: set[Address] = set()
        queue = list(graph.get(address, ()))
        while queue:
            other = queue.pop()
            if other not in seen:
                seen.add(other)
                queue.extend(graph.get(other, ()))
        found[address] = seen & known
    return found


def _heaviest(weights: Sequence[int], needs: Iterable[tuple[int, int]]) -> int:
    """Return the greatest weight of a set that holds with each node all that it needs.

    Source: Picard, "Maximal closure of a graph and applications to combinatorial problems" (1976).
    """
    source, sink = len(weights), len(weights) + 1
    room: list[dict[int, float]] = [{} for _ in range(len(weights) + 2)]
    for node, other in needs:
        room[node][other] = inf
        room[other].setdefault(node, 0)
    for node, weight in enumerate(weights):
        start, end = (source, node) if weight > 0 else (node, sink)
        room[start][end] = abs(weight)
        room[end].setdefault(start, 0)
    gains = sum(weight for weight in weights if weight > 0)
    return gains - int(_flow(room, source, sink))


def _flow(room: list[dict[int, float]], source: int, sink: int) -> float:
    """Return the greatest flow from source to sink, along shortest paths with room left."""
    total = 0.0
    while (path := _path(room, source, sink)) is not None:
        most = min(room[a][b] for a, b in path)
        for a, b in path:
            room[a][b] -= most
            room[b][a] += most
        total += most
    return total


def _path(room: list[dict[int, float]], source: int, sink: int) -> list[tuple[int, int]] | None:
    came: dict[int, int] = {source: source}
    queue = deque([source])
    while queue and sink not in came:
        node = queue.popleft()
        for other, left in room[node].items():
            if left > 0 and other not in came:
                came[other] = node
                queue.append(other)
    if sink not in came:
        return None
    path, node = [], sink
    while node != source:
        path.append((came[node], node))
        node = came[node]
    return path
