"""Sizes: whether a region has them, and for what use. By Azure ML's own list of sizes.

What the list does not say is not judged: an empty list, or one without the uses. Source:
published example VirtualMachineSize/list (`supportedComputeTypes`, `lowPriorityCapable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.diagnostics import Position
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.ignored import with_ignored_as_found
from reconciler.engine.numbers import number_in, whole_number_in
from reconciler.engine.types import Action, JsonObject
from reconciler.kinds import HANDLERS
from reconciler.kinds.machines import Machines, UsesMachines
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.facts import Answer
from reconciler.spec.problems import nearest

NOT_HERE = "size-not-in-region"
NOT_FOR_THIS = "size-not-for-this"
BARRED = "size-barred"
CHECKED_BY = "the sizes of the region (Azure ML vmSizes)"
MADE = (Action.CREATE, Action.REPLACE)
SERVES = "MIR"
"""What Azure calls managed inference, in the uses of a size."""
CLUSTER = "AmlCompute"


@dataclass(frozen=True)
class Use:
    """A change, and the machines that it is to have and has."""

    change: Change
    wanted: Machines
    held: Machines | None

    @property
    def address(self) -> str:
        """The resource's address."""
        return self.change.address


@dataclass(frozen=True)
class Size:
    """What Azure ML says of a size."""

    name: str
    family: str
    cores: int
    gpus: int
    memory_gb: float
    body: JsonObject


def uses_of(changes: Iterable[Change]) -> list[Use]:
    """Return what is made of machines in a plan, whether it changes or not; no deletions."""
    found = []
    for change in changes:
        handler = HANDLERS[change.resource.kind]
        if not isinstance(handler, UsesMachines) or change.action is Action.DELETE:
            continue
        resource, seen = change.resource, change.observed
        is_new = change.action is Action.REPLACE
        body = resource.desired
        wanted = handler.machines(body if is_new else with_ignored_as_found(resource, body, seen))
        held = handler.machines(change.observed.body) if change.observed else None
        if wanted is not None:
            found.append(Use(change, wanted, held))
    return found


def sizes_of(answer: Answer) -> dict[str, Size]:
    """Return the sizes of a region by their folded names."""
    return {
        str(item["name"]).casefold(): Size(
            str(item["name"]),
            str(item.get("family") or ""),
            whole_number_in(item, "vCPUs"),
            whole_number_in(item, "gpus"),
            number_in(item, "memoryGB"),
            item,
        )
        for item in answer.items
        if item.get("name")
    }


def check_sizes(
    loaded: Loaded, uses: Iterable[Use], sizes: Mapping[str, Size]
) -> Iterator[Finding]:
    """Yield a blocker for each size that the region, or the use, does not have."""
    for use in uses:
        if use.change.is_blocked or use.change.action not in MADE or not sizes:
            continue
        size = sizes.get(use.wanted.size.casefold())
        if size is None:
            yield _not_here(loaded, use, sizes)
        elif problem := _not_for_this(use.wanted, size, sizes.values()):
            yield _not_usable(loaded, use, problem, sizes)


def _not_here(loaded: Loaded, use: Use, sizes: Mapping[str, Size]) -> Finding:
    name, region = use.wanted.size, loaded.spec.target.location
    near = nearest(name, [size.name for size in sizes.values()])
    hint = f"did you mean `{near}`?" if near else "choose a size that the region has"
    return Finding(
        NOT_HERE,
        Level.BLOCKER,
        use.address,
        f"`{use.address}`: {region} has no size `{name}`",
        position_of(loaded, use),
        f"Azure ML offers {len(sizes)} sizes there to this subscription",
        hint,
        CHECKED_BY,
    )


def _not_for_this(wanted: Machines, size: Size, every: Iterable[Size]) -> str:
    """Say what a size cannot be used for, "" where it can or where nothing says so."""
    if wanted.low_priority and size.body.get("lowPriorityCapable") is False:
        return "cannot be had at low priority"
    needed = SERVES if wanted.serves else CLUSTER
    if needed in _uses(size) or not any(needed in _uses(other) for other in every):
        return ""
    return f"is not for {'online deployments' if wanted.serves else 'compute clusters'}"


def is_usable(wanted: Machines, size: Size, every: Iterable[Size]) -> bool:
    """Whether a size can be had for a use, as far as the list says."""
    return not _not_for_this(wanted, size, every)


def _uses(size: Size) -> frozenset[str]:
    return frozenset(str(word) for word in size.body.get("supportedComputeTypes") or ())


def _not_usable(loaded: Loaded, use: Use, problem: str, sizes: Mapping[str, Size]) -> Finding:
    own = sizes[use.wanted.size.casefold()]
    others = [
        f"{use.wanted.field}: {size.name}"
        for size in sorted(sizes.values(), key=lambda size: (size.cores, size.name))
        if size.gpus >= own.gpus
        and size.memory_gb >= own.memory_gb
        and not _not_for_this(use.wanted, size, sizes.values())
    ]
    return Finding(
        NOT_FOR_THIS,
        Level.BLOCKER,
        use.address,
        f"`{use.address}`: `{own.name}` {problem}",
        position_of(loaded, use),
        hint="choose `tier: dedicated`, or another size" if use.wanted.low_priority else "",
        checked_by=CHECKED_BY,
        alternatives=tuple(others[:3]),
    )


def check_barred(loaded: Loaded, uses: Iterable[Use], skus: Answer) -> Iterator[Finding]:
    """Yield a blocker for each size that Azure bars for the subscription in the region.

    Source: learn.microsoft.com/rest/api/compute/resource-skus/list (`restrictions`).
    """
    region = loaded.spec.target.location
    barred = barred_in(region, skus)
    for use in uses:
        is_made = use.change.action in MADE and not use.change.is_blocked
        if is_made and use.wanted.size.casefold() in barred:
            yield Finding(
                BARRED,
                Level.BLOCKER,
                use.address,
                f"`{use.address}`: `{use.wanted.size}` is not available for this subscription",
                position_of(loaded, use),
                f"Azure restricts it in {region}, whatever the quota",
                "choose another size or region, or ask Azure support to lift the restriction",
                "the sizes of Microsoft.Compute (restrictions)",
            )


def barred_in(region: str, skus: Answer) -> frozenset[str]:
    """Return the folded names of the sizes that a region bars for the subscription."""
    return frozenset(str(i.get("name")).casefold() for i in skus.items if _is_barred(i, region))


def _is_barred(sku: JsonObject, region: str) -> bool:
    return any(
        one.get("reasonCode") == "NotAvailableForSubscription"
        and one.get("type") == "Location"
        and region.casefold() in {str(value).casefold() for value in one.get("values") or ()}
        for one in sku.get("restrictions") or ()
    )


def position_of(loaded: Loaded, use: Use) -> Position | None:
    """Return where the spec names the size."""
    section, _, key = use.address.partition(".")
    return loaded.document.position((section, key, use.wanted.field))


def not_checked(answer: Answer) -> Iterator[Finding]:
    """Yield a warning where the sizes could not be read."""
    if answer.problem is not None:
        yield Finding(
            NOT_HERE,
            Level.WARNING,
            "",
            "not checked: whether the region has the sizes of the spec",
            detail=answer.problem.diagnostics[0].summary,
            hint="give the identity `Microsoft.MachineLearningServices/locations/vmSizes/read`",
            checked_by=CHECKED_BY,
        )
