"""What Azure says beforehand: asked all at once, beside the observing, each answer or its problem.

A read that fails makes a plan no less: what depends on it is told as not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.names import known
from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ApiError, ReconcileError
from reconciler.engine.decisions import Change
from reconciler.engine.ids import type_of
from reconciler.engine.types import Action, Address, JsonObject
from reconciler.kinds import HANDLERS
from reconciler.kinds.base import Reads
from reconciler.kinds.extensions import EndsRuns, GrantsRoles, HasHost, TellsDurations
from reconciler.kinds.machines import OccupiesMachines, UsesMachines
from reconciler.kinds.quota.quota import USAGES_API
from reconciler.operations.load import Existing, Loaded
from reconciler.operations.plan.checks import azure_policy
from reconciler.operations.plan.checks.caller import (
    LOCKS,
    LOCKS_API,
    NOT_FOUND,
    assignments_in,
    listed,
    rights_in,
)
from reconciler.operations.plan.checks.existing import Seen
from reconciler.operations.plan.checks.outage import ROUTERS, endpoint_of
from reconciler.operations.plan.users import everything_linked, may_be_used

T = TypeVar("T")
ML = "Microsoft.MachineLearningServices"
SKUS_API = "2021-07-01"
RUNS_API = "2024-10-01-preview"
"""The stable versions know no fine-tuning jobs."""
MADE = (Action.CREATE, Action.REPLACE)
MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Answer:
    """A list that Azure gave, or why there is none; neither where nobody asked."""

    items: tuple[JsonObject, ...] = ()
    problem: ReconcileError | None = None
    asked: str = ""


@dataclass(frozen=True)
class Facts:
    """The answers of one plan."""

    usages: Answer = field(default_factory=Answer)
    quotas: Answer = field(default_factory=Answer)
    sizes: Answer = field(default_factory=Answer)
    skus: Answer = field(default_factory=Answer)
    locks: Answer = field(default_factory=Answer)
    rights: Answer = field(default_factory=Answer)
    assignments: Answer = field(default_factory=Answer)
    """The role assignments of the caller, where the plan grants roles or takes any back."""
    hosts: Answer = field(default_factory=Answer)
    """Those of new resources that are known already."""
    users: Answer = field(default_factory=Answer)
    existing: Mapping[Address, Seen] = field(default_factory=dict)
    endpoints: Mapping[str, Seen] = field(default_factory=dict)
    """Those that lose something and have no change of their own, by their ids."""
    runs: Mapping[str, Answer] = field(default_factory=dict)
    """Every run of a workspace out of which something goes, by the id of that."""
    lasted: Mapping[Address, Sequence[float]] = field(default_factory=dict)
    """The seconds of finished runs like one that is to run, by its address."""
    policies: Mapping[Address, Answer] = field(default_factory=dict)
    """What Azure Policy says of each write, where that was asked for."""
    at_once: int = 1


class Asking:
    """Questions under way, as many at once as the run may ask. A context manager: `facts` waits.

    Nothing is asked where nothing is to change: such a plan costs no request more. A run that asks
    one question at a time waits for each answer, so that its order is always the same.
    """

    def __init__(
        self,
        loaded: Loaded,
        run: RunScope,
        reads: Reads,
        parallelism: int,
        *,
        asks_policy: bool = False,
        only_checks: bool = False,
    ) -> None:
        """Ask nothing yet; of Azure Policy only with `asks_policy`, of times not for `only_checks`."""
        self._asks_policy, self._only_checks = asks_policy, only_checks
        self._policies: dict[Address, Future[list[JsonObject]]] = {}
        self._at_once = min(MOST_AT_ONCE, max(1, parallelism))
        self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix="check")
        self._futures: dict[str, Future[list[JsonObject]]] = {}
        self._seeing: dict[Address, Future[JsonObject | None]] = {}
        self._endpoints: dict[str, Future[JsonObject | None]] = {}
        self._runs: dict[str, Future[list[JsonObject]]] = {}
        self._lasted: dict[Address, Future[list[float]]] = {}
        self._run, self._reads, self._target = run, reads, loaded.spec.target
        self._existing = loaded.existing
        target = loaded.spec.target
        self._group = (
            f"/subscriptions/{target.subscription_id}/resourceGroups/{target.resource_group}"
        )

    def about(self, changes: Iterable[Change]) -> None:
        """Ask what it takes to judge the changes; of machines only where any are changed."""
        planned = tuple(changes)
        changing = [change for change in planned if change.action.is_change]
        if not changing:
            return
        self._about_the_caller(changing)
        self._about_machines(changing)
        if not self._only_checks:
            self._ask_durations(changing, planned)
        for item in self._existing:
            self._look_at(item)
        if hosts := _new_hosts(changing, self._run.cloud):
            self._ask("hosts", lambda: [{"host": host} for host in known(self._run.cloud, hosts)])
        if any(map(may_be_used, changing)):
            linked = partial(everything_linked, self._reads, self._target.subscription_id)
            self._ask("users", linked)
        for change in filter(azure_policy.is_asked_about, changing if self._asks_policy else ()):
            self._ask_policies(change)
        own = {change.resource.resource_id.casefold() for change in planned}
        for endpoint in filter(None, map(endpoint_of, changing)):
            if endpoint.casefold() not in own:
                self._ask_endpoint(endpoint)
        for workspace in filter(None, map(ends_runs_of, changing)):
            self._ask_runs(workspace)

    def _about_the_caller(self, changing: Iterable[Change]) -> None:
        """Ask what it may do where the spec goes, and what is locked there."""
        run, subscription = self._run, f"/subscriptions/{self._target.subscription_id}"
        group = self._group
        self._ask("locks", lambda: listed(run, f"{group}{LOCKS}", LOCKS_API))
        self._ask("rights", lambda: rights_in(run, subscription, group))
        if any(isinstance(HANDLERS[c.resource.kind], GrantsRoles) for c in changing):
            self._ask("assignments", lambda: assignments_in(run, subscription, group))

    def _about_machines(self, changing: Sequence[Change]) -> None:
        run, reads = self._run, self._reads
        subscription = f"/subscriptions/{self._target.subscription_id}"
        place = f"{subscription}/providers/{ML}/locations/{self._target.location}"
        if any(map(_is_of_machines, changing)):
            self._ask("usages", lambda: reads.list(f"{place}/usages", USAGES_API))
            self._ask("quotas", lambda: listed(run, f"{place}/quotas", USAGES_API))
            self._ask("sizes", lambda: listed(run, f"{place}/vmSizes", USAGES_API))
        if any(map(_makes_gpus, changing)):
            here = {"$filter": f"location eq '{self._target.location}'"}
            skus = f"{subscription}/providers/Microsoft.Compute/skus"
            self._ask("skus", lambda: reads.list(skus, SKUS_API, here))

    def __enter__(self) -> Asking:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the answers; after an error nobody needs them, and nothing more is asked."""
        self._pool.shutdown(cancel_futures=kind is not None)

    @property
    def facts(self) -> Facts:
        """The answers, or the problems in their place."""
        answers = {name: _answer(name, future) for name, future in self._futures.items()}
        seen = {address: _seen(future) for address, future in self._seeing.items()}
        runs = {workspace: _answer("runs", future) for workspace, future in self._runs.items()}
        served = {endpoint: _seen(future) for endpoint, future in self._endpoints.items()}
        policies = {address: _answer("policy", f) for address, f in self._policies.items()}
        return Facts(
            **answers,
            existing=seen,
            endpoints=served,
            runs=runs,
            lasted={address: _lasted(future) for address, future in self._lasted.items()},
            policies=policies,
            at_once=self._at_once,
        )

    def _ask(self, name: str, question: Callable[[], list[JsonObject]]) -> None:
        if name not in self._futures:
            self._futures[name] = self._begun(question)

    def _ask_endpoint(self, endpoint: str) -> None:
        if endpoint not in self._endpoints:
            version = ROUTERS[type_of(endpoint).casefold()].api_version
            ask = partial(self._reads.get, endpoint, version)
            self._endpoints[endpoint] = self._begun(ask)

    def _ask_runs(self, workspace: str) -> None:
        if workspace not in self._runs:
            ask = partial(self._reads.list, f"{workspace}/jobs", RUNS_API)
            self._runs[workspace] = self._begun(ask)

    def _ask_durations(self, changing: Iterable[Change], planned: Sequence[Change]) -> None:
        """Ask how long runs like those of a plan took, where their cluster is there and stays."""
        for change in changing:
            handler, resource = HANDLERS[change.resource.kind], change.resource
            if change.action is not Action.RUN or not isinstance(handler, TellsDurations):
                continue
            cluster = _cluster_of(change, planned)
            if cluster and change.address not in self._lasted:
                ask = partial(handler.lasted_s, self._run, self._reads, resource, cluster)
                self._lasted[change.address] = self._begun(ask)

    def _ask_policies(self, change: Change) -> None:
        if change.address not in self._policies:
            ask = partial(azure_policy.ask, self._run, self._group, change)
            self._policies[change.address] = self._begun(ask)

    def _look_at(self, item: Existing) -> None:
        version = HANDLERS[item.kind].api_version
        if item.address not in self._seeing:
            ask = partial(self._reads.get, item.resource_id, version)
            self._seeing[item.address] = self._begun(ask)

    def _begun(self, question: Callable[[], T]) -> Future[T]:
        future = self._pool.submit(question)
        if self._at_once == 1:
            wait([future])
        return future


