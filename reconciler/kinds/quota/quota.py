"""Quota: at least so many cores of a VM family, there before anything that needs them.

Azure ML has a quota of its own, apart from Microsoft.Compute's. One list tells limit and
use of every family; a request goes through Microsoft.Quota and may take days. A limit is
never lowered and cannot be deleted. Source: learn.microsoft.com/rest/api/quota and
learn.microsoft.com/azure/machine-learning/how-to-manage-quotas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field, StringConstraints

from reconciler.diagnostics import Diagnostic
from reconciler.engine.decide import Policy
from reconciler.engine.decisions import Blocked, Change, Update
from reconciler.engine.diff import Rules
from reconciler.engine.numbers import whole_number_in
from reconciler.engine.types import Action, JsonObject, Observed, Resource
from reconciler.kinds.ability import Ability
from reconciler.kinds.base import Handler, HandlerContext
from reconciler.kinds.expansion import Expansion
from reconciler.kinds.quota.needs import address_of, cores_needed
from reconciler.kinds.quota.request import request_cores, wait_for_cores
from reconciler.kinds.retirements import report_size
from reconciler.reasons import QuotaShort
from reconciler.spec.document import Keys
from reconciler.spec.model import SpecModel
from reconciler.spec.problems import did_you_mean

if TYPE_CHECKING:
    from reconciler.kinds import Spec

USAGES_API = "2026-05-01"


class Quota(SpecModel):
    """A minimum number of VM cores."""

    vm_family: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9 _]{2,80}$")]
    """The VM family by its quota name, for example `standardNCADSA100v4Family`."""
    cores: Annotated[int, Field(ge=1, le=100_000)]
    """The minimum number of cores. A higher limit is never lowered."""
    on_short: Literal["fail", "wait", "request"] = "fail"
    """What to do when there are fewer: fail, wait until someone raises the limit, or request more
    from Azure."""
    wait_minutes: Annotated[int, Field(ge=0, le=1440)] = 30
    """How many minutes to wait for more cores. Running again keeps waiting."""


@dataclass(frozen=True)
class Raise:
    """What a resource makes of a family's limit. `waits`: it is raised before anything else."""

    family: str
    cores: int
    waits: bool


@runtime_checkable
class RaisesLimits(Ability, Protocol):
    """A kind that raises what a subscription may use."""

    def raises(self, resource: Resource) -> Raise:
        """Return the limit that is there once it is done."""


def is_enough(observed: Any, desired: Any) -> bool:
    """Return whether a limit is at least the wanted one (-1 is no limit at all)."""
    return isinstance(observed, int | float) and (observed < 0 or observed >= desired)


