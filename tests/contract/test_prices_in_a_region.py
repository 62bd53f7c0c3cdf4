"""500 sizes in regions, each among decoys: the right meter, or unknown, and never nothing."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from reconciler.cloud import prices
from reconciler.cloud.endpoints import Cloud
from reconciler.engine.money import Rate, Unpriced
from reconciler.sandbox.arm import catalog

PAIRS = 500


def offered() -> list[tuple[str, str]]:
    return [
        (size.name, region)
        for region in catalog.REGIONS
        for size in catalog.VM_SIZES
        if region != "global" and catalog.is_offered(size, region)
    ]


def test_every_price_is_the_true_one_or_unknown(azure: Any) -> None:
    draw = random.Random(5)
    pairs = sorted(draw.sample(offered(), PAIRS), key=lambda pair: pair[1])
    true: dict[tuple[str, str], Decimal | None] = {}
    for index, (size, region) in enumerate(pairs):
        price = None if draw.random() < 0.1 else Decimal(index + 100) / 1000
        true[size, region] = price
        body = {"size": size, "location": region, "price": None if price is None else str(price)}
        azure.control("POST", "prices", body)
    azure.clear_journal()
    cloud = Cloud.of_sandbox(azure.access)
    wrong = []
    for region in sorted({region for _, region in pairs}):
        here = [size for size, place in pairs if place == region]
        answer = prices.ask(cloud, here, region)
        assert answer.problem == ""
        for size in here:
            found = prices.choose(answer.items, size, region, answer.at)
            amount = found.amount if isinstance(found, Rate) else None
            assert amount is not None or isinstance(found, Unpriced)
            if amount != true[size, region]:
                wrong.append((size, region, found, true[size, region]))
    assert wrong == []
    assert sum(price is None for price in true.values()) > 20
    asked = [entry for entry in azure.journal() if entry["path"].startswith("/_prices/")]
    assert len(asked) == len({region for _, region in pairs})
    assert all("appid=" not in entry["client"] for entry in asked)
