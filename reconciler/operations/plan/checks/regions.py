"""Other regions near one, and what they say of sizes and cores: asked only where a way out is needed.

Source of the groups: `metadata.geographyGroup` of learn.microsoft.com/rest/api/resources/
subscriptions/list-locations (read 2026-08), the regions with most GPU sizes first.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from itertools import islice

from reconciler.cloud.run_scope import RunScope
from reconciler.diagnostics import ReconcileError
from reconciler.engine.types import JsonObject
from reconciler.kinds.quota.quota import USAGES_API
from reconciler.operations.load import Loaded
from reconciler.operations.plan.checks.facts import ML, SKUS_API, Answer, Facts

GROUPS = (
    "eastus eastus2 southcentralus westus3 westus2 northcentralus centralus westus westcentralus",
    "westeurope swedencentral northeurope francecentral italynorth polandcentral spaincentral "
    "germanywestcentral switzerlandnorth norwayeast uksouth ukwest",
    "japaneast australiaeast southeastasia koreacentral centralindia eastasia japanwest "
    "southindia koreasouth westindia australiasoutheast australiacentral",
    "canadacentral canadaeast",
)
MOST_ASKED = 6
"""Two requests each; with the four of `MOST_BARRED` no more than sixteen."""
MOST_BARRED = 4
Question = Callable[[], list[JsonObject]]


def near(region: str) -> list[str]:
    """Return the other regions of a region's group that are asked, none for one that is alone."""
    group = next((names.split() for names in GROUPS if region in names.split()), [])
    return list(islice((name for name in group if name != region), MOST_ASKED))


class Elsewhere:
    """What other regions say; nobody is asked before somebody needs it, and then all at once."""

    def __init__(self, loaded: Loaded, run: RunScope, at_once: int) -> None:
        """Ask nothing yet."""
        self._run, self._at_once = run, at_once
        self._home = loaded.spec.target.location
        self._subscription = f"/subscriptions/{loaded.spec.target.subscription_id}"
        self._barred = 0

    @cached_property
    def regions(self) -> dict[str, Facts]:
        """The sizes and usages of each region near, without those that do not answer."""
        names = near(self._home)
        questions = [self._about(name, what) for name in names for what in ("vmSizes", "usages")]
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="elsewhere") as pool:
            answers = list(pool.map(_answer, questions))
        pairs = zip(names, answers[::2], answers[1::2], strict=True)
        return {
            name: Facts(sizes=sizes, usages=usages)
            for name, sizes, usages in pairs
            if sizes.items and usages.items
        }

    def skus(self, region: str) -> Answer | None:
        """Return the sizes of Microsoft.Compute in a region; None after too many questions."""
        self._barred += 1
        if self._barred > MOST_BARRED:
            return None
        path = f"{self._subscription}/providers/Microsoft.Compute/skus"
        here = {"$filter": f"location eq '{region}'"}
        return _answer(partial(self._run.arm.list, path, SKUS_API, here, parent_exists=True))

    def _about(self, region: str, what: str) -> Question:
        path = f"{self._subscription}/providers/{ML}/locations/{region}/{what}"
        return partial(self._run.arm.list, path, USAGES_API, parent_exists=True)


def _answer(question: Question) -> Answer:
    try:
        return Answer(tuple(question()), asked="elsewhere")
    except ReconcileError as error:
        return Answer(problem=error, asked="elsewhere")