class QuotaHandler(Handler):
    """Knows Azure ML's core quotas of one region."""

    kind = "quota"
    section = "quota"
    type = "Microsoft.Quota/quotas"
    api_version = "2025-09-01"
    has_tags = False
    deletable = False
    policy: ClassVar[Policy] = Policy(
        Rules(
            same={"properties.limit.value": is_enough},
            labels={"properties.limit.value": "cores"},
            write_only=frozenset(
                {"properties.name", "properties.resourceType", "properties.limit.limitObjectType"}
            ),
        )
    )

    def expand(self, spec: Spec, expansion: Expansion) -> None:
        """Add each family, and warn where less is stated than the spec itself needs."""
        needed = cores_needed(spec)
        provider = f"/subscriptions/{expansion.subscription_id}/providers"
        place = f"{provider}/Microsoft.MachineLearningServices/locations/{expansion.location}"
        for index, quota in enumerate(spec.quota):
            path: Keys = ("quota", index)
            address = address_of(quota.vm_family)
            if address.casefold() in {known.casefold() for known in expansion.kinds}:
                expansion.problem(f"`{quota.vm_family}` is listed twice", (*path, "vm_family"))
                continue
            report_size(quota.vm_family, expansion, (*path, "vm_family"))
            need = needed.get(quota.vm_family.casefold(), 0)
            if need > quota.cores:
                expansion.warning(
                    "quota-too-low",
                    f"{quota.cores} cores of {quota.vm_family} are not enough: this spec needs {need}",
                    (*path, "cores"),
                    detail="clusters at `max_instances`, deployments with Azure's 20 % reserve",
                    hint=f"set `cores: {need}`",
                )
            expansion.add(
                Resource(
                    address,
                    self.kind,
                    f"{place}/providers/Microsoft.Quota/quotas/{quota.vm_family}",
                    _body(quota),
                    settings=quota,
                    position=expansion.document.position(path),
                )
            )

    def observe(self, context: HandlerContext, resource: Resource[Quota]) -> Observed | None:
        """Read limit and use of the family out of the one list of usages."""
        quota = resource.settings
        place = resource.resource_id.partition("/providers/Microsoft.Quota")[0]
        listed = context.reads.list(f"{place}/usages", USAGES_API)
        items = [item for item in listed if not _is_low_priority(item)]
        names = [str((item.get("name") or {}).get("value") or "") for item in items]
        folded = quota.vm_family.casefold()
        found = next(
            (i for i, name in zip(items, names, strict=True) if name.casefold() == folded), None
        )
        if found is None:
            return Observed({"properties": {"limit": {"value": 0}}, "nearest": names})
        return self.observed(context, resource, found)

    def observed(
        self, context: HandlerContext, resource: Resource[Quota], body: JsonObject
    ) -> Observed:
        """Return limit and use out of one item of the list of usages."""
        limit, used = whole_number_in(body, "limit"), whole_number_in(body, "currentValue")
        shown: JsonObject = {"properties": {"limit": {"value": limit}}, "used": used}
        return Observed(shown, {"id": resource.resource_id, "limit": limit, "used": used})

    def raises(self, resource: Resource[Quota]) -> Raise:
        """Return the cores that are there before anything that needs them is made."""
        quota = resource.settings
        return Raise(quota.vm_family, quota.cores, quota.on_short != "fail")

    def review(self, change: Change) -> Change:
        """Block a shortage that the spec does not let us mend, with the numbers."""
        quota: Quota = change.resource.settings
        observed = change.observed
        if observed is None or change.action is not Action.UPDATE:
            return change
        if "nearest" in observed.body:
            problem = Diagnostic(
                f"there is no VM family `{quota.vm_family}` in this region",
                change.resource.position,
                hint=did_you_mean(quota.vm_family, observed.body["nearest"]),
            )
            return change.deciding(Blocked((problem,)))
        have, used = observed.outputs["limit"], observed.outputs["used"]
        numbers = f"{have} cores allowed, {used} in use, {quota.cores} needed"
        if quota.on_short == "fail":
            problem = Diagnostic(
                f"not enough quota for {quota.vm_family}: {numbers}",
                change.resource.position,
                hint="set `on_short: request` to ask Azure for more, raise it in the portal, "
                "or use a smaller size or another region",
            )
            return change.deciding(Blocked((problem,)))
        asks = quota.on_short == "request"
        short = QuotaShort(int(have), int(used), quota.cores, asks, quota.wait_minutes)
        return change.doing(Update(change.fields, short))

    def create(self, context: HandlerContext, resource: Resource, desired: JsonObject) -> None:
        """Get the cores: a quota is never absent, so this is the same as an update."""
        self._get_cores(context, resource, desired)

    def update(self, context: HandlerContext, change: Change, desired: JsonObject) -> None:
        """Ask for the cores, or wait for them. Raises `PendingError` when it takes longer."""
        self._get_cores(context, change.resource, desired)

    def stated_wait_s(self, resource: Resource) -> float:
        """Return the quota's `wait_minutes`: people may have to agree."""
        quota = resource.settings
        return quota.wait_minutes * 60.0 if isinstance(quota, Quota) else 0.0

    def delete(self, context: HandlerContext, resource: Resource, observed: Observed) -> None:
        """Do nothing: a quota cannot be deleted, and is never lowered."""

    def _get_cores(
        self, context: HandlerContext, resource: Resource[Quota], desired: JsonObject
    ) -> None:
        quota = resource.settings
        bound_s = quota.wait_minutes * 60.0

        def is_there() -> bool:
            seen = self.observe(context, resource)
            return seen is not None and is_enough(seen.outputs.get("limit"), quota.cores)

        if quota.on_short == "request":
            request_cores(context, resource, desired, is_there, bound_s)
        else:
            wait_for_cores(context, resource, is_there, bound_s)


def _is_low_priority(usage: JsonObject) -> bool:
    """Whether a usage counts low-priority cores: they bear their family's name too."""
    return "lowprioritycores" in str(usage.get("type") or "").lower()


def _body(quota: Quota) -> JsonObject:
    return {
        "properties": {
            "limit": {"limitObjectType": "LimitValue", "value": quota.cores},
            "name": {"value": quota.vm_family},
            "resourceType": "dedicated",
        }
    }
