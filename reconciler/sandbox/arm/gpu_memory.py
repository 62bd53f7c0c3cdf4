"""Weights that are larger than the memory of the GPUs kill the container while it loads.

Source: learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints
(ResourceNotReady). Of models of registries only; a size without GPUs takes any.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.arm import catalog
from reconciler.sandbox.arm.errors import ArmError

_WEIGHTS_GB = {
    "Phi-3-mini-4k-instruct": 7.6,
    "Phi-3-mini-128k-instruct": 7.6,
    "Phi-3-medium-4k-instruct": 27.9,
    "Phi-3.5-mini-instruct": 7.6,
    "Phi-4-mini-instruct": 7.7,
    "Phi-4": 29.3,
    "mistralai-Mistral-7B-v01": 14.5,
    "Llama-2-7b": 13.5,
    "Meta-Llama-3-8B-Instruct": 16.1,
}
"""The weights as published: the sum of the `*.safetensors` of each model's repository."""
_GPU_GB = {"_T4_": 16, "_A100_": 80, "_H100_": 94, "_A10_": 24, "_v3": 16}
"""The memory of one GPU by a part of the size's name, the first that fits."""


def _memory(size: catalog.VmSize) -> int:
    """Return the memory of all GPUs of a size in GB, 0 for one without."""
    return size.gpus * next((gb for part, gb in _GPU_GB.items() if part in size.name), 0)


def check(properties: dict[str, Any]) -> None:
    """Raise ArmError 400 where the model of a deployment does not fit into its GPUs."""
    size = catalog.vm_size(str(properties["instanceType"]))
    _, _, asset = str(properties.get("model")).partition("/models/")
    weights = _WEIGHTS_GB.get(asset.partition("/")[0], 0.0)
    if size is not None and size.gpus and weights > _memory(size):
        raise ArmError(
            400,
            "ResourceNotReady",
            "User container has crashed or terminated. Please see troubleshooting guide, available "
            "here: https://aka.ms/oe-tsg#error-resourcenotready",
        )
