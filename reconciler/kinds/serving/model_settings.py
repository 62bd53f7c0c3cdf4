"""The section `models` of the spec: what a model is, and where its files are."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from reconciler.secrets import shortened
from reconciler.spec.model import AssetTags, SpecModel, number_as_text

NAME = r"^[a-zA-Z0-9][A-Za-z0-9_-]{0,254}$"
VERSION = r"^[a-zA-Z0-9][A-Za-z0-9_.-]{0,29}$"
REMOTE = re.compile(r"(?:azureml|https?|wasbs?|abfss?)://|runs:/", re.IGNORECASE)
"""What a path that is no local one begins with."""
REGISTERED = re.compile(r"azureml:(?!//)|azureml://registries/|/subscriptions/", re.IGNORECASE)
"""What names a model that is registered already."""


Version = Annotated[
    str,
    BeforeValidator(number_as_text, json_schema_input_type=str | int),
    StringConstraints(pattern=VERSION),
]
"""A version by hand: text, or a whole number."""


class Model(SpecModel):
    """A registered model."""

    type: Literal["custom_model", "mlflow_model", "triton_model"] | None = None
    """Its format: `mlflow_model` has a file `MLmodel` and needs no environment to be served. Default:
    `custom_model` for local files, as in az ml, `mlflow_model` for the output of a job and the rest."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    """Where its files are: a local file or folder, the output of a job
    (`${{ jobs.NAME.outputs.registered_model }}`; `outputs.OUTPUT` of a command job) or of any run (`runs:/RUN/model`,
    `azureml://jobs/RUN/outputs/artifacts/paths/model/`), a path in a datastore
    (`azureml://datastores/NAME/paths/...`), or the address of a blob or folder."""
    name: Annotated[str, StringConstraints(pattern=NAME)] | None = None
    """The name in Azure. Default: the key."""
    version: Version | None = None
    """The version. Default for the output of a job: the one Azure ML assigns; for local files: a
    digest of them."""
    description: str | None = Field(default=None, max_length=1024)
    """A description for people."""
    flavors: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """How an MLflow model can be loaded, by flavor. Default: what its file `MLmodel` says."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Properties for other programs. Azure lets them be added, not removed."""
    tags: AssetTags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @field_validator("path")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if REGISTERED.match(value.strip()):
            raise ValueError(
                f"{shortened(value, 80)!r} is registered already: name it where it is used, as in "
                "`model: azureml:NAME:VERSION`"
            )
        return value

    @property
    def is_local(self) -> bool:
        """Whether the path names files beside the spec."""
        text = self.path.strip()
        return not text.startswith("${{") and not REMOTE.match(text)

    @property
    def format(self) -> str:
        """The stated format, or the one that is meant without."""
        return self.type or ("custom_model" if self.is_local else "mlflow_model")
