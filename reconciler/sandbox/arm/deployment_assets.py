"""What a deployment is made of must be there: its model, its environment, its code.

Sources: azure-rest-api-specs OnlineDeployment (model, environmentId and codeConfiguration are all
optional; an image may bring the model); learn.microsoft.com/azure/machine-learning/
reference-yaml-deployment-managed-online (an MLflow model needs no environment). The words of the
refusals are UNVERIFIED but for a registry's model.
"""

from __future__ import annotations

import re

from reconciler.sandbox.arm import catalog, ml
from reconciler.sandbox.arm.errors import user_error
from reconciler.sandbox.arm.types import Write

_IN_REGISTRY = re.compile(
    r"azureml://registries/[\w-]+/(environments|codes)/[\w.-]+/(versions|labels)/[\w.-]+",
    re.IGNORECASE,
)


def check(write: Write) -> None:
    """Raise ArmError unless all that a deployment names exists; ids are kept as they are stored."""
    properties = write.properties
    _check_environment(write)
    code = properties.get("codeConfiguration") or {}
    if code.get("codeId"):
        code["codeId"] = _stored(write, str(code["codeId"]), "codes", "Code")
    _check_model(write)


def _check_model(write: Write) -> None:
    reference = write.properties.get("model")
    if not reference:
        if not write.properties.get("environmentId"):
            raise user_error("Deployment needs a model.", "BadArgument")
        return
    if str(reference).startswith("azureml://registries/"):
        check_registry_model(str(reference))
        return
    write.properties["model"] = _stored(write, str(reference), "models", "Model")


def _check_environment(write: Write) -> None:
    reference = str(write.properties.get("environmentId") or "")
    if reference:
        write.properties["environmentId"] = _stored(write, reference, "environments", "Environment")


def _stored(write: Write, reference: str, collection: str, word: str) -> str:
    """Return the id of what a reference names, as it is stored. Raises ArmError for nothing."""
    if _IN_REGISTRY.fullmatch(reference):
        return reference
    wanted = ml.asset_id(ml.workspace_id(write.id), reference, collection)
    record = write.world.store.get(wanted)
    if record is None:
        raise user_error(f"{word} {reference} was not found.", "ResourceNotFound")
    return record.id


def check_registry_model(uri: str) -> None:
    """Raise ArmError if a registry model reference names nothing in the catalog."""
    parts = uri.removeprefix("azureml://registries/").split("/")
    if len(parts) == 5 and parts[1] == "models" and parts[3] in ("versions", "labels"):
        registry, _, name, by, version = parts
        found = catalog.MODELS.get(registry.lower(), {}).get(name)
        is_known = by == "labels" or (version.isdigit() and found and int(version) in found)
        if found is not None and is_known:
            return
    raise user_error(
        f"The model '{uri}' was not found in its registry.", "BadArgument/ModelNotFound", 400
    )
