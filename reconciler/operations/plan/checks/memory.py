"""Does a model fit into the memory of its GPUs? An estimate, from tables of models and sizes.

Weights alone that do not fit are a blocker: the container is killed while it loads, forty minutes
into an apply. Weights that leave no room for a conversation are a warning. What stands in neither
table is not judged, and no size without GPUs is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from reconciler.engine.findings import Finding, Level
from reconciler.kinds import HANDLERS
from reconciler.kinds.extensions import ServesModel
from reconciler.kinds.serving.memory import ModelSize, gpu_memory_gib, size_of_model
from reconciler.operations.plan.checks.core_claims import CHANGES
from reconciler.operations.plan.checks.cores import Region
from reconciler.operations.plan.checks.sizes import Size, Use, is_usable, position_of

CHECK = "gpu-memory"
CHECKED_BY = "estimated: tables of models and of sizes, read 2026-11"
USABLE = 0.9
"""What a server takes of a GPU at most (vLLM's `gpu_memory_utilization`)."""
MOST = 3


def check_memory(region: Region) -> Iterator[Finding]:
    """Yield what is told of each deployment whose model is too large for its GPUs."""
    for use in region.uses:
        handler, size = HANDLERS[use.change.resource.kind], region.sizes.get(_folded(use))
        is_made = use.change.action in CHANGES and not use.change.is_blocked
        if size is None or not is_made or not isinstance(handler, ServesModel):
            continue
        name = handler.serves_model(use.change.resource, region.loaded.resources)
        model, memory = size_of_model(name), gpu_memory_gib(size.name, size.gpus)
        if model is not None and memory:
            yield from _judged(region, use, size, name, model)


def _judged(region: Region, use: Use, size: Size, name: str, model: ModelSize) -> Iterator[Finding]:
    memory = gpu_memory_gib(size.name, size.gpus)
    needed = model.weights_gib + model.conversation_gib
    is_too_large = model.weights_gib > memory
    if not is_too_large and needed <= memory * USABLE:
        return
    fits = "does not fit into" if is_too_large else "leaves no room for a conversation in"
    gpus = "1 GPU has" if size.gpus == 1 else f"{size.gpus} GPUs have"
    yield Finding(
        CHECK,
        Level.BLOCKER if is_too_large else Level.WARNING,
        use.address,
        f"`{use.address}`: `{name}` {fits} the GPU memory of `{size.name}`",
        position_of(region.loaded, use),
        f"estimated: its weights take {model.weights_gib:.0f} GiB, a conversation of 4,096 tokens "
        f"{model.conversation_gib:.1f} GiB; {gpus} {memory} GB",
        "choose a size with more GPU memory, or a smaller model",
        CHECKED_BY,
        _ways_out(region, use, needed),
    )


def _ways_out(region: Region, use: Use, needed: float) -> tuple[str, ...]:
    """Return the smallest sizes in which it fits, those that the quota of the region allows."""
    enough = [
        size
        for size in region.sizes.values()
        if gpu_memory_gib(size.name, size.gpus) * USABLE >= needed
        and is_usable(use.wanted, size, region.sizes.values())
        and region.fits(use, replace(use.wanted, size=size.name))
    ]
    enough.sort(key=lambda size: (gpu_memory_gib(size.name, size.gpus), size.cores))
    return tuple(f"{use.wanted.field}: {size.name}" for size in islice(enough, MOST))


def _folded(use: Use) -> str:
    return use.wanted.size.casefold()
