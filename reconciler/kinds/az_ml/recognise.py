"""Which section of a spec an az ml file belongs to: by its `$schema`, else by what it states.

Source: learn.microsoft.com/azure/machine-learning/reference-yaml-overview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.diagnostics import Diagnostic, Position, SpecError
from reconciler.kinds import Spec
from reconciler.spec.document import Document

SECTIONS = {
    "manageddeployment": "deployments",
    "managedonlinedeployment": "deployments",
    "managedonlineendpoint": "endpoints",
    "commandjob": "jobs",
    "finetuningjob": "jobs",
    "environment": "environments",
    "data": "datasets",
    "model": "models",
    "amlcompute": "compute",
    "workspace": "workspace",
    "hub": "hub",
    "project": "project",
    "azureblob": "datastores",
    "azurefile": "datastores",
    "azuredatalakegen2": "datastores",
    "connection": "connections",
    "workspaceconnection": "connections",
    "customconnection": "connections",
    "flow": "flows",
}
"""The section of each schema, by its name in small letters."""
NOT_OURS = {
    "pipelinejob": "pipeline jobs",
    "commandcomponent": "components",
    "pipelinecomponent": "components",
    "sweepjob": "sweep jobs",
    "automljob": "AutoML jobs",
    "sparkjob": "Spark jobs",
    "schedule": "schedules",
    "batchendpoint": "batch endpoints",
    "batchdeployment": "batch deployments",
    "modelbatchdeployment": "batch deployments",
    "pipelinecomponentbatchdeployment": "batch deployments",
    "serverlessendpoint": "serverless endpoints",
    "kubernetesonlinedeployment": "deployments on Kubernetes",
    "kubernetesonlineendpoint": "endpoints on Kubernetes",
    "kubernetescompute": "Kubernetes clusters",
    "computeinstance": "compute instances",
    "vmcompute": "attached machines",
    "synapsesparkcompute": "Synapse pools",
    "registry": "registries",
    "azuredatalakegen1": "Data Lake Gen1 (retired by Azure in February 2024)",
    "featureset": "feature sets",
    "featurestore": "feature stores",
    "featurestoreentity": "feature stores",
    "import": "data imports",
    "importjob": "data imports",
}
"""Schemas of az ml that no section has a place for, in words."""
_NAME = re.compile(r"([A-Za-z0-9]+?)(?:\.schema)?(?:\.json)?\s*\Z")

_BY_FIELDS = (
    ("deployments", {"endpoint_name"}),
    ("flows", {"nodes"}),
    ("jobs", {"command"}),
    ("environments", {"conda_file"}),
    ("environments", {"image"}),
    ("environments", {"build"}),
    ("compute", {"size", "max_instances"}),
    ("datastores", {"account_name"}),
    ("connections", {"target", "credentials"}),
    ("endpoints", {"auth_mode"}),
    ("hub", {"default_resource_group"}),
    ("project", {"hub_id"}),
)
"""What a file without a schema states, the most telling first."""
_BY_TYPE = {
    "amlcompute": "compute",
    "command": "jobs",
    "finetuning": "jobs",
    "fine_tuning": "jobs",
    "uri_file": "datasets",
    "uri_folder": "datasets",
    "mltable": "datasets",
    "custom_model": "models",
    "mlflow_model": "models",
    "triton_model": "models",
    "azure_blob": "datastores",
    "azure_file": "datastores",
    "azure_data_lake_gen2": "datastores",
}
_OTHER_TYPES = {
    "pipeline": "pipeline jobs",
    "sweep": "sweep jobs",
    "automl": "AutoML jobs",
    "spark": "Spark jobs",
    "parallel": "parallel jobs",
    "computeinstance": "compute instances",
}


def section_of(document: Document) -> str:
    """Return the section that a file belongs to. Raises `SpecError` where there is none."""
    section = _section(document)
    if section not in Spec.model_fields:
        raise _not_ours(f"{section}", document.position(("$schema",)))
    return section


def _section(document: Document) -> str:
    data: Mapping[str, Any] = document.data
    stated = str(data.get("$schema") or "")
    if stated:
        name = schema_name(stated)
        if name in SECTIONS:
            return SECTIONS[name]
        if name in NOT_OURS:
            raise _not_ours(NOT_OURS[name], document.position(("$schema",)))
    word = str(data.get("type") or "").casefold()
    if word in _OTHER_TYPES:
        raise _not_ours(_OTHER_TYPES[word], document.position(("type",)))
    if word in _BY_TYPE:
        return _BY_TYPE[word]
    for section, fields in _BY_FIELDS:
        if fields <= data.keys():
            return section
    raise SpecError(
        Diagnostic(
            "this is not an az ml file that a spec has a place for",
            Position(document.file, 1, 1),
            hint="add its `$schema`, as `az ml` writes it",
        )
    )


def schema_name(stated: str) -> str:
    """Return the last part of a `$schema` in small letters: `commandjob`."""
    last = _NAME.search(stated.strip().rpartition("/")[2])
    return last[1].casefold() if last else ""


def _not_ours(words: str, position: Position) -> SpecError:
    return SpecError(
        Diagnostic(
            f"{words} are not part of a spec",
            position,
            hint="keep this file with `az ml`, or leave it out",
        )
    )
