"""Ways out of what a region does not have, or has too little of; lines that can be pasted.

Within the region first: data and workspace stay. Another region only where all of the spec would
fit there, by the same checks, and only while nothing of it exists: afterwards a region is another
workspace under another name. Never chosen by the tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from operator import itemgetter

from reconciler.cloud.run_scope import RunScope
from reconciler.engine.decisions import Change
from reconciler.engine.findings import Finding, Level
from reconciler.engine.types import Address
from reconciler.kinds import HANDLERS
from reconciler.kinds.quota.quota import RaisesLimits
from reconciler.kinds.quota.sizes import size_of
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks import cores, sizes
from reconciler.operations.plan.checks.facts import Facts
from reconciler.operations.plan.checks.regions import Elsewhere
from reconciler.operations.plan.checks.run import findings_of_machines, region_of
from reconciler.operations.plan.checks.sizes import Size, Use
from reconciler.operations.plan.checks.ways import MOST, other_sizes, price_of, shown, ways_out

ASKED_FOR = "alternatives"
"""Also the id of the findings that tell them where nothing is short."""
OF_SIZES = frozenset({sizes.NOT_HERE, sizes.BARRED})
SHORT = OF_SIZES | {cores.CHECK}
CHECKED_BY = "the sizes and usages of the region, and of others near it (Azure ML)"
MEANS = "another workspace, its data uploaded there"


class Alternatives:
    """The ways out of one plan. Other regions are asked at most once, and only where needed."""

    def __init__(self, region: cores.Region, elsewhere: Elsewhere) -> None:
        """Ask nothing yet."""
        self._region, self._elsewhere = region, elsewhere
        self._is_new = not any(map(_is_there, region.changes.values()))

    def completed(self, finding: Finding) -> Finding:
        """Return a finding with ways out, where it is of a kind that has any."""
        change = self._region.changes.get(finding.address)
        if finding.level is not Level.BLOCKER or finding.id not in SHORT or change is None:
            return finding
        use = cores.use_of(change, self._region.uses)
        if use is None:
            return finding
        told = finding.alternatives or (self._sizes(use) if finding.id in OF_SIZES else ())
        ways = self._with_regions(use, told)
        is_misspelt = finding.id == sizes.NOT_HERE and not ways
        hint = finding.hint if is_misspelt or finding.id != sizes.NOT_HERE else ""
        return replace(finding, alternatives=ways, hint=hint)

    def of(self, use: Use) -> tuple[str, ...]:
        """Return what a resource could have in place of its machines, though nothing is short."""
        fits = partial(self._region.fits, use)
        return self._with_regions(use, ways_out(use, self._region.sizes, fits))

    def _sizes(self, use: Use) -> tuple[str, ...]:
        own = self._own(use.wanted.size)
        fits = partial(self._region.fits, use)
        return other_sizes(use.wanted, own, self._region.sizes, fits) if own else ()

    def _own(self, name: str) -> Size | None:
        """What is known of a size: here, by the table, or in another region."""
        known, table = self._region.sizes.get(name.casefold()), size_of(name)
        if known is not None:
            return known
        for facts in self._elsewhere.regions.values():
            found = sizes.sizes_of(facts.sizes).get(name.casefold())
            if found is not None:
                return found
        return Size(table.name, table.family, table.cores, table.gpus, 0, {}) if table else None

    def _with_regions(self, use: Use, told: tuple[str, ...]) -> tuple[str, ...]:
        others = self._regions(use) if self._is_new else ()
        return tuple(islice(chain(told, others), MOST))

    def _regions(self, use: Use) -> Iterator[str]:
        """Yield each region where everything of the spec fits, the cheapest first."""
        for (_, has), name, facts in sorted(self._offering(use), key=itemgetter(0)):
            if self._fits_in(name, facts):
                yield f"location: {name}  # in target ({MEANS}): {has}"

    def _offering(self, use: Use) -> Iterator[tuple[tuple[Decimal, str], str, Facts]]:
        """Yield the regions that have a size, with its price there and what it is."""
        for name, facts in self._elsewhere.regions.items():
            size = sizes.sizes_of(facts.sizes).get(use.wanted.size.casefold())
            if size is not None and self._region.policy.allows("locations", name):
                yield (price_of(use.wanted, size), shown(use.wanted, size)), name, facts

    def _fits_in(self, name: str, facts: Facts) -> bool:
        there = _moved(self._region.loaded, name)
        if findings_of_machines(self._in(there, facts)):
            return False
        if not self._region.facts.skus.asked:
            return True
        skus = self._elsewhere.skus(name)
        if skus is None or skus.problem is not None:
            return False
        facts = replace(facts, skus=skus)
        return not findings_of_machines(self._in(there, facts))

    def _in(self, there: Loaded, facts: Facts) -> cores.Region:
        return region_of(there, self._region.changes, self._region.graph, facts)


def _is_there(change: Change) -> bool:
    """Whether something exists that would have to move; limits are there in every region."""
    is_limit = isinstance(HANDLERS[change.resource.kind], RaisesLimits)
    return change.observed is not None and not is_limit


def _moved(loaded: Loaded, region: str) -> Loaded:
    target = loaded.spec.target.model_copy(update={"location": region})
    return replace(loaded, spec=loaded.spec.model_copy(update={"target": target}))


def with_alternatives(
    run: RunScope, region: cores.Region, findings: Iterable[Finding], *, all_of: bool
) -> tuple[Finding, ...]:
    """Return the findings with ways out; `all_of`: of machines that nothing is wrong with too."""
    found = Alternatives(region, Elsewhere(region.loaded, run, region.facts.at_once))
    told = tuple(map(found.completed, findings))
    if not all_of:
        return told
    short = {finding.address for finding in told if finding.alternatives}
    return (*told, *_notes(region, found, short))


def _notes(region: cores.Region, found: Alternatives, short: set[Address]) -> Iterator[Finding]:
    for use in region.uses:
        is_made = use.change.action in sizes.MADE and use.address not in short
        ways = found.of(use) if is_made else ()
        if ways:
            yield Finding(
                ASKED_FOR,
                Level.NOTE,
                use.address,
                f"`{use.address}` could have other machines",
                sizes.position_of(region.loaded, use),
                checked_by=CHECKED_BY,
                alternatives=ways,
            )
