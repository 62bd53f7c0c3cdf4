"""What Microsoft has retired or will: one dated table, with source and replacement.

Sizes, models and services that can no longer be had are stopped or warned about at
`validate`, not by Azure after forty minutes. Sources (read 2026-08): the retirement pages
of learn.microsoft.com/azure/virtual-machines (NC v3), /azure/ai-foundry/concepts/
model-lifecycle-retirement (Phi-3), /azure/machine-learning/prompt-flow (prompt flow).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from reconciler.kinds.expansion import Expansion
from reconciler.spec.document import Keys


@dataclass(frozen=True)
class Retirement:
    """One thing that ends. `pattern` matches its name in any case; `stops`: nothing of it
    can be made any more, so a spec that asks for it is wrong.
    """

    pattern: str
    what: str
    on: date
    replacement: str
    stops: bool


SIZES = (
    Retirement(
        r"Standard_NC(6|12|24)r?s_v3",
        "the NCv3 series",
        date(2025, 9, 30),
        "Standard_NC24ads_A100_v4, or Standard_NC4as_T4_v3 for something small",
        stops=True,
    ),
    Retirement(
        r"standardNCSv3Family",
        "the NCv3 series",
        date(2025, 9, 30),
        "standardNCADSA100v4Family",
        stops=True,
    ),
)

MODELS = (
    Retirement(
        r".*/models/Phi-3(\.5)?-.*",
        "Phi-3 and Phi-3.5 in Foundry Models",
        date(2025, 8, 30),
        "Phi-4-mini-instruct",
        stops=False,
    ),
)

PROMPT_FLOW = Retirement(
    r".*", "prompt flow", date(2027, 4, 20), "Microsoft Agent Framework", stops=False
)
CHECK = "retirement"
"""The id of these warnings, under which a spec can accept them."""


def report_size(name: str, expansion: Expansion, path: Keys) -> None:
    """Note an error for a VM size or family that is retired; a warning where it is allowed.

    `lifecycle: {ADDRESS: {allow_retired: true}}` allows it, for one address or a section.
    """
    section, key = str(path[0]), str(path[1])
    allowed = expansion.allow_retired & {section, f"{section}.{key}", f"{section}.{name}"}
    _report(name, SIZES, expansion, path, stops=not allowed)


def report_model(reference: str, expansion: Expansion, path: Keys) -> None:
    """Note a warning for a base model whose hosted form is retired.

    Whether its weights still resolve from the registry for training is not verified.
    """
    _report(reference, MODELS, expansion, path)


def report_prompt_flow(expansion: Expansion, path: Keys) -> None:
    """Note that prompt flow is experimental here and ends."""
    expansion.warning(
        CHECK,
        f"prompt flow retires on {PROMPT_FLOW.on}, and creating flows is experimental here",
        path,
        hint=f"plan for {PROMPT_FLOW.replacement}",
    )


def matches(item: Retirement, name: str) -> bool:
    """Return whether a retirement concerns a size, family or model, in any case."""
    return re.fullmatch(item.pattern, name, re.IGNORECASE) is not None


def _report(
    name: str, table: Iterable[Retirement], expansion: Expansion, path: Keys, *, stops: bool = True
) -> None:
    found = next((item for item in table if matches(item, name)), None)
    if found and found.stops and stops:
        expansion.problem(
            f"`{name}` was retired on {found.on}",
            path,
            detail=f"{found.what} is no longer available in any region",
            hint=f"use {found.replacement}",
        )
    elif found:
        _warn(name.rpartition("/models/")[2] or name, found, expansion, path)


def _warn(name: str, found: Retirement, expansion: Expansion, path: Keys) -> None:
    expansion.warning(
        CHECK,
        f"`{name}`: {found.what} retired on {found.on}",
        path,
        hint=f"plan for {found.replacement}",
    )
