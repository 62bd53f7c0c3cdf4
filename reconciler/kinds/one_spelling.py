"""One spelling for every id of the same asset: an input of fingerprints."""

from __future__ import annotations

import re

_PROVIDER = "/providers/microsoft.machinelearningservices/workspaces/"
_LONG = re.compile(
    r"azureml:/(?P<group>/subscriptions/[^/]+/resourcegroups/[^/]+)"
    rf"(?:{_PROVIDER}|/workspaces/)(?P<workspace>[^/]+)(?P<asset>/.+)"
)
"""An asset or a datastore of a workspace as `azureml://`, in small letters."""
_CATALOG = {
    name.casefold(): name
    for name in (
        *("Phi-3-mini-4k-instruct", "Phi-3-mini-128k-instruct"),
        *("Phi-3-small-8k-instruct", "Phi-3-small-128k-instruct"),
        *("Phi-3-medium-4k-instruct", "Phi-3-medium-128k-instruct"),
        *("Phi-3.5-mini-instruct", "Phi-3.5-MoE-instruct", "Phi-3.5-vision-instruct"),
        *("Phi-4", "Phi-4-mini-instruct", "Phi-4-multimodal-instruct"),
        *("Phi-4-reasoning", "Phi-4-mini-reasoning"),
        *("mistralai-Mistral-7B-v01", "mistralai-Mistral-7B-Instruct-v01"),
    )
}
"""Models that can be fine-tuned, as ai.azure.com/catalog spells them (read 2026-11)."""


def folded(uri: str, workspace: str) -> str:
    """Return one spelling for every id of the same asset: an input of fingerprints.

    Azure ignores the case of what names a resource, and a slash at the end. What follows
    `/paths/` is a file's name in storage, where case counts. Models of Microsoft's registry are
    spelt as in its catalog, as they mostly are in specs.
    """
    head, paths, path = uri.rstrip("/").partition("/paths/")
    low = head.casefold()
    long = _LONG.fullmatch(low)
    if long:
        home, asset = f"{long['group']}{_PROVIDER}{long['workspace']}", long["asset"]
        if paths and home == workspace.casefold():
            low = f"azureml:/{asset}"
        elif not paths:
            low = f"{home}{asset}"
    registry, models, model = low.partition("/azureml/models/")
    name, version, number = model.partition("/versions/")
    return "".join((registry, models, _CATALOG.get(name, name), version, number, paths, path))