def _cluster_of(change: Change, planned: Iterable[Change]) -> str:
    """Return the id of the cluster that a run occupies; "" where it is new, or becomes another."""
    handler = HANDLERS[change.resource.kind]
    run = handler.occupied(change.resource) if isinstance(handler, OccupiesMachines) else None
    names = {run.cluster, run.cluster.casefold()} if run else set()
    for one in planned:
        if names & {one.address, one.resource.resource_id.casefold()}:
            stays = one.observed is not None and one.action is not Action.REPLACE
            return one.resource.resource_id if stays else ""
    return ""


def ends_runs_of(change: Change) -> str:
    """Return the workspace whose runs a change may end; "" where it ends none."""
    handler = HANDLERS[change.resource.kind]
    return handler.ends_runs(change) if isinstance(handler, EndsRuns) else ""


def _new_hosts(changing: Iterable[Change], cloud: Cloud) -> tuple[str, ...]:
    """Return the hosts of what is to be created."""
    return tuple(
        handler.host(change.resource, cloud)
        for change in changing
        if isinstance(handler := HANDLERS[change.resource.kind], HasHost)
        and change.action is Action.CREATE
    )


def _is_of_machines(change: Change) -> bool:
    """Whether a change is made of machines, or runs on some."""
    handler = HANDLERS[change.resource.kind]
    return isinstance(handler, UsesMachines | OccupiesMachines)


def _makes_gpus(change: Change) -> bool:
    """Whether a change makes machines with GPUs, by the name of their size (N series).

    Azure's list of what is barred is megabytes, and few but GPUs are ever in it.
    """
    handler = HANDLERS[change.resource.kind]
    if change.action not in MADE or not isinstance(handler, UsesMachines):
        return False
    machines = handler.machines(change.resource.desired)
    return machines is not None and machines.size.casefold().startswith("standard_n")


def _lasted(future: Future[list[float]]) -> list[float]:
    """A history that cannot be read tells nothing, which is what is said of it."""
    try:
        return future.result()
    except ReconcileError:
        return []


def _seen(future: Future[JsonObject | None]) -> Seen:
    try:
        return Seen(future.result())
    except ReconcileError as error:
        return Seen(problem=error)


def _answer(name: str, future: Future[list[JsonObject]]) -> Answer:
    try:
        return Answer(tuple(future.result()), asked=name)
    except ReconcileError as error:
        is_new_group = isinstance(error, ApiError) and error.status == NOT_FOUND
        if name == "locks" and is_new_group:
            return Answer(asked=name)
        return Answer(problem=error, asked=name)
