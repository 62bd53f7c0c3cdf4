"""The section `models` of the spec: what a model is, and where its files are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from reconciler.engine.types import Address
from reconciler.secrets import shortened
from reconciler.spec.model import SpecModel, Tags

NAME = r"^[a-zA-Z0-9][A-Za-z0-9_-]{0,254}$"
VERSION = r"^[a-zA-Z0-9][A-Za-z0-9_.-]{0,29}$"
REMOTE = re.compile(r"(?:azureml|https?|wasbs?|abfss?)://|runs:/", re.IGNORECASE)
"""What a path that is no local one begins with."""
REGISTERED = re.compile(r"azureml:(?!//)|azureml://registries/|/subscriptions/", re.IGNORECASE)
"""What names a model that is registered already."""


class Model(SpecModel):
    """A registered model."""

    type: Literal["custom_model", "mlflow_model", "triton_model"] = "mlflow_model"
    """Its format: `mlflow_model` has a file `MLmodel` and needs no environment to be served."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Where its files are: the output of a job (`${{ jobs.NAME.outputs.registered_model }}`), of any
    run (`azureml://jobs/RUN/outputs/artifacts/paths/model/`, `runs:/RUN/model`), a path in a datastore
    (`azureml://datastores/NAME/paths/...`), or the address of a blob or folder."""
    name: Annotated[str, StringConstraints(pattern=NAME)] | None = None
    """The name in Azure. Default: the key."""
    version: Annotated[str, StringConstraints(pattern=VERSION)] | None = None
    """The version. Default for the output of a job: the one Azure ML assigns."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    flavors: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """How an MLflow model can be loaded, by flavor. Default: what its file `MLmodel` says."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Properties for other programs. Azure lets them be added, not removed."""
    tags: Tags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @field_validator("path")
    @classmethod
    def _known_form(cls, value: str) -> str:
        text = value.strip()
        if REGISTERED.match(text):
            raise ValueError(
                f"{shortened(value, 80)!r} is registered already: name it where it is used, as in "
                "`model: azureml:NAME:VERSION`"
            )
        if not text.startswith("${{") and not REMOTE.match(text):
            raise ValueError(
                f"{shortened(value, 80)!r} is neither a reference to a job's output nor an azureml:// path"
            )
        return value


@dataclass(frozen=True)
class Wanted:
    """What handling a model takes beyond its body; `job` is "" for a plain path."""

    workspace: str
    name: str
    version: str
    stated_version: str
    job: Address = ""
