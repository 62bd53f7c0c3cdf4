"""How much GPU memory a model takes, and how much a size has: an estimate from two tables.

Weights are counted as they are published (two bytes a parameter), and the keys and values of one
conversation of 4,096 tokens beside them. The figures stand in the models' `config.json` at
huggingface.co/microsoft, /meta-llama and /mistralai (layers, key-value heads, head size) and at
learn.microsoft.com/azure/virtual-machines/sizes/gpu-accelerated (memory of a GPU). They were
written down in 2026-11 from general knowledge: only a few of them were looked up there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.engine.types import Address, JsonObject, Reference, Resource

GIB = 1 << 30
BYTES = 2
TOKENS = 4096
REGISTRY_MODEL = re.compile(r"azureml://registries/[^/]+/models/([^/]+)/", re.IGNORECASE)
_DEEPEST = 5


@dataclass(frozen=True)
class ModelSize:
    """Parameters in billions, and what one token's keys and values are made of."""

    billions: float
    layers: int
    kv_heads: int
    head: int

    @property
    def weights_gib(self) -> float:
        """What the weights take."""
        return self.billions * 1e9 * BYTES / GIB

    @property
    def conversation_gib(self) -> float:
        """What the keys and values of one conversation take."""
        return 2 * self.layers * self.kv_heads * self.head * BYTES * TOKENS / GIB


MODELS = (
    (r"Phi-3(\.5)?-mini-.*", ModelSize(3.8, 32, 32, 96)),
    (r"Phi-3-medium-.*", ModelSize(14.0, 40, 10, 128)),
    (r"Phi-4-mini-.*", ModelSize(3.8, 32, 8, 128)),
    (r"Phi-4(-reasoning(-plus)?)?", ModelSize(14.7, 40, 10, 128)),
    (r"mistralai-Mistral-7B-.*", ModelSize(7.2, 32, 8, 128)),
    (r"Llama-2-7b(-chat)?", ModelSize(6.7, 32, 32, 128)),
    (r"Llama-2-13b(-chat)?", ModelSize(13.0, 40, 40, 128)),
    (r"(Meta-)?Llama-3(\.1)?-8B(-Instruct)?", ModelSize(8.0, 32, 8, 128)),
    (r"(Meta-)?Llama-3(\.[13])?-70B(-Instruct)?", ModelSize(70.6, 80, 8, 128)),
)

GPUS_GIB = (
    (r"Standard_NC\d+as_T4_v3", 16),
    (r"Standard_NC\d+ads_A100_v4", 80),
    (r"Standard_ND96asr_v4", 40),
    (r"Standard_ND96amsr_A100_v4", 80),
    (r"Standard_NC\d+adi?s_H100_v5", 94),
    (r"Standard_ND96is?r_H100_v5", 80),
    (r"Standard_NV(36|72)adm?s_A10_v5", 24),
    (r"Standard_NV18ads_A10_v5", 12),
    (r"Standard_NV12ads_A10_v5", 8),
    (r"Standard_NV6ads_A10_v5", 4),
)


def gpu_memory_gib(size: str, gpus: int) -> int:
    """Return the GPU memory of a size, all of its GPUs together; 0 where nobody knows."""
    return gpus * next((gib for name, gib in GPUS_GIB if _is(name, size)), 0)


def size_of_model(name: str) -> ModelSize | None:
    """Return what a model of a registry takes, None where the table has none of the name."""
    return next((size for pattern, size in MODELS if _is(pattern, name)), None)


def registry_model(body: JsonObject, resources: Mapping[Address, Resource]) -> str:
    """Return the name of the registry's model behind a body, through what it refers to.

    A model that a run made has the size of the one that was trained.
    """
    return _behind(body.get("properties", {}).get("model"), resources, _DEEPEST)


def _behind(value: Any, resources: Mapping[Address, Resource], deeper: int) -> str:
    if isinstance(value, str):
        found = REGISTRY_MODEL.match(value)
        return found[1] if found else ""
    if isinstance(value, Mapping):
        inner = (_behind(one, resources, deeper) for one in value.values())
        return next(filter(None, inner), "")
    if isinstance(value, Reference) and value.address in resources and deeper:
        return _behind(resources[value.address].desired, resources, deeper - 1)
    return ""


def _is(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, name, re.IGNORECASE) is not None
