"""Write the list prices that come with the package anew, as the public price list has them today.

    python -m tools.price_snapshot

asks https://prices.azure.com, without signing in, for every size that the package knows, region by
region. What no meter fits, or more than one, is left out; nothing is written where a region cannot
be read whole.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from reconciler.cloud import prices
from reconciler.cloud.endpoints import Cloud
from reconciler.cloud.price_snapshot import CURRENCY, FILE
from reconciler.engine.money import Rate
from reconciler.kinds.quota.sizes import SIZES
from reconciler.operations.plan.checks.regions import GROUPS


def main() -> int:
    """Ask, write, and say what was written."""
    regions = [name for names in GROUPS for name in names.split()]
    try:
        text = snapshot_of(Cloud(), [size.name for size in SIZES], regions)
    except ValueError as error:
        sys.stderr.write(f"nothing was written: {error}\n")
        return 1
    FILE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")
    return 0


def snapshot_of(cloud: Cloud, sizes: Iterable[str], regions: Iterable[str]) -> str:
    """Return the document of the prices of today. Raises `ValueError` for a list that is away."""
    wanted, found, days = list(sizes), dict[str, dict[str, str]](), list[str]()
    for region in regions:
        answer = prices.ask(cloud, wanted, region, CURRENCY)
        if answer.problem or answer.at is None:
            raise ValueError(f"{region}: {answer.problem or 'the list does not say its time'}")
        chosen = {size: prices.choose(answer.items, size, region, answer.at) for size in wanted}
        known = {size: f"{p.amount:f}" for size, p in chosen.items() if isinstance(p, Rate)}
        found |= {region: known} if known else {}
        days.append(answer.at.date().isoformat())
    held = {"as_of": min(days), "source": f"{cloud.prices}{prices.PATH}", "prices": found}
    return json.dumps(held, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
